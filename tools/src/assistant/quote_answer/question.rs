//! Parses a question: its topic, its speaker, and its time range.

use language::{
    dates::{self, Locale, Tense},
    stemming::terms,
    words,
};
use std::ops::Range;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The longest time range that excludes passages from other times.
const MAX_EXCLUSIVE_RANGE: TimeDelta = TimeDelta::days(32);

/// A question, parsed by rules.
pub(super) struct ParsedQuestion<'a> {
    pub(super) text: &'a str,
    /// The user's time zone.
    pub(super) zone: Tz,
    /// The language of its dates.
    pub(super) locale: Locale,
    /// Its time range, if that is short.
    pub(super) time: Option<Range<DateTime<Utc>>>,
    /// The text without its date.
    pub(super) topic: String,
    /// The terms of the topic.
    pub(super) terms: Vec<String>,
    /// Whether it only asks what happened at some time.
    pub(super) is_about_time_only: bool,
    /// Its words, in lower case.
    pub(super) words: Vec<String>,
}

impl<'a> ParsedQuestion<'a> {
    pub(super) fn read(text: &'a str, now: &DateTime<Tz>, locale: Locale) -> Self {
        let range = dates::find_range(text, now, locale);
        let topic = match dates::find_date(text, now, Tense::Past, locale) {
            Some(found) => format!("{} {}", &text[..found.range.start], &text[found.range.end..]),
            None => text.to_owned(),
        };
        let mut terms = terms(&topic);
        terms.sort_unstable();
        terms.dedup();
        Self {
            text,
            zone: now.timezone(),
            locale,
            is_about_time_only: range.is_some() && terms.is_empty(),
            time: range.filter(|range| range.end - range.start <= MAX_EXCLUSIVE_RANGE),
            topic,
            terms,
            words: words::tokenize(text),
        }
    }

    /// Whether it contains this word, or the first part of this name, also as in `Ana's`.
    pub(super) fn names(&self, name: &str) -> bool {
        let first = name.split_whitespace().next().unwrap_or_default().to_lowercase();
        !first.is_empty() && self.words.iter().any(|word| word.trim_end_matches("'s").trim_end_matches('\'') == first)
    }

    /// Whether it asks about this speaker: by name, or by `I`.
    pub(super) fn is_about(&self, speaker: &str) -> bool {
        if speaker == "User" { self.words.iter().any(|word| word == "i") } else { self.names(speaker) }
    }

    /// The day of a moment in the user's time zone: `8 May 2026`.
    pub(super) fn day(&self, moment: DateTime<Utc>) -> String {
        self.local(moment).format("%-d %B %Y").to_string()
    }

    /// A moment in the user's time zone.
    pub(super) fn local(&self, moment: DateTime<Utc>) -> DateTime<Tz> {
        self.zone.from_utc_datetime(&moment.naive_utc())
    }
}
