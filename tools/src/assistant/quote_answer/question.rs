//! What a question says of itself: what it is about, of whom, and when that was.

use language::{
    dates::{self, Tense},
    stemming::terms,
    words,
};
use std::ops::Range;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The longest time that leaves out everything of other times.
const SHORT: TimeDelta = TimeDelta::days(32);

/// A question, as far as it can be understood without a model.
pub(super) struct Question<'a> {
    pub(super) text: &'a str,
    /// Where the user is.
    pub(super) zone: Tz,
    /// The short time that it names.
    pub(super) time: Option<Range<DateTime<Utc>>>,
    /// The same without the time that it names.
    pub(super) topic: String,
    /// The telling words of that.
    pub(super) terms: Vec<String>,
    /// Whether it asks for nothing but what was at a time.
    pub(super) about_time_alone: bool,
    /// Its words, in lower case.
    pub(super) words: Vec<String>,
}

impl<'a> Question<'a> {
    pub(super) fn read(text: &'a str, now: &DateTime<Tz>) -> Self {
        let range = dates::find_range(text, now);
        let topic = match dates::find_date(text, now, Tense::Past) {
            Some(found) => format!("{} {}", &text[..found.range.start], &text[found.range.end..]),
            None => text.to_owned(),
        };
        let mut terms = terms(&topic);
        terms.sort_unstable();
        terms.dedup();
        Self {
            text,
            zone: now.timezone(),
            about_time_alone: range.is_some() && terms.is_empty(),
            time: range.filter(|range| range.end - range.start <= SHORT),
            topic,
            terms,
            words: words::tokenize(text),
        }
    }

    /// Whether it has this word, or a name's first part, be it as `Ana's`.
    pub(super) fn names(&self, name: &str) -> bool {
        let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
        !first.is_empty() && self.words.iter().any(|word| word.trim_end_matches("'s").trim_end_matches('\'') == first)
    }

    /// Whether it asks about this speaker: by name, or as `I`.
    pub(super) fn is_about(&self, speaker: &str) -> bool {
        if speaker == "User" { self.words.iter().any(|word| word == "i") } else { self.names(speaker) }
    }

    /// The day of a moment where the user is: `8 May 2026`.
    pub(super) fn day(&self, moment: DateTime<Utc>) -> String {
        self.local(moment).format("%-d %B %Y").to_string()
    }

    /// A moment where the user is.
    pub(super) fn local(&self, moment: DateTime<Utc>) -> DateTime<Tz> {
        self.zone.from_utc_datetime(&moment.naive_utc())
    }
}
