//! Single days: `tomorrow`, `next Friday`, `8 May 2023`, `the 5th`, `in two weeks`.

use chrono::{Datelike, Days, Month, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use interim::{Dialect, parse_date_string};

use super::{
    Grain, Tense, clock,
    phrase::{Hour, Parser, Phrase},
    words::{number, ordinal},
};

/// Holidays on fixed dates.
const HOLIDAYS: &[(&[&str], &str)] = &[
    (&["christmas", "eve"], "24 december"),
    (&["christmas", "day"], "25 december"),
    (&["christmas"], "25 december"),
    (&["boxing", "day"], "26 december"),
    (&["new", "year's", "eve"], "31 december"),
    (&["new", "year's", "day"], "1 january"),
    (&["new", "year's"], "1 january"),
    (&["valentine's", "day"], "14 february"),
    (&["halloween"], "31 october"),
    (&["independence", "day"], "4 july"),
];

impl<'a> Parser<'a> {
    /// The day that begins at an index.
    pub(super) fn day(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let forms = [
            self.relative_day(at),
            self.weekday(at, preposition),
            self.month_day(at),
            self.day_of_month(at, preposition),
            self.numeric_date(at),
        ];
        forms.into_iter().flatten().chain(self.holiday(at)).max_by_key(|phrase| phrase.next)
    }

    /// `Today`, `tomorrow night`, `the day after tomorrow`, `last night`, `this evening`.
    fn relative_day(&self, at: usize) -> Option<Phrase<'a>> {
        let today = self.today();
        let part = |name, next, day| {
            let time = Some(Hour::PartOfDay(clock::part_of_day(name)?));
            Some(Phrase { grain: Grain::PartOfDay, time, ..Phrase::day(next, day) })
        };
        match (self.word(at), self.word(at + 1), self.word(at + 2), self.word(at + 3)) {
            ("the", "day", "after", "tomorrow") => Some(Phrase::day(at + 4, today + Days::new(2))),
            ("the", "day", "before", "yesterday") => Some(Phrase::day(at + 4, today - Days::new(2))),
            ("today" | "tomorrow" | "yesterday", ..) => Some(Phrase::day(at + 1, self.calendar(self.word(at))?)),
            ("tonight", ..) => part("tonight", at + 1, today),
            ("last", "night", ..) => part("night", at + 2, today - Days::new(1)),
            ("this", name @ ("morning" | "afternoon" | "evening"), ..) => part(name, at + 2, today),
            ("end", "of", "day", _) | ("the", "end", "of", "today") => {
                Some(Phrase::day(at + if self.word(at) == "the" { 4 } else { 3 }, today))
            }
            ("the", "end", "of", "the") if self.word(at + 4) == "day" => Some(Phrase::day(at + 5, today)),
            _ => None,
        }
    }

    /// `Friday`, `next Friday`, `this past Friday`, `Friday next week`, `a week from Friday`.
    fn weekday(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let mut next = at;
        let mut word = || {
            next += 1;
            self.word(next - 1)
        };
        let (direction, name) = match word() {
            "this" => match word() {
                direction @ ("past" | "last" | "coming" | "upcoming" | "next") => (direction, word()),
                name => ("this", name),
            },
            direction @ ("next" | "last" | "past" | "coming") => (direction, word()),
            "the" => match word() {
                direction @ ("past" | "last" | "coming" | "following" | "next") => (direction, word()),
                _ => return None,
            },
            name => ("", name),
        };
        let day = weekday(name).filter(|_| name.len() > 3 || preposition.is_some() || !direction.is_empty())?;
        let today = self.today();
        let monday = monday_of(today);
        let ahead = u64::from((7 + day.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7);
        let back = if ahead == 0 { 7 } else { 7 - ahead };
        let in_week = |monday: NaiveDate| monday + Days::new(day.num_days_from_monday().into());
        let date = match (direction, self.word(next), self.word(next + 1)) {
            ("", "next", "week") => {
                next += 2;
                in_week(monday + Days::new(7))
            }
            ("", "last", "week") => {
                next += 2;
                in_week(monday - Days::new(7))
            }
            ("last" | "past", ..) => today - Days::new(back),
            ("next", ..) => in_week(monday + Days::new(7)),
            ("" | "this", ..) if self.tense == Tense::Past => today - Days::new(back % 7),
            _ => today + Days::new(ahead),
        };
        Some(Phrase::day(next, date))
    }

    /// `May 8`, `May the 8th, 2023`, `8 May`, `the 8th of May`.
    fn month_day(&self, at: usize) -> Option<Phrase<'a>> {
        let start = if weekday(self.word(at)).is_some() && !self.words.get(at)?.last { at + 1 } else { at };
        let start = start + usize::from(self.word(start) == "the");
        let day = |at: usize| {
            let word = self.word(at);
            ordinal(word).or_else(|| number(word).filter(|_| word.len() <= 2)).filter(|day| (1..=31).contains(day))
        };
        let (day, month, mut next) = if let Some(month) = month(self.word(start)) {
            let at = start + 1 + usize::from(self.word(start + 1) == "the");
            (day(at)?, month, at + 1)
        } else {
            let at = start + 1 + usize::from(self.word(start + 1) == "of");
            (day(start)?, month(self.word(at))?, at + 1)
        };
        // `10 may be too many` is not a date.
        if month == Month::May && matches!(self.word(next), "be" | "have" | "not" | "need" | "want" | "come" | "people")
        {
            return None;
        }
        let date = match year(self.word(next)).filter(|_| !self.words[next - 1].last) {
            Some(year) => {
                next += 1;
                self.calendar(&format!("{day} {} {year}", month.name()))
            }
            None => self.yearly(&format!("{day} {}", month.name())),
        };
        Some(Phrase::day(next, date?))
    }

    /// `The 5th`: of this month, or of the next or last one.
    fn day_of_month(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let day = ordinal(self.word(at + 1)).filter(|_| self.word(at) == "the")?;
        let spelled = self.word(at + 1).starts_with(|first: char| first.is_ascii_digit());
        let next = at + 2;
        let ends = self.words[next - 1].last || self.words.len() == next;
        if !(ends && preposition.is_some()
            || spelled && (preposition.is_some() || ends)
            || self.word(next) == "at" && preposition.is_some())
        {
            return None;
        }
        let today = self.today();
        let near = |months: i32| {
            let month = if months < 0 {
                today.checked_sub_months(Months::new(1))
            } else {
                today.checked_add_months(Months::new(months as u32))
            };
            month?.with_day(1)?.with_day(day)
        };
        let date = match self.tense {
            Tense::Future => [0, 1, 2].into_iter().filter_map(near).find(|date| *date >= today),
            Tense::Past => [0, -1].into_iter().filter_map(near).find(|date| *date <= today),
        };
        Some(Phrase::day(next, date?))
    }

    /// `2026-05-08`, `5/8`, `5/8/2026`.
    fn numeric_date(&self, at: usize) -> Option<Phrase<'a>> {
        let word = self.word(at);
        let numbers: Vec<&str> = word.split(['-', '/']).collect();
        let digits = numbers
            .iter()
            .all(|part| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit()));
        let date = match (digits, numbers.len(), word.contains('/')) {
            (true, 3, _)
                if word.contains('/') != word.contains('-') && (word.contains('/') || numbers[0].len() == 4) =>
            {
                self.calendar(&format!("{word} 00:00"))
            }
            (true, 2, true) if numbers.iter().all(|part| part.len() <= 2) && self.follows_date_preposition(at) => {
                self.yearly(word)
            }
            _ => None,
        };
        Some(Phrase::day(at + 1, date?))
    }

    /// Whether a preposition precedes it: `5/8` alone may be a fraction.
    fn follows_date_preposition(&self, at: usize) -> bool {
        at > 0 && matches!(self.word(at - 1), "on" | "by" | "before" | "until" | "for" | "since" | "from")
    }

    fn holiday(&self, at: usize) -> Option<Phrase<'a>> {
        let said =
            |name: &&(&[&str], &str)| name.0.iter().enumerate().all(|(place, word)| self.word(at + place) == *word);
        let (name, date) = HOLIDAYS.iter().find(said)?;
        Some(Phrase::day(at + name.len(), self.yearly(date)?))
    }

    /// `In two weeks`, `3 days ago`, `half an hour from now`, `within an hour`.
    pub(super) fn relative(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let (count, unit, next) = self.amount(at)?;
        let (back, next) = match (self.word(next), self.word(next + 1)) {
            ("ago" | "back", _) => (true, next + 1),
            ("from", "now" | "today") => (false, next + 2),
            ("later", _) if preposition == Some("about") => return None,
            _ if matches!(preposition, Some("in" | "within")) => (false, next),
            _ => return None,
        };
        let sign = if back { -1.0 } else { 1.0 };
        let seconds = match unit {
            "minute" => 60.0,
            "hour" => 3600.0,
            "day" if count.fract() != 0.0 => 86400.0,
            _ => 0.0,
        };
        if seconds > 0.0 {
            let moment = self.now.checked_add_signed(TimeDelta::seconds((count * seconds * sign) as i64))?;
            return Some(Phrase::moment(next, moment));
        }
        let count = if count.fract() == 0.0 { count as i64 } else { return None };
        let date = self.calendar(&format!("{count} {unit}{}", if back { " ago" } else { "" }))?;
        Some(match unit {
            "week" if back => Phrase::days(next, Grain::Days, date - Days::new(3), date + Days::new(3)),
            "month" if back => super::spans::month_of(next, date)?,
            "year" if back => super::spans::year_of(next, date.year())?,
            _ => Phrase::day(next, date),
        })
    }

    /// A number of units: `two weeks`, `a couple of days`, `half an hour`, `an hour and a half`.
    pub(super) fn amount(&self, at: usize) -> Option<(f64, &'static str, usize)> {
        let (count, mut next) = match (self.word(at), self.word(at + 1), self.word(at + 2)) {
            ("half", "a" | "an", _) => (0.5, at + 2),
            ("a", "couple", "of") => (2.0, at + 3),
            ("a", "couple", _) => (2.0, at + 2),
            ("a", "few", _) => (3.0, at + 2),
            ("few" | "several", ..) => (3.0, at + 1),
            ("a" | "an", ..) => (1.0, at + 1),
            (word, "and", "a") if self.word(at + 3) == "half" => (f64::from(number(word)?) + 0.5, at + 4),
            (word, ..) => (f64::from(number(word)?), at + 1),
        };
        let unit = unit(self.word(next))?;
        next += 1;
        let half = self.word(next) == "and" && self.word(next + 1) == "a" && self.word(next + 2) == "half";
        Some(if half { (count + 0.5, unit, next + 3) } else { (count, unit, next) })
    }

    /// Resolves a phrase with `interim`, relative to today.
    pub(super) fn calendar(&self, phrase: &str) -> Option<NaiveDate> {
        let now = self.today().and_time(NaiveTime::MIN).and_utc();
        parse_date_string(phrase, now, Dialect::Us).ok().map(|time| NaiveDateTime::date(&time.naive_utc()))
    }

    /// Resolves a yearly date, to the next or the latest one.
    fn yearly(&self, phrase: &str) -> Option<NaiveDate> {
        match self.tense {
            Tense::Future => self.calendar(&format!("next {phrase}")),
            Tense::Past => self.calendar(&format!("last {phrase}")),
        }
    }
}

/// The Monday of the week of a day.
pub(super) fn monday_of(day: NaiveDate) -> NaiveDate {
    day - Days::new(day.weekday().num_days_from_monday().into())
}

/// A unit of time, in the singular.
pub(super) fn unit(word: &str) -> Option<&'static str> {
    Some(match word {
        "minute" | "minutes" | "min" | "mins" => "minute",
        "hour" | "hours" | "hr" | "hrs" => "hour",
        "day" | "days" => "day",
        "week" | "weeks" => "week",
        "month" | "months" => "month",
        "year" | "years" => "year",
        _ => return None,
    })
}

/// The weekday that a word names.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    let word = match word {
        "tues" => "tue",
        "weds" => "wed",
        "thur" | "thurs" => "thu",
        word => word,
    };
    matches!(word.len(), 3..=9).then(|| word.parse().ok()).flatten()
}

/// The month that a word names, in full or abbreviated.
pub(super) fn month(word: &str) -> Option<Month> {
    if word == "sept" { Some(Month::September) } else { word.parse().ok() }
}

/// The year that a word of four digits names.
pub(super) fn year(word: &str) -> Option<i32> {
    number(word).filter(|_| word.len() == 4).filter(|year| (1900..2100).contains(year)).map(|year| year as i32)
}
