//! Advice on a goal: by the language model, or from its numbers.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use schemas::goal::{Goal, GoalPoint, GoalType};
use serde::Deserialize;
use serde_json::json;

use crate::{Context, Result, calendar};

const INSTRUCTIONS: &str = include_str!("advice.md");

/// How many days with progress the pace is computed from.
const PACE_DAYS: u32 = 30;

/// The advice.
#[derive(Deserialize, JsonSchema)]
struct Advice {
    /// What to do next, in at most three sentences.
    advice: String,
}

/// Advises on the next step for a goal.
pub(super) async fn advise(context: &Context, goal: &Goal) -> Result<String> {
    let points = context.goals().history(&goal.id, PACE_DAYS).await?;
    let by_numbers = by_numbers(goal, &points, resources::now());
    let Some(model) = &context.resources.llm else { return Ok(by_numbers) };
    let prompt = json!({
        "today": calendar::today(context).await?,
        "title": goal.title,
        "metric": goal.metric,
        "desired_outcome": goal.desired_outcome,
        "why_it_matters": goal.why_it_matters,
        "success_criteria": goal.success_criteria,
        "set_at": goal.created_at,
        "horizon_at": goal.horizon_at,
        "in_words": by_numbers,
        "history": points,
    });
    match model.ask::<Advice>(INSTRUCTIONS, &prompt.to_string()).await {
        Ok(Advice { advice }) if !advice.trim().is_empty() => Ok(advice.trim().to_owned()),
        Ok(_) => Ok(by_numbers),
        Err(error) => {
            tracing::warn!("advice without the language model: {error}");
            Ok(by_numbers)
        }
    }
}

/// Advice from the remaining amount and the pace; `points` come newest first.
fn by_numbers(goal: &Goal, points: &[GoalPoint], now: DateTime<Utc>) -> String {
    let title = &goal.title;
    if goal.metric.is_none() {
        return format!("“{title}” has no measure yet. Give it a target, and decide on the first step of this week.");
    }
    let (current, target) = (goal.current_value, goal.target_value);
    let amount = |value: f64| amount(value, goal.unit.as_deref());
    let start = points.last().map(|point| point.value);
    if start.is_none() && current > target {
        let (current, target) = (amount(current), amount(target));
        return format!("“{title}” stands at {current}, and its target is {target}. Record progress to see your pace.");
    }
    let falls = start.is_some_and(|start| start > target);
    let left = if falls { current - target } else { target - current };
    if left <= 0.0 {
        let current = amount(current);
        return format!("You have reached “{title}”: {current}. Mark it as achieved, or choose the next target.");
    }
    let pace = pace(points).map(|pace| if falls { -pace } else { pace });
    let mut advice = match goal.goal_type {
        GoalType::Boolean => format!("“{title}” is still open. Decide on its next step and on a day for it."),
        _ if falls => format!("“{title}” stands at {}: {} to go down.", amount(current), amount(left)),
        _ => format!("“{title}” stands at {} of {}: {} to go.", number(current), amount(target), amount(left)),
    };
    let days = pace.map(|pace| if pace > 0.0 { (left / pace).ceil() } else { f64::INFINITY });
    match (pace, days) {
        _ if goal.goal_type == GoalType::Boolean => {}
        (Some(pace), Some(days)) if days < 36_500.0 => {
            let end = now + TimeDelta::days(days as i64);
            let (pace, days) = (amount(round(pace)), plural(days));
            advice.push_str(&format!(" At your pace of {pace} a day that takes {days}, until {}.", date(end)));
        }
        (Some(_), _) => advice.push_str(" Of late it has not come nearer: plan one small step for tomorrow."),
        _ => advice.push_str(" Record progress on several days to see your pace."),
    }
    if let Some(horizon) = goal.horizon_at {
        advice.push_str(&pace_until(horizon, now, left, days, goal));
    }
    advice
}

/// The pace that the horizon requires.
fn pace_until(horizon: DateTime<Utc>, now: DateTime<Utc>, left: f64, days: Option<f64>, goal: &Goal) -> String {
    let remaining = (horizon - now).num_hours() as f64 / 24.0;
    let end = date(horizon);
    if remaining <= 0.0 {
        return format!(" Its horizon, {end}, has passed: choose a new one, or a smaller target.");
    }
    if days.is_some_and(|days| days <= remaining) {
        return format!(" That is in time for {end}.");
    }
    let remaining = remaining.max(1.0).floor();
    if goal.goal_type == GoalType::Boolean {
        return format!(" There are {} left until {end}.", plural(remaining));
    }
    let needed = amount(round(left / remaining), goal.unit.as_deref());
    format!(" To be there by {end}, {} from now, make it {needed} a day.", plural(remaining))
}

/// The daily change of the value between the first and the last day with progress.
fn pace(points: &[GoalPoint]) -> Option<f64> {
    let (newest, oldest) = (points.first()?, points.last()?);
    let days = (newest.date - oldest.date).num_days();
    (days > 0).then(|| (newest.value - oldest.value) / days as f64)
}

fn amount(value: f64, unit: Option<&str>) -> String {
    match unit {
        Some(unit) => format!("{} {unit}", number(value)),
        None => number(value),
    }
}

/// A number without trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Rounds to two decimals, and at least to 0.01.
fn round(value: f64) -> f64 {
    ((value * 100.0).round() / 100.0).max(0.01)
}

fn plural(days: f64) -> String {
    if days == 1.0 { "1 day".into() } else { format!("{days} days") }
}

fn date(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use schemas::goal::{GoalMetric, GoalStatus};

    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        NaiveDate::from_ymd_opt(2026, 5, day).unwrap().and_hms_opt(12, 0, 0).unwrap().and_utc()
    }

    fn goal(current: f64, target: f64, unit: &str) -> Goal {
        let kind = GoalType::Numeric;
        let unit = Some(unit.to_owned());
        Goal {
            id: "goal_1".into(),
            goal_id: "goal_1".into(),
            title: "Run".into(),
            goal_type: kind,
            target_value: target,
            current_value: current,
            min_value: 0.0,
            max_value: 100.0,
            unit: unit.clone(),
            is_active: true,
            created_at: day(1),
            updated_at: day(1),
            ended_at: None,
            advice: None,
            desired_outcome: None,
            why_it_matters: None,
            success_criteria: Vec::new(),
            horizon_at: None,
            status: GoalStatus::Background,
            focus_rank: None,
            metric: Some(GoalMetric { kind, current, target, min: 0.0, max: 100.0, unit }),
            source: "app".into(),
        }
    }

    fn points(values: &[(u32, f64)]) -> Vec<GoalPoint> {
        let point =
            |(on, value): &(u32, f64)| GoalPoint { date: day(*on).date_naive(), value: *value, recorded_at: day(*on) };
        values.iter().rev().map(point).collect()
    }

    #[test]
    fn a_pace_gives_the_date_of_completion() {
        let advice = by_numbers(&goal(40.0, 100.0, "km"), &points(&[(1, 20.0), (6, 30.0), (11, 40.0)]), day(11));
        let expected = "“Run” stands at 40 of 100 km: 60 km to go. \
            At your pace of 2 km a day that takes 30 days, until 10 June 2026.";
        assert_eq!(advice, expected);
    }

    #[test]
    fn a_horizon_gives_the_required_pace() {
        let mut goal = goal(40.0, 100.0, "km");
        let mut advice = |horizon| {
            goal.horizon_at = Some(horizon);
            by_numbers(&goal, &points(&[(1, 20.0), (11, 40.0)]), day(11))
        };
        let end = |advice: &str| advice.rsplit(". ").next().unwrap().to_owned();
        assert_eq!(end(&advice(day(23))), "To be there by 23 May 2026, 12 days from now, make it 5 km a day.");
        assert_eq!(end(&advice(day(11) + TimeDelta::days(40))), "That is in time for 20 June 2026.");
        let passed = "Its horizon, 9 May 2026, has passed: choose a new one, or a smaller target.";
        assert_eq!(end(&advice(day(9))), passed);
    }

    #[test]
    fn a_value_may_have_to_fall() {
        let advice = by_numbers(&goal(74.0, 70.0, "kg"), &points(&[(1, 75.0), (3, 74.0)]), day(3));
        let expected = "“Run” stands at 74 kg: 4 kg to go down. \
            At your pace of 0.5 kg a day that takes 8 days, until 11 May 2026.";
        assert_eq!(advice, expected);
        let reached = by_numbers(&goal(69.5, 70.0, "kg"), &points(&[(1, 75.0), (3, 69.5)]), day(3));
        assert_eq!(reached, "You have reached “Run”: 69.5 kg. Mark it as achieved, or choose the next target.");
        let unknown = by_numbers(&goal(75.0, 70.0, "kg"), &[], day(3));
        assert!(unknown.starts_with("“Run” stands at 75 kg, and its target is 70 kg."), "{unknown}");
    }

    #[test]
    fn without_a_pace_none_is_stated() {
        let once = by_numbers(&goal(5.0, 100.0, "km"), &points(&[(1, 5.0)]), day(2));
        assert!(once.ends_with("Record progress on several days to see your pace."), "{once}");
        let stuck = by_numbers(&goal(5.0, 100.0, "km"), &points(&[(1, 5.0), (2, 5.0)]), day(2));
        assert!(stuck.ends_with("Of late it has not come nearer: plan one small step for tomorrow."), "{stuck}");
        let mut unmeasured = goal(0.0, 0.0, "km");
        unmeasured.metric = None;
        assert!(by_numbers(&unmeasured, &[], day(2)).starts_with("“Run” has no measure yet."));
    }
}
