//! Goals: set them, and track progress.

mod advice;
mod progress;
mod suggestion;

use resources::goals::{GoalChange, Goals as Stored, NewGoal};
use schemas::{
    goal::*,
    scope::Scope::{GoalsRead, GoalsWrite, MemoriesRead},
};
use serde_json::json;

use crate::{
    Context, Error, Result, Surface, Tool,
    calendar::today,
    limits::{LimitGroup, Policy},
    tool::{
        Noun,
        binding::{delete, get, patch, post},
    },
    toolsets::Toolset,
};

/// The user's goals.
pub(crate) const GOALS: Noun = Noun {
    reader: Some("get_goal"),
    lister: Some("get_goals"),
    text: "/title",
    scopes: Some((GoalsRead, GoalsWrite)),
    for_keys: FOR_KEYS,
    limits: LimitGroup::Goals,
    ..Noun::new("goal", "goals", "goal_id", Toolset::Goals)
};

const FOR_KEYS: &[&str] = fields!(
    Goal { id, goal_id, title, goal_type, target_value, current_value, min_value, max_value, unit, is_active },
    Goal { created_at, updated_at, ended_at, desired_outcome, why_it_matters, success_criteria, horizon_at, status },
    Goal { focus_rank, metric, source },
);

/// How many goals the app shows, and therefore the maximum number of active goals after it creates one.
const IN_APP: u32 = 4;

pub(crate) fn tools() -> Vec<Tool> {
    let advice = |path| get(path).limited(&[Policy::DevGoalsRead, Policy::GoalsAdvice]);
    GOALS.tools([
        read!(get_goals)
            .chat("Checking goals")
            .app(get("/v1/goals/all").page(IN_APP, 100))
            .developer(get("/v1/dev/user/goals").page(10, 100))
            .mcp("/v1/mcp/goals"),
        read!(get_current_goal).app("/v1/goals").developer("/v1/dev/user/goals/current"),
        read!(get_goal).app("/v1/goals/{goal_id}").developer("/v1/dev/user/goals/{goal_id}"),
        // In the app, a new goal beyond the maximum displaces the oldest; goals of developers displace none.
        create!(create_goal)
            .app(post("/v1/goals").require("target_value").preset("max_active", json!(IN_APP)))
            .developer("/v1/dev/user/goals"),
        update!(update_goal).app("/v1/goals/{goal_id}").developer("/v1/dev/user/goals/{goal_id}"),
        update!(update_goal_progress)
            .chat("Updating goal")
            .undo_restoring()
            .app(patch("/v1/goals/{goal_id}/progress").query())
            .developer(patch("/v1/dev/user/goals/{goal_id}/progress").query()),
        read!(get_goal_history)
            .chat("Checking goals")
            .field("points")
            .app("/v1/goals/{goal_id}/history")
            .developer("/v1/dev/user/goals/{goal_id}/history"),
        delete!(delete_goal)
            .app("/v1/goals/{goal_id}")
            .developer(delete("/v1/dev/user/goals/{goal_id}").constant(json!({ "success": true }))),
        // It is made of memories, and quotes them.
        read!(suggest_goal)
            .more_scopes(&[MemoriesRead])
            .limited(&[Policy::GoalsSuggest])
            .app("/v1/goals/suggest")
            .developer(get("/v1/dev/user/goals/suggest").limited(&[Policy::DevGoalsRead, Policy::GoalsSuggest])),
        read!(get_goal_advice)
            .limited(&[Policy::GoalsAdvice])
            .app(get("/v1/goals/{goal_id}/advice").require("goal_id"))
            .app("/v1/goals/advice")
            .developer(advice("/v1/dev/user/goals/{goal_id}/advice").require("goal_id"))
            .developer(advice("/v1/dev/user/goals/advice")),
        // It returns the goals that a text is about.
        act!(extract_goal_progress)
            .more_scopes(&[GoalsRead])
            .limited(&[Policy::GoalsExtract])
            .app("/v1/goals/extract-progress")
            .developer(
                post("/v1/dev/user/goals/extract-progress").limited(&[Policy::DevGoalsWrite, Policy::GoalsExtract]),
            ),
    ])
}

impl Context {
    /// The caller's goals.
    pub fn goals(&self) -> Stored<'_> {
        self.resources.goals(&self.caller.user)
    }
}

async fn get_goals(context: Context, input: GetGoals) -> Result<Goals> {
    let stored = context.goals();
    let goals = if input.include_inactive { stored.all().await? } else { stored.active(input.limit).await? };
    Ok(Goals { goals })
}

async fn get_current_goal(context: Context, _: GetCurrentGoal) -> Result<CurrentGoal> {
    Ok(CurrentGoal { goal: current(&context).await? })
}

async fn get_goal(context: Context, input: GetGoal) -> Result<OneGoal> {
    let goal = context.goals().get(&input.goal_id).await?.ok_or_else(not_found)?;
    Ok(OneGoal { goal })
}

async fn create_goal(context: Context, input: CreateGoal) -> Result<OneGoal> {
    let new = NewGoal {
        title: filled(&input.title)?,
        goal_type: input.goal_type,
        target_value: input.target_value,
        current_value: input.current_value,
        min_value: input.min_value,
        max_value: input.max_value,
        unit: input.unit,
        desired_outcome: input.desired_outcome,
        why_it_matters: input.why_it_matters,
        success_criteria: input.success_criteria,
        horizon_at: input.horizon_at,
        status: input.status,
        focus_rank: input.focus_rank,
        source: context.caller.surface.name().to_owned(),
    };
    let goal = context.goals().create(new, input.max_active).await?;
    Ok(OneGoal { goal })
}

async fn update_goal(context: Context, input: UpdateGoal) -> Result<OneGoal> {
    if is_empty(&input) {
        return Err(match context.caller.surface {
            Surface::App => Error::Rejected("No updates provided".into()),
            _ => Error::Invalid("At least one field must be provided".into()),
        });
    }
    let change = GoalChange {
        title: input.title.map(|title| filled(&title)).transpose()?,
        goal_type: input.goal_type,
        target_value: input.target_value,
        current_value: input.current_value,
        min_value: input.min_value,
        max_value: input.max_value,
        unit: input.unit,
        desired_outcome: input.desired_outcome,
        why_it_matters: input.why_it_matters,
        success_criteria: input.success_criteria,
        horizon_at: input.horizon_at,
        status: input.status,
        focus_rank: input.focus_rank,
    };
    let goal = context.goals().change(&input.goal_id, change, today(&context).await?).await?.ok_or_else(not_found)?;
    Ok(OneGoal { goal })
}

async fn update_goal_progress(context: Context, input: UpdateGoalProgress) -> Result<OneGoal> {
    let goal = record_progress(&context, &input.goal_id, input.current_value).await?;
    Ok(OneGoal { goal })
}

async fn get_goal_history(context: Context, input: GetGoalHistory) -> Result<GoalHistory> {
    let goals = context.goals();
    goals.get(&input.goal_id).await?.ok_or_else(not_found)?;
    let points = goals.history(&input.goal_id, input.days).await?;
    Ok(GoalHistory { goal_id: input.goal_id, points })
}

async fn delete_goal(context: Context, input: DeleteGoal) -> Result<DeletedGoal> {
    if context.goals().delete(&input.goal_id).await? {
        Ok(DeletedGoal { success: true, deleted_id: input.goal_id })
    } else {
        Err(not_found())
    }
}

async fn suggest_goal(context: Context, _: SuggestGoal) -> Result<SuggestedGoal> {
    suggestion::suggest(&context).await
}

async fn get_goal_advice(context: Context, input: GetGoalAdvice) -> Result<GoalAdvice> {
    let goal = match input.goal_id {
        Some(id) => Some(context.goals().get(&id).await?.ok_or_else(not_found)?),
        None => current(&context).await?,
    };
    let advice = match goal {
        Some(goal) => advice::advise(&context, &goal).await?,
        None => "You have no active goal. Set one that you can measure, and advice can begin.".to_owned(),
    };
    Ok(GoalAdvice { advice })
}

async fn extract_goal_progress(context: Context, input: ExtractGoalProgress) -> Result<ExtractedProgress> {
    let goals = context.goals().active(100).await?;
    let found = match progress::extract(&context, &goals, &input.text).await {
        Ok(found) => found,
        Err(reason) => return Ok(ExtractedProgress { reason: Some(reason), ..ExtractedProgress::default() }),
    };
    for update in &found {
        record_progress(&context, &update.goal_id, update.new_value).await?;
    }
    let first = found.first();
    Ok(ExtractedProgress {
        updated: true,
        previous_value: first.map(|update| update.previous_value),
        new_value: first.map(|update| update.new_value),
        reasoning: first.map(|update| update.reasoning.clone()),
        reason: None,
        updates: found,
    })
}

/// The first goal.
async fn current(context: &Context) -> Result<Option<Goal>> {
    let mut goals = context.goals().active(100).await?;
    let focused = |goal: &&Goal| goal.status == GoalStatus::Focused;
    let first = goals.iter().filter(focused).min_by_key(|goal| goal.focus_rank.unwrap_or(u32::MAX)).cloned();
    Ok(first.or_else(|| goals.pop()))
}

async fn record_progress(context: &Context, id: &str, value: f64) -> Result<Goal> {
    let change = GoalChange { current_value: Some(value), ..GoalChange::default() };
    context.goals().change(id, change, today(context).await?).await?.ok_or_else(not_found)
}

fn is_empty(input: &UpdateGoal) -> bool {
    let measure = [input.target_value, input.current_value, input.min_value, input.max_value];
    let texts = [&input.unit, &input.desired_outcome, &input.why_it_matters];
    input.title.is_none()
        && input.goal_type.is_none()
        && measure.iter().all(Option::is_none)
        && texts.into_iter().all(Option::is_none)
        && input.success_criteria.is_none()
        && input.horizon_at.is_none()
        && input.status.is_none()
        && input.focus_rank.is_none()
}

fn filled(title: &str) -> Result<String> {
    let title = title.trim();
    if title.is_empty() { Err(Error::Invalid("title cannot be empty".into())) } else { Ok(title.to_owned()) }
}

fn not_found() -> Error {
    Error::NotFound("Goal not found".into())
}
