//! Dates and times in English text: where they stand in a sentence, and what they mean at a given moment.
//!
//! Calendar arithmetic is the crate `interim`'s; what it does not know (where in a sentence a phrase begins and ends,
//! number words, parts of the day, weeks, weekends, spans) is read here and put into words that it does know.
//!
//! The conventions, where English has several:
//! * `Friday` is the coming one, today if today is Friday; looking back, it is the latest one, today included.
//! * `next Friday` is the Friday of next week, weeks beginning on Monday; `last Friday` is the latest one before today.
//! * `at 3` without am or pm is between 7:00 and 18:59 (8 is the morning, 7 the evening), unless the sentence speaks of
//!   the morning or the evening.
//! * Morning, afternoon, evening and night begin at 9:00, 14:00, 18:00 and 20:00; `5/8` is the 8th of May.
//! * Something without an hour is due when it is over: at 23:59 of its last day, where the user is.
//! * A local time that a clock change skips is the one an hour later; one that comes twice is the first.

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

use phrase::{Phrase, Reader};
pub(crate) use words::number;

/// Which way a phrase is understood that fits the past and the future alike, as `on Friday` or `in May`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lean {
    /// The next one: plans.
    Future,
    /// The latest one: memories and questions.
    Past,
}

/// How exactly a phrase says when.
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
    /// A stretch of some days around a day, as `two weeks ago`, or between two.
    Stretch,
}

/// A time that a text speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where the phrase stands in the text, in bytes, with its preposition.
    pub range: Range<usize>,
    /// When it begins.
    pub start: DateTime<Utc>,
    /// When it is over.
    pub end: DateTime<Utc>,
    /// Whether the phrase says the hour, be it as `tonight`.
    pub has_time: bool,
    /// How exactly it says when.
    pub grain: Grain,
    first: NaiveDate,
    middle: NaiveDate,
}

impl Found {
    /// When something is due that is to be done then: at the hour, else at 23:59 of the last day.
    pub fn due(&self) -> DateTime<Utc> {
        if self.has_time { self.start } else { self.end - TimeDelta::minutes(1) }
    }

    /// The same in words that stay true: `on 8 May 2026`, `in May 2026`.
    pub fn absolute(&self) -> String {
        let day = |date: NaiveDate| date.format("%-d %B %Y").to_string();
        match self.grain {
            Grain::Moment | Grain::PartOfDay | Grain::Day => format!("on {}", day(self.first)),
            Grain::Weekend => format!("on the weekend of {}", day(self.first)),
            Grain::Week => format!("in the week of {}", day(self.first)),
            Grain::Month => format!("in {}", self.first.format("%B %Y")),
            Grain::Year => format!("in {}", self.first.year()),
            Grain::Stretch => format!("around {}", day(self.middle)),
        }
    }
}

/// Whether a word, in lower case, is the name of a month or of a day of the week.
pub(crate) fn is_of_the_calendar(word: &str) -> bool {
    days::month(word).is_some() || days::weekday(word).is_some()
}

/// The first time that `text` speaks of, as a plan: what fits past and future is in the future.
pub fn find_time<Tz: TimeZone>(text: &str, now: &DateTime<Tz>) -> Option<Found> {
    find(text, now, Lean::Future)
}

/// The span of time that a question asks about, as a memory: what fits past and future is in the past.
///
/// `since`, `after`, `before` and `until` make it open: to now, or from 1970 on; `from … to …` and `between … and …`
/// join two.
pub fn find_range<Tz: TimeZone>(text: &str, now: &DateTime<Tz>) -> Option<Range<DateTime<Utc>>> {
    let words = words::split(text);
    let reader = Reader::new(&words, now.naive_local(), Lean::Past);
    let (at, phrase) = reader.first()?;
    let (start, end) = phrase.bounds();
    let zone = now.timezone();
    let before = |back: usize| at.checked_sub(back).map_or("", |at| words[at].text.as_str());
    let joined =
        matches!(before(1), "from" | "between") && matches!(reader.word(phrase.next), "to" | "and" | "until" | "till");
    if let Some(other) = joined.then(|| reader.at(phrase.next + 1)).flatten() {
        let (_, end) = other.bounds();
        return (start < end).then(|| instant(&zone, start)..instant(&zone, end));
    }
    let present = now.to_utc();
    match phrase.lead.unwrap_or(before(1)) {
        "since" => Some(instant(&zone, start)..present.max(instant(&zone, end))),
        "after" => Some(instant(&zone, end)..present).filter(|range| range.start < range.end),
        "before" | "until" | "till" => Some(DateTime::UNIX_EPOCH..instant(&zone, start)),
        _ => Some(instant(&zone, start)..instant(&zone, end)),
    }
}

/// The first time that `text` speaks of.
pub fn find<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, lean: Lean) -> Option<Found> {
    let words = words::split(text);
    let reader = Reader::new(&words, now.naive_local(), lean);
    let (at, phrase) = reader.first()?;
    let range = words[at].range.start..words[phrase.next - 1].range.end;
    Some(phrase.found(range, &now.timezone()))
}

impl Phrase<'_> {
    fn found<Tz: TimeZone>(&self, range: Range<usize>, zone: &Tz) -> Found {
        let (mut start, mut end) = (self.begins(), self.bounds().1);
        // Before Friday is Thursday at the latest.
        if self.lead == Some("before") && self.time.is_none() {
            start = start - Days::new(1);
            end = start.date().and_time(NaiveTime::MIN) + Days::new(1);
        }
        let middle = start + (end - start) / 2;
        Found {
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

/// The moment when clocks in `zone` show `local`.
fn instant<Tz: TimeZone>(zone: &Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let later = |hours| zone.from_local_datetime(&(local + TimeDelta::hours(hours)));
    match later(0) {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => time.to_utc(),
        MappedLocalTime::None => later(1).earliest().map_or_else(|| local.and_utc(), |time| time.to_utc()),
    }
}
