//! Charts of a user's data: counted rows, never numbers from a model.

mod buckets;

use std::{cmp::Reverse, collections::HashMap};

use chrono::{DateTime, Utc};
use resources::conversations::stats::ConversationTime;
use schemas::{
    chart::*,
    conversation::ConversationCategory,
    goal::{Goal, GoalPoint},
    scope::Scope::{ActionItemsRead, ConversationsRead, ConversationsWrite, GoalsRead, MemoriesRead},
};

use crate::{Context, Error, Result, Tool, calendar, tool::Noun, toolsets::Toolset};
use buckets::Buckets;

/// How many categories have a series of their own; the others are combined.
const MAX_CATEGORIES: usize = 6;

/// Charts of the user's data.
pub(crate) const CHARTS: Noun = Noun {
    scopes: Some((ConversationsRead, ConversationsWrite)),
    ..Noun::new("chart", "charts", "chart_id", Toolset::Conversations)
};

pub(crate) fn tools() -> Vec<Tool> {
    // The tool needs one scope; data other than conversations also needs the scope of its kind.
    CHARTS.tools([read!(create_chart)
        .chat("Creating chart")
        .app("/v1/charts")
        .developer("/v1/dev/user/charts")
        .mcp("/v1/mcp/charts")])
}

async fn create_chart(context: Context, input: CreateChart) -> Result<CreatedChart> {
    if input.split_by == ChartSplit::Category && !is_about_conversations(input.what) {
        return Err(Error::Invalid("split_by is only supported for conversations and conversation_minutes".into()));
    }
    let zone = calendar::user_time_zone(&context).await?;
    let buckets = Buckets::between(input.per, zone, input.start_date.as_deref(), input.end_date.as_deref())?;
    let series = match input.what {
        ChartSubject::Conversations | ChartSubject::ConversationMinutes => {
            conversations(&context, &input, buckets).await
        }
        ChartSubject::GoalProgress => goal_progress(&context, &input, buckets).await,
        _ => counted(&context, &input, buckets).await,
    }?;
    Ok(CreatedChart { chart_data: series.into_chart(input) })
}

/// The data of a chart.
struct ChartData {
    title: String,
    y_label: String,
    buckets: Buckets,
    lines: Vec<(String, Vec<f64>)>,
}

impl ChartData {
    fn into_chart(self, input: CreateChart) -> Chart {
        let given = input.title.map(|title| title.trim().to_owned()).filter(|title| !title.is_empty());
        let labels = self.buckets.labels();
        let dataset = |(label, values): (String, Vec<f64>)| {
            let points = labels.iter().zip(values);
            let data_points = points.map(|(label, value)| ChartPoint { label: label.clone(), value }).collect();
            ChartDataset { label, data_points, color: None }
        };
        let default_type = if input.what == ChartSubject::GoalProgress { ChartType::Line } else { ChartType::Bar };
        Chart {
            chart_type: input.chart_type.unwrap_or(default_type),
            title: given.unwrap_or(self.title),
            x_label: Some(self.buckets.x_label().into()),
            y_label: Some(self.y_label),
            datasets: self.lines.into_iter().map(dataset).collect(),
        }
    }
}

async fn conversations(context: &Context, input: &CreateChart, buckets: Buckets) -> Result<ChartData> {
    let (start, end) = buckets.span();
    let conversations = context.conversations().times(start, end).await?;
    let counts = input.what == ChartSubject::Conversations;
    let value = |held: &ConversationTime| if counts { 1.0 } else { held.duration.as_seconds_f64() / 60.0 };
    let add = |values: &mut Vec<f64>, held: &ConversationTime| buckets.add(values, held.at, value(held));
    let (title, unit) =
        if counts { ("Conversations", "conversations") } else { ("Minutes of conversation", "minutes") };
    let mut lines = match input.split_by {
        ChartSplit::Nothing => {
            let mut values = buckets.zeros();
            conversations.iter().for_each(|held| add(&mut values, held));
            vec![(title.to_owned(), values)]
        }
        ChartSplit::Category => {
            let mut by_category: HashMap<ConversationCategory, Vec<f64>> = HashMap::new();
            conversations
                .iter()
                .for_each(|held| add(by_category.entry(held.category).or_insert_with(|| buckets.zeros()), held));
            largest_categories(by_category, &buckets)
        }
    };
    // Round to a tenth of a minute.
    lines.iter_mut().flat_map(|(_, values)| values).for_each(|value| *value = (*value * 10.0).round() / 10.0);
    let by = if input.split_by == ChartSplit::Category { ", by category" } else { "" };
    Ok(ChartData { title: format!("{title} {}{by}", buckets.per()), y_label: unit.into(), buckets, lines })
}

/// The largest categories, in descending order, and the others combined.
fn largest_categories(
    by_category: HashMap<ConversationCategory, Vec<f64>>,
    buckets: &Buckets,
) -> Vec<(String, Vec<f64>)> {
    let name = |category| serde_json::to_value(category).ok().and_then(|name| Some(title_case(name.as_str()?)));
    let named = by_category.into_iter().map(|(category, values)| (name(category).unwrap_or_default(), values));
    let mut lines: Vec<(String, Vec<f64>)> = named.collect();
    let total = |values: &[f64]| (values.iter().sum::<f64>() * 1000.0) as i64;
    lines.sort_by_cached_key(|(name, values)| (Reverse(total(values)), name.clone()));
    if lines.len() > MAX_CATEGORIES + 1 {
        let mut rest = buckets.zeros();
        for (_, values) in lines.drain(MAX_CATEGORIES..) {
            rest.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
        lines.push(("All others".into(), rest));
    }
    lines
}

async fn counted(context: &Context, input: &CreateChart, buckets: Buckets) -> Result<ChartData> {
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
    let mut values = buckets.zeros();
    times.into_iter().for_each(|time| buckets.add(&mut values, time, 1.0));
    let title = format!("{label} {}", buckets.per());
    Ok(ChartData { title, y_label: unit.into(), buckets, lines: vec![(label.into(), values)] })
}

async fn goal_progress(context: &Context, input: &CreateChart, mut buckets: Buckets) -> Result<ChartData> {
    context.require(GoalsRead)?;
    let id = input.goal_id.as_deref().ok_or_else(|| Error::Invalid("goal_progress needs a goal_id".into()))?;
    let goal = context.goals().get(id).await?.ok_or_else(|| Error::NotFound("Goal not found".into()))?;
    let points = context.goals().history(id, u32::MAX).await?;
    let values_over_time = goal_values(&goal, &points);
    // A value holds until the next one. Before the first one and in the future, there are no values.
    let values = buckets.narrow(values_over_time.first().map(|(time, _)| *time), resources::now(), |end| {
        values_over_time.iter().rev().find(|(time, _)| *time < end).map_or(0.0, |(_, value)| *value)
    });
    let y_label = goal.unit.clone().unwrap_or_else(|| "progress".into());
    let title = format!("{} {}", goal.title, buckets.per());
    Ok(ChartData { title, y_label, buckets, lines: vec![(goal.title, values)] })
}

/// The values of a goal with their times, oldest first; `points` come newest first.
fn goal_values(goal: &Goal, points: &[GoalPoint]) -> Vec<(DateTime<Utc>, f64)> {
    if points.is_empty() {
        return vec![(goal.created_at, goal.current_value)];
    }
    points.iter().rev().map(|point| (point.recorded_at, point.value)).collect()
}

fn is_about_conversations(what: ChartSubject) -> bool {
    matches!(what, ChartSubject::Conversations | ChartSubject::ConversationMinutes)
}

fn title_case(name: &str) -> String {
    name[..1].to_uppercase() + &name[1..]
}
