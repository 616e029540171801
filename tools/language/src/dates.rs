//! Dates and times in speech: finds the phrases in a text, and resolves them relative to a given moment.
//!
//! The words of German, Spanish, French, Portuguese, Italian and Dutch are translated phrase by phrase into the English
//! that the rules know. Movable holidays come from the crate `duckling`.
//!
//! A wrong date is worse than none: what contradicts itself (`Sunday, 8 June`, a Monday) or has several meanings (`3pm
//! IST`, `Friday or Monday`) is no date. Conventions for the rest:
//! * `Friday` is the next one, today included; in the past tense, the latest one, today included.
//! * `next Friday` is the Friday of next week, weeks beginning on Monday; `last Friday` is the latest one before today.
//!   In other languages, `next Friday` is a date only where that is also the coming Friday.
//! * `at 3` without am or pm is between 7:00 and 18:59 (8 is the morning, 7 the evening), unless the sentence speaks of
//!   the morning or the evening. `Half four` is 4:30, and `halb vier` 3:30.
//! * Morning, afternoon, evening and night begin at 9:00, 14:00, 18:00 and 20:00.
//! * `5/8` is the 8th of May in English without a region and in that of the United States, else the 5th of August.
//! * A date without an hour is due at 23:59 of its last day, in the user's time zone; a week ends on its Friday.
//! * A local time that a clock change skips is moved an hour later; of an ambiguous one, the first is taken.
//! * A named time zone is the clock of its region: `3pm CET` in May is 15:00 in Paris.

mod calendar;
mod clock;
mod days;
mod due;
mod holidays;
mod hours;
mod lexicon;
mod locale;
mod phrase;
mod recurrence;
mod spans;
#[cfg(test)]
mod tests;
mod weeks;
mod words;
mod zones;

use std::ops::Range;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeZone, Utc};

use calendar::instant;
pub use due::find_due_date;
use locale::DayOrder;
pub use locale::Locale;
use phrase::{Parser, Phrase};
use words::Word;
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
    /// How it recurs, as a rule of RFC 5545 without its name: `FREQ=WEEKLY;BYDAY=TU`. The date is the first time.
    pub recurrence_rule: Option<String>,
    due: DateTime<Utc>,
    first: NaiveDate,
    middle: NaiveDate,
}

impl DateMatch {
    /// The due date of a task for that date: at its hour, else at 23:59 of its last day.
    pub fn due_at(&self) -> DateTime<Utc> {
        self.due
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

/// The first date in `text` that does not recur, in the future where a phrase fits both past and future.
pub fn find_future_date<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, locale: Locale) -> Option<DateMatch> {
    find_date(text, now, Tense::Future, locale)
}

/// The first date in `text` that does not recur.
pub fn find_date<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, tense: Tense, locale: Locale) -> Option<DateMatch> {
    find_all(text, now, tense, locale).into_iter().find(|found| found.recurrence_rule.is_none())
}

/// All dates in `text`, in order.
pub fn find_all<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, tense: Tense, locale: Locale) -> Vec<DateMatch> {
    let words = words_of(text, locale);
    let parser = parser(&words, now, tense, locale);
    let zone = now.timezone();
    parser.all().into_iter().map(|(at, phrase)| phrase.date_match(range_of(&words, at, phrase.next), &zone)).collect()
}

/// The time range that a question asks about, in the past where a phrase fits both past and future.
///
/// `since`, `after`, `before` and `until` make the range open: to now, or from 1970 on; `from … to …` and
/// `between … and …` join two dates. What recurs is no range.
pub fn find_range<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, locale: Locale) -> Option<Range<DateTime<Utc>>> {
    let words = words_of(text, locale);
    let parser = parser(&words, now, Tense::Past, locale);
    let (at, phrase) = parser.all().into_iter().find(|(_, phrase)| phrase.recurrence.is_none())?;
    let zone = now.timezone();
    let (start, end) = phrase.span(&zone);
    if let Some(other) = parser.joined(at, &phrase) {
        let (_, end) = other.span(&zone);
        return (start < end).then_some(start..end);
    }
    let present = now.to_utc();
    match phrase.preposition.unwrap_or(parser.word_before(at)) {
        "since" => Some(start..present.max(end)),
        "after" => Some(end..present).filter(|range| range.start < range.end),
        "before" | "until" | "till" => Some(DateTime::UNIX_EPOCH..start),
        _ => Some(start..end),
    }
}

/// The words of a text in the English that the rules know.
fn words_of(text: &str, locale: Locale) -> Vec<Word> {
    lexicon::translate(text, words::split(text), locale.language)
}

fn parser<'a, Tz: TimeZone>(words: &'a [Word], now: &DateTime<Tz>, tense: Tense, locale: Locale) -> Parser<'a> {
    Parser::new(words, now.naive_local(), now.to_utc(), tense, locale)
}

/// The bytes of the words from one index up to another.
fn range_of(words: &[Word], at: usize, next: usize) -> Range<usize> {
    let last = next.clamp(at + 1, words.len()) - 1;
    words[at].range.start..words[last].range.end
}

impl<'a> Parser<'a> {
    /// The other end of `from … to …` or `between … and …`, whose first date is `phrase`.
    fn joined(&self, at: usize, phrase: &Phrase<'a>) -> Option<Phrase<'a>> {
        let opens = matches!(self.word_before(at), "from" | "between");
        let joins = matches!(self.word(phrase.next), "to" | "and" | "until" | "till" | "-");
        let other = (opens && joins).then(|| self.at(phrase.next + 1)).flatten();
        other.filter(|other| !other.is_void)
    }
}

impl Phrase<'_> {
    /// The moment of a local time of the phrase.
    fn moment_of<Tz: TimeZone>(&self, local: NaiveDateTime, zone: &Tz) -> DateTime<Utc> {
        self.zone.map_or_else(|| instant(zone, local), |named| instant(&named, local))
    }

    /// Its start and end.
    fn span<Tz: TimeZone>(&self, zone: &Tz) -> (DateTime<Utc>, DateTime<Utc>) {
        let (start, end) = self.bounds();
        (self.moment_of(start, zone), self.moment_of(end, zone))
    }

    fn date_match<Tz: TimeZone>(&self, range: Range<usize>, zone: &Tz) -> DateMatch {
        let (mut start, mut end) = (self.start(), self.bounds().1);
        if self.preposition == Some("before") && self.time.is_none() {
            (start, end) = (start - Days::new(1), start);
        }
        let middle = start + (end - start) / 2;
        let until = self.until.and_then(|day| day.and_hms_opt(23, 59, 59)).map(|local| self.moment_of(local, zone));
        let recurrence_rule = self.recurrence.as_ref().map(|rule| match until {
            Some(until) => format!("{rule};UNTIL={}", until.format("%Y%m%dT%H%M%SZ")),
            None => rule.clone(),
        });
        let start_at = self.moment_of(start, zone);
        DateMatch {
            range,
            start: start_at,
            end: self.moment_of(end, zone),
            has_time: self.time.is_some(),
            grain: self.grain,
            recurrence_rule,
            due: self.moment_of(self.due(), zone),
            first: start_at.with_timezone(zone).date_naive(),
            middle: middle.date(),
        }
    }
}
