//! A day in somebody's time zone: when it begins, and what happened in it.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use resources::{Resources, conversations::Selection};
use schemas::{
    action_item::{ActionItem, ActionItemStatus},
    conversation::{Conversation, ConversationStatus},
    preferences::Preferences,
};

use crate::Result;

/// How many conversations of one day are looked at, newest first.
const CONVERSATIONS: u32 = 500;

/// How far a clock that is put forward is followed, in quarters of an hour: one country once left out a whole day.
const QUARTERS: i32 = 4 * 25;

/// A day with conversations.
pub(super) struct Day {
    pub(super) date: NaiveDate,
    pub(super) zone: Tz,
    /// The language that the user speaks.
    pub(super) language: Option<String>,
    /// In the order in which they were, at least one.
    pub(super) conversations: Vec<Conversation>,
    /// What was written down or done.
    pub(super) action_items: Vec<ActionItem>,
}

impl Day {
    /// What happened on a day of the user's; `None` when there was no conversation.
    pub(super) async fn gather(
        resources: &Resources,
        user: &str,
        preferences: &Preferences,
        date: NaiveDate,
    ) -> Result<Option<Self>> {
        let zone = zone(preferences);
        let (start, end) = span(zone, date);
        let selection = Selection {
            start: Some(start),
            end: Some(end - TimeDelta::microseconds(1)),
            statuses: vec![ConversationStatus::Completed],
            discarded: Some(false),
            limit: CONVERSATIONS,
            ..Selection::default()
        };
        let mut conversations = resources.conversations(user).list(&selection).await?;
        if conversations.is_empty() {
            return Ok(None);
        }
        conversations.reverse();
        let mut action_items = resources.action_items(user).between(start, end).await?;
        action_items.retain(|item| matches!(item.status, ActionItemStatus::Active | ActionItemStatus::Completed));
        let language = preferences.language.clone();
        Ok(Some(Self { date, zone, language, conversations, action_items }))
    }

    /// When a conversation began, on the user's clock.
    pub(super) fn clock(&self, conversation: &Conversation) -> String {
        let began = conversation.started_at.unwrap_or(conversation.created_at);
        began.with_timezone(&self.zone).format("%H:%M").to_string()
    }
}

/// How long a conversation took.
pub(super) fn duration(conversation: &Conversation) -> TimeDelta {
    match (conversation.started_at, conversation.finished_at) {
        (Some(start), Some(end)) => (end - start).max(TimeDelta::zero()),
        _ => TimeDelta::zero(),
    }
}

/// The time zone that a user lives in.
pub(crate) fn zone(preferences: &Preferences) -> Tz {
    preferences.time_zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// When a day begins, and when the next one does.
pub(crate) fn span(zone: Tz, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    (moment(zone, date.and_time(NaiveTime::MIN)), moment(zone, next.and_time(NaiveTime::MIN)))
}

/// When it is this hour of this day.
pub(super) fn hour_of(zone: Tz, date: NaiveDate, hour: u32) -> DateTime<Utc> {
    moment(zone, date.and_hms_opt(hour, 0, 0).unwrap_or_else(|| date.and_time(NaiveTime::MIN)))
}

/// When a clock shows this: the first time, where it shows it twice; the next that it does show, where it is put forward.
fn moment(zone: Tz, shown: NaiveDateTime) -> DateTime<Utc> {
    let later = |quarters| shown.checked_add_signed(TimeDelta::minutes(15) * quarters);
    let first = |time: NaiveDateTime| zone.from_local_datetime(&time).earliest();
    let found = (0..QUARTERS).filter_map(later).find_map(first);
    found.map_or_else(|| shown.and_utc(), |time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_as_long_as_the_clock_says() {
        let oslo: Tz = "Europe/Oslo".parse().unwrap();
        assert_eq!(span(oslo, day("2026-05-08")), (utc("2026-05-07T22:00:00Z"), utc("2026-05-08T22:00:00Z")));
        assert_eq!(span(oslo, day("2026-03-29")), (utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z")));
        assert_eq!(span(oslo, day("2026-10-25")), (utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z")));
    }

    #[test]
    fn hours_that_are_left_out_or_come_twice_have_a_time() {
        let oslo: Tz = "Europe/Oslo".parse().unwrap();
        assert_eq!(hour_of(oslo, day("2026-03-29"), 2), utc("2026-03-29T01:00:00Z"));
        assert_eq!(hour_of(oslo, day("2026-03-29"), 3), utc("2026-03-29T01:00:00Z"));
        assert_eq!(hour_of(oslo, day("2026-10-25"), 2), utc("2026-10-25T00:00:00Z"));
        // Midnight is left out here, and the day begins at one.
        let cairo: Tz = "Africa/Cairo".parse().unwrap();
        assert_eq!(span(cairo, day("2026-04-24")).0, utc("2026-04-23T22:00:00Z"));
        // A whole day was left out here.
        let apia: Tz = "Pacific/Apia".parse().unwrap();
        assert_eq!(span(apia, day("2011-12-30")).0, utc("2011-12-30T10:00:00Z"));
    }
}
