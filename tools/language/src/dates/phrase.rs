//! Parses phrases: their boundaries, and the combination of a day with an hour.

use std::cell::RefCell;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    Grain, Locale, Tense,
    clock::{self, HalfOfDay, PartOfDay},
    days::weekday,
    holidays::FoundHoliday,
    hours::between,
    words::Word,
};

/// A parsed phrase, in local time.
#[derive(Debug, Clone)]
pub(super) struct Phrase<'a> {
    /// The index of the word after it.
    pub(super) next: usize,
    /// The preposition that it begins with.
    pub(super) preposition: Option<&'a str>,
    pub(super) grain: Grain,
    /// The first day.
    pub(super) first: NaiveDate,
    /// The last day, inclusive.
    pub(super) last: NaiveDate,
    /// Its time of day, if any.
    pub(super) time: Option<Hour>,
    /// The time zone that it names.
    pub(super) zone: Option<Tz>,
    /// How it recurs, as an RRULE.
    pub(super) recurrence: Option<String>,
    /// The last day of the recurrence.
    pub(super) until: Option<NaiveDate>,
    /// Whether it contradicts itself or can be read in several ways: no date is better than a wrong one.
    pub(super) is_void: bool,
}

/// The time of day of a phrase.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hour {
    PartOfDay(PartOfDay),
    Time(NaiveTime),
    /// From one time to another: `between 2 and 4`.
    Between(NaiveDateTime, NaiveDateTime),
    /// Any time between two moments: `in the next 48 hours`.
    Within(NaiveDateTime, NaiveDateTime),
}

impl<'a> Phrase<'a> {
    /// All of some days.
    pub(super) fn days(next: usize, grain: Grain, first: NaiveDate, last: NaiveDate) -> Self {
        Self {
            next,
            preposition: None,
            grain,
            first,
            last,
            time: None,
            zone: None,
            recurrence: None,
            until: None,
            is_void: false,
        }
    }

    /// A single day.
    pub(super) fn day(next: usize, day: NaiveDate) -> Self {
        Self::days(next, Grain::Day, day, day)
    }

    /// A moment.
    pub(super) fn moment(next: usize, moment: NaiveDateTime) -> Self {
        let time = Some(Hour::Time(moment.time()));
        Self { grain: Grain::Moment, time, ..Self::day(next, moment.date()) }
    }

    /// A phrase that is no date, up to an index.
    pub(super) fn void(next: usize) -> Self {
        Self { is_void: true, ..Self::day(next, NaiveDate::MIN) }
    }

    /// Whether it is one day, to which an hour may be added.
    pub(super) fn is_day(&self) -> bool {
        matches!(self.grain, Grain::Day | Grain::PartOfDay) && !self.is_void
    }

    /// Its start and end. A moment lasts an hour, so that questions about it find what happened around it.
    pub(super) fn bounds(&self) -> (NaiveDateTime, NaiveDateTime) {
        let midnight = self.first.and_time(NaiveTime::MIN);
        match self.time {
            None => (midnight, self.last.and_time(NaiveTime::MIN) + Days::new(1)),
            Some(Hour::Time(time)) => (self.first.and_time(time), self.first.and_time(time) + TimeDelta::hours(1)),
            Some(Hour::Between(from, to) | Hour::Within(from, to)) => (from, to),
            Some(Hour::PartOfDay(part)) => {
                let (from, to) = part.span;
                (midnight + TimeDelta::hours(from.into()), midnight + TimeDelta::hours(to.into()))
            }
        }
    }

    /// The start of an event on that date; a part of the day has its usual start.
    pub(super) fn start(&self) -> NaiveDateTime {
        match self.time {
            Some(Hour::PartOfDay(part)) => self.first.and_time(NaiveTime::MIN) + TimeDelta::hours(part.hour.into()),
            _ => self.bounds().0,
        }
    }

    /// When a task for that date is due: at its hour, at the end of a span of hours, else at 23:59 of its last day, or of
    /// the day before the first: before Friday is Thursday at the latest.
    pub(super) fn due(&self) -> NaiveDateTime {
        match self.time {
            None if self.preposition == Some("before") => self.bounds().0 - TimeDelta::minutes(1),
            None => self.bounds().1 - TimeDelta::minutes(1),
            Some(Hour::Within(_, to)) => to,
            Some(_) => self.start(),
        }
    }

    /// The phrase on another day, with its time of day.
    pub(super) fn moved_to(self, next: usize, day: NaiveDate) -> Self {
        let by = day - self.first;
        let time = match self.time {
            Some(Hour::Between(from, to)) => Some(Hour::Between(from + by, to + by)),
            time => time,
        };
        Self { next, first: day, last: day, time, ..self }
    }
}

/// Parses the phrases among the words of a text, relative to a moment.
pub(super) struct Parser<'a> {
    pub(super) words: &'a [Word],
    pub(super) now: NaiveDateTime,
    pub(super) present: DateTime<Utc>,
    pub(super) tense: Tense,
    pub(super) locale: Locale,
    /// The half of the day that the sentence suggests.
    pub(super) half: HalfOfDay,
    /// The holidays that were looked up, by the index of their first word.
    pub(super) holidays: RefCell<Vec<FoundHoliday>>,
}

/// Prepositions that belong to a phrase.
const PREPOSITIONS: &[&str] =
    &["on", "in", "at", "by", "before", "around", "about", "over", "during", "for", "within", "due"];

/// Prepositions that may follow another one: `in about an hour`, `due on Friday`.
const SECOND_PREPOSITIONS: &[&str] = &["about", "around", "on", "by", "in", "at", "before", "within"];

impl<'a> Parser<'a> {
    pub(super) fn new(
        words: &'a [Word],
        now: NaiveDateTime,
        present: DateTime<Utc>,
        tense: Tense,
        locale: Locale,
    ) -> Self {
        let half = clock::half_of(words.iter().map(|word| word.text.as_str()));
        Self { words, now, present, tense, locale, half, holidays: RefCell::default() }
    }

    /// The word at an index; empty beyond the end.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    /// The word before an index; empty at the beginning.
    pub(super) fn word_before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |before| self.word(before))
    }

    /// Whether nothing in the sentence follows the word before an index.
    pub(super) fn ends(&self, next: usize) -> bool {
        next >= self.words.len() || next > 0 && self.words[next - 1].last
    }

    /// Today.
    pub(super) fn today(&self) -> NaiveDate {
        self.now.date()
    }

    /// All phrases in order, each with the index of its first word.
    pub(super) fn all(&self) -> Vec<(usize, Phrase<'a>)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.words.len() && found.len() < MAX_PHRASES {
            match self.at(at) {
                Some(phrase) => {
                    let next = phrase.next.max(at + 1);
                    if !phrase.is_void {
                        found.push((at, phrase));
                    }
                    at = next;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The longest phrase that begins at an index.
    pub(super) fn at(&self, at: usize) -> Option<Phrase<'a>> {
        let preposition = PREPOSITIONS.iter().find(|preposition| **preposition == self.word(at)).copied();
        let plain = self.body(at, None);
        let led = preposition.and_then(|preposition| {
            Some(Phrase { preposition: Some(preposition), ..self.body(at + 1, Some(preposition))? })
        });
        let second = SECOND_PREPOSITIONS.iter().find(|second| preposition.is_some() && **second == self.word(at + 1));
        let twice = second.and_then(|second| {
            let first = preposition.filter(|first| *first != "due").unwrap_or(second);
            let inner =
                if preposition == Some("due") || *second != "about" && *second != "around" { second } else { first };
            Some(Phrase { preposition: Some(inner), ..self.body(at + 2, Some(inner))? })
        });
        [plain, led, twice].into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A phrase without its preposition: a day with or without an hour, or an hour with or without a day.
    fn body(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let day = self.day_or_span(at, preposition).map(|day| self.with_hour(day));
        let forms = [day, self.hour_first(at, preposition), self.recurring(at, preposition)];
        forms.into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A day or a longer span, without an hour.
    fn day_or_span(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        [self.day(at, preposition), self.span(at, preposition), self.relative(at, preposition)]
            .into_iter()
            .flatten()
            .max_by_key(|phrase| phrase.next)
    }

    /// Adds the hour that follows a day: `tomorrow morning at 9`, `Friday at 3`, `on 8 May around noon`.
    pub(super) fn with_hour(&self, mut day: Phrase<'a>) -> Phrase<'a> {
        if !day.is_day() || self.ends(day.next) {
            return day;
        }
        let part = match (self.word(day.next), self.word(day.next + 1), self.word(day.next + 2)) {
            ("in" | "during", "the", name) => clock::part_of_day(name).map(|part| (part, 3)),
            ("at", "night", _) => clock::part_of_day("night").map(|part| (part, 2)),
            ("at", "lunch" | "lunchtime", _) => clock::part_of_day("lunchtime").map(|part| (part, 2)),
            (name, ..) => clock::part_of_day(name).map(|part| (part, 1)),
        };
        if let Some((part, taken)) = part.filter(|_| day.grain == Grain::Day) {
            day = Phrase { next: day.next + taken, grain: Grain::PartOfDay, time: Some(Hour::PartOfDay(part)), ..day };
        }
        day = self.with_date(day);
        if self.ends(day.next) {
            return day;
        }
        let half = match day.time {
            Some(Hour::PartOfDay(part)) => part.half,
            _ => HalfOfDay::Unknown,
        };
        if let Some((from, to, next)) = self.clock_range(day.next, half) {
            return between(day, from, to, next);
        }
        let mut at = day.next;
        let marked = matches!(self.word(at), "at" | "around" | "about" | "by");
        at += usize::from(marked);
        if matches!(self.word(at), "around" | "about") {
            at += 1;
        }
        match self.clock(at, (marked || at > day.next).then_some(half)) {
            Some(clock) => {
                let time = clock.clock.time;
                let zoned = Phrase { next: at + clock.clock.taken, zone: clock.zone, is_void: clock.is_void, ..day };
                // After midnight, but the same night: `Saturday night at 1`.
                Phrase { grain: Grain::Moment, time: Some(Hour::Time(time)), ..zoned }
            }
            None => day,
        }
    }

    /// Adds the date that follows a weekday: `on Sunday night, 7th June`, `Friday the 15th`.
    pub(super) fn with_date(&self, day: Phrase<'a>) -> Phrase<'a> {
        let of_part = usize::from(day.grain == Grain::PartOfDay);
        let named = (day.next.saturating_sub(1 + of_part)..day.next).any(|at| weekday(self.word(at)).is_some());
        if !named || day.recurrence.is_some() {
            return day;
        }
        let date = self.month_day(day.next).or_else(|| self.numeric_date(day.next)).or_else(|| {
            let of_month = self.day_of_month(day.next, Some("on"))?;
            (of_month.first.weekday() == day.first.weekday()).then_some(of_month)
        });
        let Some(date) = date else { return day };
        if date.first.weekday() == day.first.weekday() {
            day.moved_to(date.next, date.first)
        } else {
            Phrase::void(date.next)
        }
    }
}

/// The most phrases in a text.
const MAX_PHRASES: usize = 32;
