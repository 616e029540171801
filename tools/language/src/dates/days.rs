//! Single days: `tomorrow`, `next Friday`, `8 May 2023`, `the 5th`, `in two weeks`.

use chrono::{Datelike, Days, Month, NaiveDate, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::{
    DayOrder, Grain, Tense,
    calendar::{Unit, monday_of, shift, step, yearly},
    clock,
    phrase::{Hour, Parser, Phrase},
    words::{number, ordinal},
};

/// A number of units of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amount {
    pub(super) count: f64,
    pub(super) unit: Unit,
    /// The index of the word after it.
    pub(super) next: usize,
    /// Whether the count is a guess: `a few days`.
    pub(super) is_vague: bool,
}

impl Amount {
    pub(super) fn one(unit: Unit, next: usize) -> Self {
        Self { count: 1.0, unit, next, is_vague: false }
    }
}

impl<'a> Parser<'a> {
    /// The day that begins at an index.
    pub(super) fn day(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let forms = [self.plain_day(at, preposition), self.offset_day(at), self.day_of_span(at)];
        forms.into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A day that is not counted from another one.
    pub(super) fn plain_day(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let forms = [
            self.relative_day(at),
            self.end_of_day(at),
            self.weekday(at, preposition),
            self.month_day(at),
            self.day_of_month(at, preposition),
            self.numeric_date(at),
            self.holiday(at, preposition),
        ];
        forms.into_iter().flatten().max_by_key(|phrase| phrase.next)
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
            ("day", "after", "tomorrow", _) => Some(Phrase::day(at + 3, today + Days::new(2))),
            ("the", "day", "before", "yesterday") => Some(Phrase::day(at + 4, today - Days::new(2))),
            ("day", "before", "yesterday", _) => Some(Phrase::day(at + 3, today - Days::new(2))),
            ("later", "today", ..) => Some(Phrase::day(at + 2, today)),
            ("later", "tonight", ..) => part("tonight", at + 2, today),
            ("today", ..) => Some(Phrase::day(at + 1, today)),
            ("tomorrow", ..) => Some(Phrase::day(at + 1, today + Days::new(1))),
            ("yesterday", ..) => Some(Phrase::day(at + 1, today - Days::new(1))),
            ("tonight", ..) => part("tonight", at + 1, today),
            ("last", name @ ("night" | "evening"), ..) => part(name, at + 2, today - Days::new(1)),
            ("this", name @ ("morning" | "afternoon" | "evening"), ..) => part(name, at + 2, today),
            _ => None,
        }
    }

    /// `End of day`, `the end of the day tomorrow`, `EOD Friday`, `close of business on Monday`.
    fn end_of_day(&self, at: usize) -> Option<Phrase<'a>> {
        let start = at + usize::from(self.word(at) == "the");
        let mut next = match (self.word(start), self.word(start + 1), self.word(start + 2)) {
            ("eod" | "cob" | "eob", ..) => start + 1,
            ("end" | "close", "of", "day" | "business" | "play" | "today") => start + 3,
            ("end", "of", "tomorrow") => return Some(Phrase::day(start + 3, self.today() + Days::new(1))),
            ("end", "of", "the") if matches!(self.word(start + 3), "day" | "workday") => start + 4,
            _ => return None,
        };
        if self.ends(next) {
            return Some(Phrase::day(next, self.today()));
        }
        let on = usize::from(self.word(next) == "on");
        next += on;
        let day = self.relative_day(next).or_else(|| self.weekday(next, Some("on"))).or_else(|| self.month_day(next));
        Some(match day.filter(|day| day.grain == Grain::Day) {
            Some(day) => day,
            None => Phrase::day(next - on, self.today()),
        })
    }

    /// `Friday`, `next Friday`, `this past Friday`, `Friday next week`, `the Friday after next`.
    pub(super) fn weekday(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
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
            direction @ ("next" | "last" | "past" | "coming" | "previous") => (direction, word()),
            "the" => match word() {
                direction @ ("past" | "last" | "coming" | "following" | "next" | "previous") => (direction, word()),
                name => ("the", name),
            },
            name => ("", name),
        };
        // `Next week on Friday`, `last week Tuesday`.
        if let (weeks @ ("next" | "last" | "this"), "week") = (self.word(at), self.word(at + 1)) {
            let place = at + 2 + usize::from(self.word(at + 2) == "on");
            let day = weekday(self.word(place)).filter(|_| self.word(place).len() > 3 && !self.ends(at + 2))?;
            let weeks = match weeks {
                "next" => 7,
                "last" => -7,
                _ => 0,
            };
            let date = monday_of(self.today()) + TimeDelta::days(weeks + i64::from(day.num_days_from_monday()));
            return Some(Phrase::day(place + 1, date));
        }
        let is_led = preposition.is_some_and(|preposition| preposition != "in");
        let day = weekday(name).filter(|_| name.len() > 3 || is_led || !matches!(direction, "" | "the"))?;
        let today = self.today();
        let monday = monday_of(today);
        let ahead = u64::from((7 + day.num_days_from_monday() - today.weekday().num_days_from_monday()) % 7);
        let back = if ahead == 0 { 7 } else { 7 - ahead };
        let in_week = |weeks: i64| monday + TimeDelta::days(weeks * 7 + i64::from(day.num_days_from_monday()));
        let date = match (direction, self.word(next), self.word(next + 1)) {
            ("" | "the", "after", "next") => {
                next += 2;
                in_week(2)
            }
            ("" | "the", "before", "last") => {
                next += 2;
                today - Days::new(back + 7)
            }
            ("", place @ ("next" | "last" | "this"), "week") => {
                next += 2;
                in_week(match place {
                    "next" => 1,
                    "last" => -1,
                    _ => 0,
                })
            }
            ("", "of" | "in", "next") if self.word(next + 2) == "week" => {
                next += 3;
                in_week(1)
            }
            ("the", ..) if !self.is_dated(next) && !is_led => return None,
            ("last" | "past" | "previous", ..) => today - Days::new(back),
            // In other languages, the coming one may be meant: no date when that is another day.
            ("next", ..) if !self.locale.is_english() && ahead > 0 && in_week(1) != today + Days::new(ahead) => {
                return Some(Phrase::void(next));
            }
            ("next", ..) => in_week(1),
            ("" | "this" | "the", ..) if self.tense == Tense::Past => today - Days::new(back % 7),
            // Before Friday, on a Friday, is before the next one.
            _ if ahead == 0 && preposition == Some("before") => today + Days::new(7),
            _ => today + Days::new(ahead),
        };
        Some(Phrase::day(next, date))
    }

    /// Whether a date or a part of the day follows `the Friday`.
    fn is_dated(&self, next: usize) -> bool {
        self.month_day(next).is_some() || self.day_of_month(next, Some("on")).is_some()
    }

    /// `May 8`, `May the 8th, 2023`, `8 May`, `the 8th of May`.
    pub(super) fn month_day(&self, at: usize) -> Option<Phrase<'a>> {
        let start = at + usize::from(self.word(at) == "the");
        let (day, month, mut next) = if let Some(month) = month(self.word(start)) {
            let at = start + 1 + usize::from(self.word(start + 1) == "the");
            (self.day_number(at)?, month, at + 1)
        } else {
            let at = start + 1 + usize::from(self.word(start + 1) == "of");
            (self.day_number(start)?, month(self.word(at))?, at + 1)
        };
        // `10 may be too many` is not a date, and `3 sec` no day in September.
        let is_verb = self.locale.is_english() && month == Month::May;
        if is_verb && matches!(self.word(next), "be" | "have" | "not" | "need" | "want" | "come" | "people") {
            return None;
        }
        // `May 8:30` and `May 8 people` are no days; the year may follow.
        let of_year = usize::from(self.word(next) == "of" || self.word(next) == "in");
        let date = match year(self.word(next + of_year)).filter(|_| !self.words[next - 1].last) {
            Some(year) => {
                next += of_year + 1;
                NaiveDate::from_ymd_opt(year, month.number_from_month(), day)
            }
            None => yearly(self.today(), month.number_from_month(), day, self.tense),
        };
        Some(Phrase::day(next, date?))
    }

    /// `The 5th`: of this month, or of the next or last one.
    pub(super) fn day_of_month(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let day = ordinal(self.word(at + 1)).filter(|_| self.word(at) == "the")?;
        let spelled = self.word(at + 1).starts_with(|first: char| first.is_ascii_digit());
        let next = at + 2;
        let ends = self.ends(next);
        if !(ends && preposition.is_some()
            || spelled && (preposition.is_some() || ends)
            || self.word(next) == "at" && preposition.is_some())
            || matches!(self.word(next), "of" | "floor" | "time" | "century" | "grade" | "place" | "street" | "one")
        {
            return None;
        }
        let today = self.today();
        let near = |months: i32| step(today, months)?.with_day(1)?.with_day(day);
        let date = match self.tense {
            Tense::Future => [0, 1, 2].into_iter().filter_map(near).find(|date| *date >= today),
            Tense::Past => [0, -1, -2].into_iter().filter_map(near).find(|date| *date <= today),
        };
        Some(Phrase::day(next, date?))
    }

    /// `2026-05-08`, `5/8`, `5/8/2026`, `21.8.2026`: in the order of the user's language.
    pub(super) fn numeric_date(&self, at: usize) -> Option<Phrase<'a>> {
        let word = self.word(at);
        let separator = ['-', '/', '.'].into_iter().find(|separator| word.contains(*separator))?;
        let parts: Vec<&str> = word.split(separator).collect();
        let digits = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        if !parts.iter().all(digits) || parts.len() > 3 {
            return None;
        }
        let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
        let date = match (numbers.as_slice(), parts[0].len()) {
            ([year, month, day], 4) if separator != '.' => NaiveDate::from_ymd_opt(*year as i32, *month, *day),
            ([first, second, year], 1 | 2) if separator != '-' || year > &99 => {
                let (day, month) = self.day_and_month(*first, *second, separator);
                let year = if parts[2].len() == 2 { 2000 + year } else { *year };
                NaiveDate::from_ymd_opt(year as i32, month, day).filter(|_| parts[2].len() != 3)
            }
            ([first, second], 1 | 2) if separator != '-' && parts[1].len() <= 2 && self.is_date(at, separator) => {
                let (day, month) = self.day_and_month(*first, *second, separator);
                yearly(self.today(), month, day, self.tense)
            }
            _ => None,
        };
        Some(Phrase::day(at + 1, date?))
    }

    /// The day and the month of two numbers; what is no month is a day.
    fn day_and_month(&self, first: u32, second: u32, separator: char) -> (u32, u32) {
        let day_first = self.locale.order() == DayOrder::DayFirst || separator == '.';
        if day_first && second <= 12 || first > 12 { (first, second) } else { (second, first) }
    }

    /// Whether two numbers with a separator are a date: `5/8` alone may be a fraction, `2.5` a number.
    fn is_date(&self, at: usize, separator: char) -> bool {
        let before = self.word_before(at);
        let is_led = matches!(
            before,
            "on" | "by" | "before" | "until" | "till" | "for" | "since" | "from" | "due" | "after" | "to" | "the"
        ) || weekday(before).is_some();
        let is_of_something = matches!(self.word(at + 1), "of" | "cup" | "cups" | "inch" | "inches" | "percent");
        is_led && !is_of_something && (separator == '/' || !self.locale.is_english())
    }

    /// `In two weeks`, `3 days ago`, `half an hour from now`, `within an hour`, `in a fortnight's time`.
    pub(super) fn relative(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let Amount { count, unit, next, is_vague } = self.amount(at)?;
        let (back, next) = match (self.word(next), self.word(next + 1)) {
            ("ago" | "back", _) => (true, next + 1),
            ("from", "now" | "today") => (false, next + 2),
            ("later", _) if preposition == Some("about") => return None,
            ("time", _) if preposition == Some("in") => (false, next + 1),
            _ if matches!(preposition, Some("in" | "within")) => (false, next),
            _ => return None,
        };
        if is_vague && !back {
            return Some(Phrase::void(next));
        }
        let sign = if back { -1.0 } else { 1.0 };
        let seconds = unit.seconds().or((unit == Unit::Day && count.fract() != 0.0).then_some(86400.0));
        if let Some(seconds) = seconds {
            // Hours pass even while clocks change.
            let away = TimeDelta::try_seconds((count * seconds * sign) as i64)?;
            let moment = self.present.naive_utc().checked_add_signed(away)?;
            return Some(Phrase { zone: Some(Tz::UTC), ..Phrase::moment(next, moment) });
        }
        let date = shift(self.today(), count * sign, unit)?;
        let around = |days| Phrase::days(next, Grain::Days, date - Days::new(days), date + Days::new(days));
        Some(match unit {
            // Two to six.
            _ if back && is_vague => {
                let far = shift(self.today(), -6.0, unit)?;
                Phrase::days(next, Grain::Days, far, shift(self.today(), -2.0, unit)?)
            }
            Unit::Week if back => around(3),
            Unit::Month if back && count.fract() != 0.0 => around(7),
            Unit::Month if back => super::spans::month_of(next, date)?,
            Unit::Year if back && count.fract() != 0.0 => super::spans::month_of(next, date)?,
            Unit::Year if back => super::spans::year_of(next, date.year())?,
            _ => Phrase::day(next, date),
        })
    }

    /// A number of units: `two weeks`, `a couple of days`, `half an hour`, `an hour and a half`, `a fortnight`.
    pub(super) fn amount(&self, at: usize) -> Option<Amount> {
        let (mut count, mut next) = match (self.word(at), self.word(at + 1), self.word(at + 2)) {
            ("half", "a" | "an", _) => (0.5, at + 2),
            ("a" | "an", "half", _) => (0.5, at + 2),
            ("a", "couple", "of") => (2.0, at + 3),
            ("a", "couple", _) => (2.0, at + 2),
            ("a", "few", _) => (3.0, at + 2),
            ("few" | "several", ..) => (3.0, at + 1),
            ("a" | "an", number_word, _) if number(number_word).is_none() => (1.0, at + 1),
            (word, "and", "a") if self.word(at + 3) == "half" => (f64::from(number(word)?) + 0.5, at + 4),
            (word, "&", "half") => (f64::from(number(word)?) + 0.5, at + 3),
            (word, ..) => (f64::from(number(word)?), at + 1),
        };
        let is_vague = matches!(self.word(next - 1), "few" | "several");
        let unit = match self.word(next) {
            "fortnight" | "fortnights" | "fortnight's" => {
                count *= 2.0;
                Unit::Week
            }
            // `In a week's time`, `in two weeks' time`.
            word => Unit::of(word.trim_end_matches("'s"))?,
        };
        next += 1;
        match (self.word(next), self.word(next + 1), self.word(next + 2)) {
            ("and", "a", "half") => (count, next) = (count + 0.5, next + 3),
            ("&", "half", _) => (count, next) = (count + 0.5, next + 2),
            _ => {}
        }
        Some(Amount { count, unit, next, is_vague })
    }
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
