//! Charts of what a user has: counted rows, never numbers that a model makes up.

mod buckets;

use std::{cmp::Reverse, collections::HashMap};

use chrono::{DateTime, Utc};
use resources::conversations::counting::Held;
use schemas::{
    chart::*,
    conversation::ConversationCategory,
    goal::{Goal, GoalPoint},
    scope::Scope::{ActionItemsRead, ConversationsRead, GoalsRead, MemoriesRead},
};

use crate::{Context, Error, Result, Tool, limits::Policy, route::get};
use buckets::Buckets;

/// How many categories stand for themselves; the rest are drawn together.
const CATEGORIES: usize = 6;

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        // One scope opens the tool; what is no conversation asks for the scope of its own kind besides.
        tool!(create_chart)
            .scope(ConversationsRead)
            .app(get("/v1/charts").ours())
            .developer(get("/v1/dev/user/charts").limit(Policy::DevOther).ours())
            .mcp(get("/v1/mcp/charts").limit(Policy::McpRead).ours())
            .chat("Creating chart"),
    ]
}

async fn create_chart(context: Context, input: CreateChart) -> Result<CreatedChart> {
    if input.split_by == ChartSplit::Category && !is_of_conversations(input.what) {
        return Err(Error::Invalid("split_by fits conversations and conversation_minutes only".into()));
    }
    let zone = context.time_zone().await?;
    let buckets = Buckets::between(input.per, zone, input.start_date.as_deref(), input.end_date.as_deref())?;
    let drawn = match input.what {
        ChartSubject::Conversations | ChartSubject::ConversationMinutes => {
            conversations(&context, &input, buckets).await
        }
        ChartSubject::GoalProgress => goal_progress(&context, &input, buckets).await,
        _ => counted(&context, &input, buckets).await,
    }?;
    Ok(CreatedChart { chart_data: drawn.into_chart(input) })
}

/// What a chart shows, before it is laid out.
struct Drawn {
    title: String,
    y_label: String,
    buckets: Buckets,
    lines: Vec<(String, Vec<f64>)>,
}

impl Drawn {
    fn into_chart(self, input: CreateChart) -> Chart {
        let given = input.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        let labels = self.buckets.labels();
        let dataset = |(label, values): (String, Vec<f64>)| {
            let points = labels.iter().zip(values);
            let data_points = points.map(|(label, value)| ChartPoint { label: label.clone(), value }).collect();
            ChartDataset { label, data_points, color: None }
        };
        let usual = if input.what == ChartSubject::GoalProgress { ChartType::Line } else { ChartType::Bar };
        Chart {
            chart_type: input.chart_type.unwrap_or(usual),
            title: given.unwrap_or(self.title),
            x_label: Some(self.buckets.x_label().into()),
            y_label: Some(self.y_label),
            datasets: self.lines.into_iter().map(dataset).collect(),
        }
    }
}

async fn conversations(context: &Context, input: &CreateChart, buckets: Buckets) -> Result<Drawn> {
    let (start, end) = buckets.span();
    let held = context.conversations().held(start, end).await?;
    let counts = input.what == ChartSubject::Conversations;
    let worth = |held: &Held| if counts { 1.0 } else { held.duration.as_seconds_f64() / 60.0 };
    let add = |values: &mut Vec<f64>, held: &Held| buckets.add(values, held.at, worth(held));
    let (title, unit) =
        if counts { ("Conversations", "conversations") } else { ("Minutes of conversation", "minutes") };
    let mut lines = match input.split_by {
        ChartSplit::Nothing => {
            let mut values = buckets.empty();
            held.iter().for_each(|held| add(&mut values, held));
            vec![(title.to_owned(), values)]
        }
        ChartSplit::Category => {
            let mut by_category: HashMap<ConversationCategory, Vec<f64>> = HashMap::new();
            held.iter().for_each(|held| add(by_category.entry(held.category).or_insert_with(|| buckets.empty()), held));
            most(by_category, &buckets)
        }
    };
    // To a tenth of a minute.
    lines.iter_mut().flat_map(|(_, values)| values).for_each(|value| *value = (*value * 10.0).round() / 10.0);
    let by = if input.split_by == ChartSplit::Category { ", by category" } else { "" };
    Ok(Drawn { title: format!("{title} {}{by}", buckets.per()), y_label: unit.into(), buckets, lines })
}

/// The categories with most, greatest first, and the rest as one.
fn most(by_category: HashMap<ConversationCategory, Vec<f64>>, buckets: &Buckets) -> Vec<(String, Vec<f64>)> {
    let name = |category| serde_json::to_value(category).ok().and_then(|name| Some(title_case(name.as_str()?)));
    let named = by_category.into_iter().map(|(category, values)| (name(category).unwrap_or_default(), values));
    let mut lines: Vec<(String, Vec<f64>)> = named.collect();
    let total = |values: &[f64]| (values.iter().sum::<f64>() * 1000.0) as i64;
    lines.sort_by_cached_key(|(name, values)| (Reverse(total(values)), name.clone()));
    if lines.len() > CATEGORIES + 1 {
        let mut rest = buckets.empty();
        for (_, values) in lines.drain(CATEGORIES..) {
            rest.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        lines.push(("All others".into(), rest));
    }
    lines
}

async fn counted(context: &Context, input: &CreateChart, buckets: Buckets) -> Result<Drawn> {
    let (start, end) = buckets.span();
    let (times, label, unit) = match input.what {
        ChartSubject::Memories => {
            context.require(MemoriesRead)?;
            (context.memories().times(start, end).await?, "Memories", "memories")
        }
        ChartSubject::ActionItemsCompleted => {
            context.require(ActionItemsRead)?;
            (context.action_items().times_completed(start, end).await?, "Action items done", "action items")
        }
        _ => {
            context.require(ActionItemsRead)?;
            (context.action_items().times_created(start, end).await?, "New action items", "action items")
        }
    };
    let mut values = buckets.empty();
    times.into_iter().for_each(|time| buckets.add(&mut values, time, 1.0));
    let title = format!("{label} {}", buckets.per());
    Ok(Drawn { title, y_label: unit.into(), buckets, lines: vec![(label.into(), values)] })
}

async fn goal_progress(context: &Context, input: &CreateChart, mut buckets: Buckets) -> Result<Drawn> {
    context.require(GoalsRead)?;
    let id = input.goal_id.as_deref().ok_or_else(|| Error::Invalid("goal_progress needs a goal_id".into()))?;
    let goal = context.goals().get(id).await?.ok_or_else(|| Error::NotFound("Goal not found".into()))?;
    let points = context.goals().history(id, u32::MAX).await?;
    let known = known_values(&goal, &points);
    // A value holds until the next one. Before the first nothing is known, and tomorrow nothing is either.
    let values = buckets.narrow(known.first().map(|(time, _)| *time), resources::now(), |end| {
        known.iter().rev().find(|(time, _)| *time < end).map_or(0.0, |(_, value)| *value)
    });
    let y_label = goal.unit.clone().unwrap_or_else(|| "progress".into());
    let title = format!("{} {}", goal.title, buckets.per());
    Ok(Drawn { title, y_label, buckets, lines: vec![(goal.title, values)] })
}

/// What a goal stood at and since when, oldest first; `points` come newest first.
fn known_values(goal: &Goal, points: &[GoalPoint]) -> Vec<(DateTime<Utc>, f64)> {
    if points.is_empty() {
        return vec![(goal.created_at, goal.current_value)];
    }
    points.iter().rev().map(|point| (point.recorded_at, point.value)).collect()
}

fn is_of_conversations(what: ChartSubject) -> bool {
    matches!(what, ChartSubject::Conversations | ChartSubject::ConversationMinutes)
}

fn title_case(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}
