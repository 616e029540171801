//! The worker that writes daily summaries: once per user and day, at the user's hour; after downtime, also for the day
//! before.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Days, NaiveDate, Utc};
use resources::{Resources, daily_summaries, preferences};
use schemas::preferences::Preferences;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{day::Day, settings, summarize};
use crate::{
    Result,
    calendar::{at_hour, time_zone},
    webhooks,
};

/// The maximum time between checks: a user may change the hour or time zone, or import yesterday's conversations.
const MAX_CHECK_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// Starts the worker, which runs until `stop`.
pub fn start(resources: Arc<Resources>, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        while !stop.is_cancelled() {
            let next = write_due(&resources, resources::now(), &stop).await.unwrap_or_else(|error| {
                tracing::warn!("daily summaries are delayed: {error}");
                None
            });
            let until_next = next.and_then(|next| (next - resources::now()).to_std().ok());
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(until_next.unwrap_or(MAX_CHECK_INTERVAL).min(MAX_CHECK_INTERVAL)) => {}
            }
        }
    })
}

/// Writes the missing summaries that are due at `now`. Returns the time at which the next one will be due.
///
/// # Errors
/// The database fails. A single summary that fails is logged and skipped.
pub async fn write_due(
    resources: &Resources,
    now: DateTime<Utc>,
    stop: &CancellationToken,
) -> Result<Option<DateTime<Utc>>> {
    let everyone = preferences::list_all(&resources.database).await?;
    let enabled: Vec<&(String, Preferences)> =
        everyone.iter().filter(|(_, preferences)| settings(preferences).enabled).collect();
    let due = enabled.iter().flat_map(|(user, preferences)| {
        due_days(preferences, now).into_iter().map(|date| (user.clone(), date)).collect::<Vec<_>>()
    });
    for (user, date) in daily_summaries::list_missing(&resources.database, due.collect()).await? {
        tokio::select! {
            // A model may be slow; what is aborted here is written after the next start.
            () = stop.cancelled() => break,
            written = write(resources, &user, date) => if let Err(error) = written {
                tracing::warn!("the daily summary of {date} is delayed: {error}");
            }
        }
    }
    Ok(enabled.iter().map(|(_, preferences)| next_hour(preferences, now)).min())
}

/// Writes one day's summary, if there was a conversation.
async fn write(resources: &Resources, user: &str, date: NaiveDate) -> Result<()> {
    let preferences = resources.preferences(user).get().await?;
    let Some(day) = Day::load(resources, user, &preferences, date).await? else { return Ok(()) };
    let summary = summarize::summarize(resources.llm.as_ref(), day).await;
    if resources.daily_summaries(user).add_once(summary.clone()).await? {
        resources.changes.notify(user);
        webhooks::day_summary(resources, user, &summary).await?;
    }
    Ok(())
}

/// The due days: yesterday, and today after its hour.
fn due_days(preferences: &Preferences, now: DateTime<Utc>) -> Vec<NaiveDate> {
    let (zone, hour) = (time_zone(preferences), settings(preferences).hour);
    let today = now.with_timezone(&zone).date_naive();
    let yesterday = today.checked_sub_days(Days::new(1));
    let is_due = |date: &NaiveDate| at_hour(zone, *date, hour) <= now;
    yesterday.into_iter().chain([today]).filter(is_due).collect()
}

/// When the next summary will be due.
fn next_hour(preferences: &Preferences, now: DateTime<Utc>) -> DateTime<Utc> {
    let (zone, hour) = (time_zone(preferences), settings(preferences).hour);
    let today = now.with_timezone(&zone).date_naive();
    let hours = (0..3).filter_map(|days| today.checked_add_days(Days::new(days))).map(|day| at_hour(zone, day, hour));
    hours.into_iter().find(|time| *time > now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, hour: u32) -> Preferences {
        let zone = Some(zone.to_owned());
        Preferences { time_zone: zone, daily_summary_hour: Some(hour), ..Preferences::default() }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn due(preferences: &Preferences, now: &str) -> Vec<String> {
        due_days(preferences, utc(now)).iter().map(NaiveDate::to_string).collect()
    }

    #[test]
    fn a_day_is_due_at_its_hour_in_the_users_time_zone() {
        let tokyo = at("Asia/Tokyo", 22);
        assert_eq!(due(&tokyo, "2026-05-08T12:59:59Z"), ["2026-05-07"]);
        assert_eq!(due(&tokyo, "2026-05-08T13:00:00Z"), ["2026-05-07", "2026-05-08"]);
        assert_eq!(due(&tokyo, "2026-05-08T15:00:00Z"), ["2026-05-08"]);
        assert_eq!(due(&at("UTC", 0), "2026-05-08T00:00:00Z"), ["2026-05-07", "2026-05-08"]);
    }

    #[test]
    fn the_next_hour_follows_clock_changes() {
        let oslo = at("Europe/Oslo", 22);
        assert_eq!(next_hour(&oslo, utc("2026-03-28T21:00:00Z")), utc("2026-03-29T20:00:00Z"));
        assert_eq!(next_hour(&oslo, utc("2026-10-24T19:59:59Z")), utc("2026-10-24T20:00:00Z"));
        assert_eq!(next_hour(&oslo, utc("2026-10-24T20:00:00Z")), utc("2026-10-25T21:00:00Z"));
    }
}
