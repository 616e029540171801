//! What a question says of itself: what it is about, and when that was.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{
    dates::{self, Lean},
    processing::local::words,
};

/// The longest time that leaves out everything of other times.
const SHORT: TimeDelta = TimeDelta::days(32);

/// A question, as far as it can be understood without a model.
pub(super) struct Question<'a> {
    pub(super) text: &'a str,
    /// Where the user is.
    pub(super) zone: Tz,
    /// The short time that it names.
    pub(super) time: Option<Range<DateTime<Utc>>>,
    /// Whether it asks for nothing but what was at a time.
    pub(super) about_time_alone: bool,
}

impl<'a> Question<'a> {
    pub(super) fn read(text: &'a str, now: &DateTime<Tz>) -> Self {
        let range = dates::find_range(text, now);
        let rest = match dates::find(text, now, Lean::Past) {
            Some(found) => format!("{} {}", &text[..found.range.start], &text[found.range.end..]),
            None => text.to_owned(),
        };
        Self {
            text,
            zone: now.timezone(),
            about_time_alone: range.is_some() && words::terms(&rest).is_empty(),
            time: range.filter(|range| range.end - range.start <= SHORT),
        }
    }

    /// The day of a moment where the user is: `8 May 2026`.
    pub(super) fn day(&self, moment: DateTime<Utc>) -> String {
        self.zone.from_utc_datetime(&moment.naive_utc()).format("%-d %B %Y").to_string()
    }
}
