//! The report of an import.

use std::{collections::BTreeMap, fmt};

use super::ItemKind;

/// The maximum number of reasons in a report.
const MAX_REASONS: usize = 20;

/// The results of an import.
#[derive(Debug, Default)]
pub struct Report {
    /// The counts by kind.
    pub counts: BTreeMap<ItemKind, Count>,
    /// Why items were skipped, with their locations; only the first ones.
    pub reasons: Vec<String>,
    /// Parts of files that are not supported, such as another server's profile.
    pub ignored: Vec<String>,
}

/// The counts of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Items created.
    pub created: u64,
    /// Items that already existed.
    pub existing: u64,
    /// Items that could not be parsed.
    pub skipped: u64,
}

impl Report {
    /// The number of items that could not be parsed.
    pub fn skipped(&self) -> u64 {
        self.counts.values().map(|count| count.skipped).sum()
    }

    pub(super) fn count(&mut self, kind: ItemKind, is_new: bool) {
        let count = self.counts.entry(kind).or_default();
        *(if is_new { &mut count.created } else { &mut count.existing }) += 1;
    }

    pub(super) fn skip(&mut self, kind: ItemKind, location: &str, reason: &str) {
        self.counts.entry(kind).or_default().skipped += 1;
        if self.reasons.len() < MAX_REASONS {
            self.reasons.push(format!("{location}: {reason}"));
        }
    }

    pub(super) fn ignore(&mut self, part: String) {
        if !self.ignored.contains(&part) {
            self.ignored.push(part);
        }
    }
}

/// The report for people, a line for each kind.
impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, Count { created, existing, skipped }) in &self.counts {
            writeln!(to, "{}: {created} created, {existing} already existed, {skipped} skipped", kind.plural())?;
        }
        for reason in &self.reasons {
            writeln!(to, "skipped {reason}")?;
        }
        let more = self.skipped().saturating_sub(self.reasons.len() as u64);
        if more > 0 {
            writeln!(to, "and {more} more were skipped")?;
        }
        for part in &self.ignored {
            writeln!(to, "ignored {part}: not supported")?;
        }
        Ok(())
    }
}
