//! Which conversations to list.

use chrono::{DateTime, Utc};
use schemas::conversation::{Conversation, ConversationCategory, ConversationSource, ConversationStatus};

use super::Conversations;
use crate::{
    database::{Params, name_of},
    paging::Position,
};

/// Which conversations to list.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only those that stand here; empty means all.
    pub statuses: Vec<ConversationStatus>,
    /// Only those that are or are not discarded.
    pub discarded: Option<bool>,
    /// Only those at or after this time.
    pub start: Option<DateTime<Utc>>,
    /// Only those at or before this time.
    pub end: Option<DateTime<Utc>>,
    /// Only these categories; empty means all.
    pub categories: Vec<ConversationCategory>,
    /// Only from these devices and apps; empty means all.
    pub sources: Vec<ConversationSource>,
    /// Only those in this folder.
    pub folder_id: Option<String>,
    /// Only those that are or are not starred.
    pub starred: Option<bool>,
    /// Only those with these ids.
    pub ids: Option<Vec<String>>,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

impl Selection {
    /// Where a page of this selection ends.
    pub fn end_of(&self, page: &[Conversation]) -> Option<Position> {
        Position::after(page.iter().map(|row| -row.created_at.timestamp_micros()), self.after)
    }

    /// How many rows are skipped: those of an earlier page that have the rank at which this one begins, or the offset.
    pub(super) fn skipped(&self) -> u32 {
        self.after.map_or(self.offset, |after| after.seen)
    }
}

impl Conversations<'_> {
    /// The conditions of a list, so put that an index answers the usual ones.
    pub(super) fn conditions(&self, selection: &Selection) -> (String, Params) {
        let mut conditions = vec!["user = $user"];
        let mut params = Params::new().with("user", self.user);
        match (&selection.statuses[..], selection.discarded) {
            ([ConversationStatus::Completed], Some(false)) => conditions.push("shown = true"),
            // An index answers one status, and not a list of one.
            ([status], None) => {
                conditions.push("status = $status");
                params = params.with("status", name_of(status));
            }
            ([], discarded) => params = with_discarded(discarded, &mut conditions, params),
            (statuses, discarded) => {
                conditions.push("status IN $statuses");
                let names: Vec<String> = statuses.iter().map(name_of).collect();
                params = with_discarded(discarded, &mut conditions, params.with("statuses", names));
            }
        }
        // The rank is the negated time: what is later comes first.
        if let Some(start) = selection.start {
            conditions.push("rank <= $start");
            params = params.with("start", -start.timestamp_micros());
        }
        let end = selection.end.map(|end| -end.timestamp_micros());
        if let Some(least) = end.into_iter().chain(selection.after.map(|after| after.rank)).max() {
            conditions.push("rank >= $least");
            params = params.with("least", least);
        }
        if !selection.categories.is_empty() {
            conditions.push("category IN $categories");
            params = params.with("categories", selection.categories.iter().map(name_of).collect::<Vec<_>>());
        }
        if !selection.sources.is_empty() {
            conditions.push("source IN $sources");
            params = params.with("sources", selection.sources.iter().map(name_of).collect::<Vec<_>>());
        }
        if let Some(folder) = &selection.folder_id {
            conditions.push("folder_id = $folder");
            params = params.with("folder", folder.clone());
        }
        if let Some(starred) = selection.starred {
            conditions.push("starred = $starred");
            params = params.with("starred", starred);
        }
        if let Some(ids) = &selection.ids {
            conditions.push("cid IN $cids");
            params = params.with("cids", ids.clone());
        }
        (conditions.join(" AND "), params)
    }
}

fn with_discarded(discarded: Option<bool>, conditions: &mut Vec<&str>, params: Params) -> Params {
    let Some(discarded) = discarded else { return params };
    conditions.push("discarded = $discarded");
    params.with("discarded", discarded)
}
