//! Holidays: those on fixed dates, and the movable ones, which `duckling` knows.
//!
//! Of everything that `duckling` reads, holidays are what it reads reliably: it takes `a week from Tuesday` for Tuesday,
//! `due giorni fa` for two hours ago, and finds `mar` in `llamar`. So it is asked about nothing else, and only about a
//! few words that begin like the name of a holiday.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{Days, FixedOffset, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use duckling::{Context, DimensionKind, DimensionValue, Lang, Options, Region, TimePoint, TimeValue};

use super::{
    DayOrder, Grain, Tense,
    calendar::yearly,
    phrase::{Parser, Phrase},
};

/// Holidays on fixed dates: their words, month and day.
const FIXED: &[(&[&str], u32, u32)] = &[
    (&["christmas", "eve"], 12, 24),
    (&["christmas", "day"], 12, 25),
    (&["christmas"], 12, 25),
    (&["boxing", "day"], 12, 26),
    (&["new", "year's", "eve"], 12, 31),
    (&["new", "years", "eve"], 12, 31),
    (&["new", "year's", "day"], 1, 1),
    (&["new", "year's"], 1, 1),
    (&["valentine's", "day"], 2, 14),
    (&["valentine's"], 2, 14),
    (&["st", "patrick's", "day"], 3, 17),
    (&["halloween"], 10, 31),
    (&["independence", "day"], 7, 4),
    (&["all", "saints'", "day"], 11, 1),
];

/// The first words of the names of movable holidays, and the words that must follow, if any.
const MOVABLE: &[(&str, &[&str])] = &[
    ("easter", &[]),
    ("good", &["friday"]),
    ("ash", &["wednesday"]),
    ("palm", &["sunday"]),
    ("pentecost", &[]),
    ("whit", &["sunday", "monday"]),
    ("thanksgiving", &[]),
    ("black", &["friday"]),
    ("cyber", &["monday"]),
    ("memorial", &["day"]),
    ("labor", &["day"]),
    ("labour", &["day"]),
    ("mother's", &["day"]),
    ("mothers", &["day"]),
    ("father's", &["day"]),
    ("fathers", &["day"]),
    ("martin", &["luther"]),
    ("mlk", &["day"]),
    ("presidents", &["day"]),
    ("president's", &["day"]),
    ("columbus", &["day"]),
    ("chinese", &["new"]),
    ("hanukkah", &[]),
    ("passover", &[]),
    ("diwali", &[]),
    ("ramadan", &[]),
];

/// The most words of a name that `duckling` is given.
const MAX_WORDS: usize = 4;

/// The most questions to `duckling` about one text.
const MAX_QUESTIONS: usize = 8;

/// A holiday in a text: its first and last day, and how many words its name takes.
#[derive(Debug, Clone, Copy)]
struct Holiday {
    first: NaiveDate,
    last: NaiveDate,
    taken: usize,
}

/// What `duckling` said about the words at an index.
pub(super) struct FoundHoliday {
    at: usize,
    tense: Tense,
    holiday: Option<Holiday>,
}

impl<'a> Parser<'a> {
    /// `Christmas Eve`, `Easter Monday`, `last Thanksgiving`.
    pub(super) fn holiday(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let (tense, skip) = match self.word(at) {
            "last" => (Tense::Past, 1),
            "next" => (Tense::Future, 1),
            "this" => (self.tense, 1),
            _ => (self.tense, 0),
        };
        let found = self.fixed_holiday(at + skip, tense).or_else(|| self.movable_holiday(at + skip, tense))?;
        let next = at + skip + found.taken;
        // `A Christmas tree` is no date, `before Christmas` is one.
        let is_plain = skip == 0 && preposition.is_none() && !self.ends(next);
        let continues = !matches!(self.word(next), "at" | "around" | "morning" | "afternoon" | "evening" | "night");
        let before = matches!(self.word_before(at), "after" | "before" | "since" | "until" | "till" | "from" | "to");
        if is_plain && continues && !before && found.taken < 2 {
            return None;
        }
        let grain = if found.first == found.last { Grain::Day } else { Grain::Days };
        Some(Phrase::days(next, grain, found.first, found.last))
    }

    fn fixed_holiday(&self, at: usize, tense: Tense) -> Option<Holiday> {
        let is_said = |(name, ..): &&(&[&str], u32, u32)| {
            name.iter().enumerate().all(|(place, word)| self.word(at + place) == *word)
        };
        let (name, month, day) = FIXED.iter().find(is_said)?;
        let date = yearly(self.today(), *month, *day, tense)?;
        Some(Holiday { first: date, last: date, taken: name.len() })
    }

    fn movable_holiday(&self, at: usize, tense: Tense) -> Option<Holiday> {
        let (_, seconds) = MOVABLE.iter().find(|(first, _)| *first == self.word(at))?;
        if !seconds.is_empty() && !seconds.contains(&self.word(at + 1)) {
            return None;
        }
        let mut asked = self.holidays.borrow_mut();
        if let Some(known) = asked.iter().find(|known| known.at == at && known.tense == tense) {
            return known.holiday;
        }
        if asked.len() >= MAX_QUESTIONS {
            return None;
        }
        let holiday = self.ask_duckling(at, tense);
        asked.push(FoundHoliday { at, tense, holiday });
        holiday
    }

    /// Asks `duckling` about the words at an index.
    fn ask_duckling(&self, at: usize, tense: Tense) -> Option<Holiday> {
        let rest = self.words.get(at..)?;
        let end = rest.iter().take(MAX_WORDS).position(|word| word.last).map_or(MAX_WORDS, |last| last + 1);
        let words: Vec<&str> = rest.iter().take(end).map(|word| word.text.as_str()).collect();
        let text = words.join(" ");
        let region = if self.locale.order() == DayOrder::DayFirst { Region::GB } else { Region::US };
        let locale = duckling::Locale::new(Lang::EN, Some(region));
        // Asked from a year ago, the latest one is among the next three.
        let midnight = self.today().and_time(NaiveTime::MIN);
        let from = if tense == Tense::Future { midnight } else { midnight.checked_sub_months(Months::new(12))? };
        let now = FixedOffset::east_opt(0)?.from_utc_datetime(&from);
        let context = Context::new(now, locale);
        let parse = || duckling::parse(&text, &locale, &[DimensionKind::Time], &context, &Options::default());
        let entities = catch_unwind(AssertUnwindSafe(parse)).ok()?;
        let entity = entities.into_iter().find(|entity| entity.start == 0)?;
        let taken = text[..entity.end].split(' ').count();
        if entity.end < text.len() && !text[entity.end..].starts_with(' ') {
            return None;
        }
        let days: Vec<(NaiveDate, NaiveDate)> = match entity.value {
            DimensionValue::Time(TimeValue::Single { values, holiday: Some(_), .. }) => {
                values.iter().map(|point| (local(point).date(), local(point).date())).collect()
            }
            DimensionValue::Time(TimeValue::Interval { values, holiday: Some(_), .. }) => values
                .iter()
                .filter_map(|ends| {
                    let (from, to) = (local(ends.from.as_ref()?).date(), local(ends.to.as_ref()?).date());
                    Some((from, to.checked_sub_days(Days::new(1))?))
                })
                .collect(),
            _ => return None,
        };
        let today = self.today();
        let (first, last) = match tense {
            Tense::Future => days.into_iter().filter(|(_, last)| *last >= today).min()?,
            Tense::Past => days.into_iter().filter(|(first, _)| *first <= today).max()?,
        };
        Some(Holiday { first, last, taken })
    }
}

fn local(point: &TimePoint) -> NaiveDateTime {
    match point {
        TimePoint::Instant { value, .. } => value.naive_local(),
        TimePoint::Naive { value, .. } => *value,
    }
}
