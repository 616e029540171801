//! Dates and times in English text: finds the phrase in a sentence, and resolves it relative to a given moment.
//!
//! The crate `interim` does the calendar arithmetic. This module parses what `interim` does not (phrase boundaries,
//! number words, parts of the day, weeks, weekends, spans), and passes it on in words that `interim` understands.
//!
//! Conventions for ambiguous phrases:
//! * `Friday` is the next one, today included; in the past tense, the latest one, today included.
//! * `next Friday` is the Friday of next week, weeks beginning on Monday; `last Friday` is the latest one before today.
//! * `at 3` without am or pm is between 7:00 and 18:59 (8 is the morning, 7 the evening), unless the sentence speaks of
//!   the morning or the evening.
//! * Morning, afternoon, evening and night begin at 9:00, 14:00, 18:00 and 20:00; `5/8` is the 8th of May.
//! * A date without an hour is due at 23:59 of its last day, in the user's time zone.
//! * A local time that a clock change skips is moved an hour later; of an ambiguous one, the first is taken.

mod clock;
mod days;
mod phrase;
mod spans;
#[cfg(test)]
mod tests;
mod words;

use std::ops::Range;

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};

use phrase::{Parser, Phrase};
pub use words::number;

/// How to resolve a phrase that fits both past and future, such as `on Friday` or `in May`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tense {
    /// To the next one, for plans.
    Future,
    /// To the latest one, for memories and questions.
    Past,
}

/// The precision of a phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Grain {
    Moment,
    PartOfDay,
    Day,
    Weekend,
    Week,
    Month,
    Year,
    /// Several days: those around a day, as in `two weeks ago`, or those between two dates.
    Days,
}

/// A date or time in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateMatch {
    /// The byte range of the phrase in the text, with its preposition.
    pub range: Range<usize>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it ends.
    pub end: DateTime<Utc>,
    /// Whether the phrase says the hour, even if only as `tonight`.
    pub has_time: bool,
    /// Its precision.
    pub grain: Grain,
    first: NaiveDate,
    middle: NaiveDate,
}

impl DateMatch {
    /// The due date of a task for that date: at its hour, else at 23:59 of its last day.
    pub fn due_at(&self) -> DateTime<Utc> {
        if self.has_time { self.start } else { self.end - TimeDelta::minutes(1) }
    }

    /// The date as an absolute phrase: `on 8 May 2026`, `in May 2026`.
    pub fn absolute_phrase(&self) -> String {
        let day = |date: NaiveDate| date.format("%-d %B %Y").to_string();
        match self.grain {
            Grain::Moment | Grain::PartOfDay | Grain::Day => format!("on {}", day(self.first)),
            Grain::Weekend => format!("on the weekend of {}", day(self.first)),
            Grain::Week => format!("in the week of {}", day(self.first)),
            Grain::Month => format!("in {}", self.first.format("%B %Y")),
            Grain::Year => format!("in {}", self.first.year()),
            Grain::Days => format!("around {}", day(self.middle)),
        }
    }
}

/// Whether a word, in lower case, is the name of a month or of a day of the week.
pub fn is_calendar_word(word: &str) -> bool {
    days::month(word).is_some() || days::weekday(word).is_some()
}

/// The first date in `text`, in the future where a phrase fits both past and future.
pub fn find_future_date<Tz: TimeZone>(text: &str, now: &DateTime<Tz>) -> Option<DateMatch> {
    find_date(text, now, Tense::Future)
}

/// The time range that a question asks about, in the past where a phrase fits both past and future.
///
/// `since`, `after`, `before` and `until` make the range open: to now, or from 1970 on; `from … to …` and
/// `between … and …` join two dates.
pub fn find_range<Tz: TimeZone>(text: &str, now: &DateTime<Tz>) -> Option<Range<DateTime<Utc>>> {
    let words = words::split(text);
    let parser = Parser::new(&words, now.naive_local(), Tense::Past);
    let (at, phrase) = parser.first()?;
    let (start, end) = phrase.bounds();
    let zone = now.timezone();
    let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at].text.as_str());
    let joined =
        matches!(before(1), "from" | "between") && matches!(parser.word(phrase.next), "to" | "and" | "until" | "till");
    if let Some(other) = joined.then(|| parser.at(phrase.next + 1)).flatten() {
        let (_, end) = other.bounds();
        return (start < end).then(|| instant(&zone, start)..instant(&zone, end));
    }
    let present = now.to_utc();
    match phrase.preposition.unwrap_or(before(1)) {
        "since" => Some(instant(&zone, start)..present.max(instant(&zone, end))),
        "after" => Some(instant(&zone, end)..present).filter(|range| range.start < range.end),
        "before" | "until" | "till" => Some(DateTime::UNIX_EPOCH..instant(&zone, start)),
        _ => Some(instant(&zone, start)..instant(&zone, end)),
    }
}

/// The first date in `text`.
pub fn find_date<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, tense: Tense) -> Option<DateMatch> {
    let words = words::split(text);
    let parser = Parser::new(&words, now.naive_local(), tense);
    let (at, phrase) = parser.first()?;
    let range = words[at].range.start..words[phrase.next - 1].range.end;
    Some(phrase.date_match(range, &now.timezone()))
}

impl Phrase<'_> {
    fn date_match<Tz: TimeZone>(&self, range: Range<usize>, zone: &Tz) -> DateMatch {
        let (mut start, mut end) = (self.start(), self.bounds().1);
        // Before Friday is Thursday at the latest.
        if self.preposition == Some("before") && self.time.is_none() {
            start = start - Days::new(1);
            end = start.date().and_time(NaiveTime::MIN) + Days::new(1);
        }
        let middle = start + (end - start) / 2;
        DateMatch {
            range,
            start: instant(zone, start),
            end: instant(zone, end),
            has_time: self.time.is_some(),
            grain: self.grain,
            first: start.date(),
            middle: middle.date(),
        }
    }
}

/// The moment at which the local time in `zone` is `local`.
fn instant<Tz: TimeZone>(zone: &Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let later = |hours| zone.from_local_datetime(&(local + TimeDelta::hours(hours)));
    match later(0) {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => time.to_utc(),
        MappedLocalTime::None => later(1).earliest().map_or_else(|| local.and_utc(), |time| time.to_utc()),
    }
}
