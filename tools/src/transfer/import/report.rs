//! What became of an import.

use std::{collections::BTreeMap, fmt};

use super::Kind;

/// How many reasons are told.
const REASONS: usize = 20;

/// What became of everything that was found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many of each kind.
    pub counts: BTreeMap<Kind, Count>,
    /// Why something was skipped, with its place; the first few.
    pub reasons: Vec<String>,
    /// Parts of files that there is no place for, such as another server's profile.
    pub left_out: Vec<String>,
}

/// What became of the things of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// How many were written.
    pub written: u64,
    /// How many were there already.
    pub there: u64,
    /// How many could not be read.
    pub skipped: u64,
}

impl Report {
    /// How many things could not be read.
    pub fn skipped(&self) -> u64 {
        self.counts.values().map(|count| count.skipped).sum()
    }

    pub(super) fn written(&mut self, kind: Kind, is_new: bool) {
        let count = self.counts.entry(kind).or_default();
        *(if is_new { &mut count.written } else { &mut count.there }) += 1;
    }

    pub(super) fn skip(&mut self, kind: Kind, place: &str, reason: &str) {
        self.counts.entry(kind).or_default().skipped += 1;
        if self.reasons.len() < REASONS {
            self.reasons.push(format!("{place}: {reason}"));
        }
    }

    pub(super) fn leave_out(&mut self, part: String) {
        if !self.left_out.contains(&part) {
            self.left_out.push(part);
        }
    }
}

/// The report for people, a line for each kind.
impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, Count { written, there, skipped }) in &self.counts {
            writeln!(to, "{}: {written} written, {there} there already, {skipped} skipped", kind.plural())?;
        }
        for reason in &self.reasons {
            writeln!(to, "skipped {reason}")?;
        }
        let more = self.skipped().saturating_sub(self.reasons.len() as u64);
        if more > 0 {
            writeln!(to, "and {more} more were skipped")?;
        }
        for part in &self.left_out {
            writeln!(to, "left out {part}: there is no place for it")?;
        }
        Ok(())
    }
}
