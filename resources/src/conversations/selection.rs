//! Which conversations to list.

use chrono::{DateTime, Utc};
use schemas::conversation::{ConversationCategory, ConversationSource, ConversationStatus};

use super::Conversations;
use crate::database::{Bound, name_of};

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
    /// How many to skip.
    pub offset: u32,
    /// How many to return.
    pub limit: u32,
}

impl Conversations<'_> {
    /// The conditions of a list, so put that an index answers the usual ones.
    pub(super) fn conditions(&self, selection: &Selection) -> (String, Bound) {
        let mut conditions = vec!["user = $user"];
        let mut bound = Bound::new().with("user", self.user);
        match (&selection.statuses[..], selection.discarded) {
            ([ConversationStatus::Completed], Some(false)) => conditions.push("shown = true"),
            // An index answers one status, and not a list of one.
            ([status], None) => {
                conditions.push("status = $status");
                bound = bound.with("status", name_of(status));
            }
            ([], discarded) => bound = with_discarded(discarded, &mut conditions, bound),
            (statuses, discarded) => {
                conditions.push("status IN $statuses");
                let names: Vec<String> = statuses.iter().map(name_of).collect();
                bound = with_discarded(discarded, &mut conditions, bound.with("statuses", names));
            }
        }
        // The rank is the negated time: what is later comes first.
        if let Some(start) = selection.start {
            conditions.push("rank <= $start");
            bound = bound.with("start", -start.timestamp_micros());
        }
        if let Some(end) = selection.end {
            conditions.push("rank >= $end");
            bound = bound.with("end", -end.timestamp_micros());
        }
        if !selection.categories.is_empty() {
            conditions.push("category IN $categories");
            bound = bound.with("categories", selection.categories.iter().map(name_of).collect::<Vec<_>>());
        }
        if !selection.sources.is_empty() {
            conditions.push("source IN $sources");
            bound = bound.with("sources", selection.sources.iter().map(name_of).collect::<Vec<_>>());
        }
        if let Some(folder) = &selection.folder_id {
            conditions.push("folder_id = $folder");
            bound = bound.with("folder", folder.clone());
        }
        if let Some(starred) = selection.starred {
            conditions.push("starred = $starred");
            bound = bound.with("starred", starred);
        }
        (conditions.join(" AND "), bound)
    }
}

fn with_discarded(discarded: Option<bool>, conditions: &mut Vec<&str>, bound: Bound) -> Bound {
    let Some(discarded) = discarded else { return bound };
    conditions.push("discarded = $discarded");
    bound.with("discarded", discarded)
}
