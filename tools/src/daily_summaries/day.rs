//! What happened on a day.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use resources::{Resources, conversations::Selection};
use schemas::{
    action_item::{ActionItem, ActionItemStatus},
    conversation::{Conversation, ConversationStatus},
    preferences::Preferences,
};

use crate::{
    Result,
    calendar::{day_bounds, time_zone},
};

/// How many conversations of one day are summarized, newest first.
const MAX_CONVERSATIONS: u32 = 500;

/// A day with conversations.
pub(super) struct Day {
    pub(super) date: NaiveDate,
    pub(super) zone: Tz,
    /// The user's language.
    pub(super) language: Option<String>,
    /// In chronological order, at least one.
    pub(super) conversations: Vec<Conversation>,
    /// Action items created or completed on that day.
    pub(super) action_items: Vec<ActionItem>,
}

impl Day {
    /// Loads a day; `None` when there was no conversation.
    pub(super) async fn load(
        resources: &Resources,
        user: &str,
        preferences: &Preferences,
        date: NaiveDate,
    ) -> Result<Option<Self>> {
        let zone = time_zone(preferences);
        let (start, end) = day_bounds(zone, date);
        let selection = Selection {
            start: Some(start),
            end: Some(end - TimeDelta::microseconds(1)),
            statuses: vec![ConversationStatus::Completed],
            discarded: Some(false),
            limit: MAX_CONVERSATIONS,
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

    /// The start of a conversation in the user's time zone, as `HH:MM`.
    pub(super) fn start_time(&self, conversation: &Conversation) -> String {
        let began = conversation.started_at.unwrap_or(conversation.created_at);
        began.with_timezone(&self.zone).format("%H:%M").to_string()
    }
}

/// The duration of a conversation.
pub(super) fn duration(conversation: &Conversation) -> TimeDelta {
    match (conversation.started_at, conversation.finished_at) {
        (Some(start), Some(end)) => (end - start).max(TimeDelta::zero()),
        _ => TimeDelta::zero(),
    }
}
