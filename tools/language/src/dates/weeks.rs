//! Days counted from other days, and days of a span: `a week from Tuesday`, `the last Friday of the month`.

use chrono::{Datelike, Days, NaiveDate, TimeDelta};

use super::{
    Grain, Tense,
    calendar::{Unit, first_of_month, last_of_month, nth_weekday, shift, step},
    days::{Amount, month, weekday, year},
    phrase::{Parser, Phrase},
    words::ordinal,
};

/// A day within a month.
#[derive(Debug, Clone, Copy)]
enum DayInMonth {
    Number(u32),
    Last,
    Weekday(i32, chrono::Weekday),
    /// A week, the last being -1.
    Week(i32),
}

impl<'a> Parser<'a> {
    /// `A week from Tuesday`, `a fortnight on Friday`, `a week tomorrow`, `Tuesday week`, `two days before Christmas`.
    pub(super) fn offset_day(&self, at: usize) -> Option<Phrase<'a>> {
        self.counted_from_day(at).or_else(|| self.day_week(at)).or_else(|| self.day_beside(at))
    }

    fn counted_from_day(&self, at: usize) -> Option<Phrase<'a>> {
        let Amount { count, unit, next, is_vague } = self.amount(at)?;
        if unit.seconds().is_some() || is_vague || count.fract() != 0.0 {
            return None;
        }
        let (sign, from) = match self.word(next) {
            "from" | "after" => (1.0, next + 1),
            "before" => (-1.0, next + 1),
            "on" if unit == Unit::Week => (1.0, next + 1),
            _ if unit == Unit::Week && !self.ends(next) => (1.0, next),
            _ => return None,
        };
        let day = if from == next {
            // `A week tomorrow`, `a week Tuesday`.
            let names_day = matches!(self.word(from), "today" | "tomorrow" | "yesterday")
                || weekday(self.word(from)).is_some_and(|_| self.word(from).len() > 3);
            self.plain_day(from, None).filter(|_| names_day)
        } else {
            self.plain_day(from, Some("on"))
        };
        let day = day.filter(|day| day.is_day() && day.time.is_none())?;
        let date = shift(day.first, count * sign, unit)?;
        Some(day.clone().moved_to(day.next, date))
    }

    /// `Tuesday week`, `this Friday week`, `tomorrow week`.
    fn day_week(&self, at: usize) -> Option<Phrase<'a>> {
        let named = match self.word(at) {
            "today" | "tomorrow" => self.plain_day(at, None),
            "this" | "on" => self.weekday(at, Some("on")),
            word => weekday(word).and_then(|_| self.weekday(at, Some("on"))),
        };
        let day = named.filter(|day| day.next <= at + 2 && !self.ends(day.next))?;
        // `Freitag in einer Woche`.
        if self.word(day.next) == "in" && !self.locale.is_english() {
            let amount = self.amount(day.next + 1).filter(|amount| amount.unit == Unit::Week)?;
            let date = shift(day.first, amount.count, amount.unit)?;
            return Some(day.moved_to(amount.next, date));
        }
        if self.word(day.next) != "week" {
            return None;
        }
        Some(day.clone().moved_to(day.next + 1, day.first + Days::new(7)))
    }

    /// `The day after Christmas`, `the day before Friday`, `the week before Christmas`.
    fn day_beside(&self, at: usize) -> Option<Phrase<'a>> {
        let at = at + usize::from(self.word(at) == "the");
        let sign = match (self.word(at), self.word(at + 1)) {
            ("day" | "week", "after") => 1,
            ("day" | "week", "before") => -1,
            _ => return None,
        };
        let day = self.plain_day(at + 2, Some("on")).filter(|day| day.is_day() && day.time.is_none())?;
        if self.word(at) == "day" {
            return Some(day.clone().moved_to(day.next, day.first + TimeDelta::days(sign)));
        }
        let edge = day.first + TimeDelta::days(sign * 7);
        let (first, last) = if sign > 0 { (day.first, edge) } else { (edge, day.first) };
        Some(Phrase::days(day.next, Grain::Days, first, last))
    }

    /// `The first Monday in June`, `the last day of the month`, `the 15th of next month`, `the first week of May`.
    pub(super) fn day_of_span(&self, at: usize) -> Option<Phrase<'a>> {
        let start = at + usize::from(self.word(at) == "the");
        let (day, of) = self.day_in_month(start)?;
        if !matches!(self.word(of), "of" | "in") || self.ends(of) {
            return None;
        }
        let (first, next, is_open) = self.month_at(of + 1)?;
        let in_month = |first: NaiveDate| match day {
            DayInMonth::Number(day) => first.with_day(day).map(|day| (day, day)),
            DayInMonth::Last => last_of_month(first).map(|day| (day, day)),
            DayInMonth::Weekday(place, day) => nth_weekday(first, place, day).map(|day| (day, day)),
            DayInMonth::Week(-1) => last_of_month(first).map(|day| (day - Days::new(6), day)),
            DayInMonth::Week(place) => {
                let day = first + TimeDelta::weeks(i64::from(place) - 1);
                Some((day, day + Days::new(6)))
            }
        };
        let today = self.today();
        let fits = |(first, last): &(NaiveDate, NaiveDate)| {
            if self.tense == Tense::Future { *last >= today } else { *first <= today }
        };
        let sign = if self.tense == Tense::Future { 1 } else { -1 };
        // `The first of the month` is next month's, once it has passed.
        let steps: &[i32] = match is_open {
            Some(Unit::Month) => &[0, 1, 2],
            Some(_) => &[0, 12],
            None => &[0],
        };
        let candidates = steps.iter().filter_map(|months| in_month(step(first, sign * months)?));
        let (first, last) = match is_open {
            Some(_) => candidates.into_iter().find(fits)?,
            None => in_month(first)?,
        };
        let grain = if first == last { Grain::Day } else { Grain::Days };
        Some(Phrase::days(next, grain, first, last))
    }

    /// A day within a month, and the index after it.
    fn day_in_month(&self, at: usize) -> Option<(DayInMonth, usize)> {
        let place = match self.word(at) {
            "last" => -1,
            word => i32::try_from(ordinal(word)?).ok()?,
        };
        let next = self.word(at + 1);
        if let Some(day) = weekday(next).filter(|_| (-1..=5).contains(&place)) {
            return Some((DayInMonth::Weekday(place, day), at + 2));
        }
        match (place, next) {
            (-1, "day") => Some((DayInMonth::Last, at + 2)),
            (-1..=4, "week") => Some((DayInMonth::Week(place), at + 2)),
            (-1, "of") => Some((DayInMonth::Last, at + 1)),
            (1.., "day") => Some((DayInMonth::Number(place as u32), at + 2)),
            (1.., _) => Some((DayInMonth::Number(place as u32), at + 1)),
            _ => None,
        }
    }

    /// The first day of a month, the index after it, and in which steps it may be another one, if it is not certain:
    /// `the month`, `June`.
    fn month_at(&self, at: usize) -> Option<(NaiveDate, usize, Option<Unit>)> {
        let today = first_of_month(self.today());
        let pair = match (self.word(at), self.word(at + 1)) {
            ("the", "month") => (today, at + 2, Some(Unit::Month)),
            ("this", "month") => (today, at + 2, None),
            ("next" | "coming" | "following", "month") => (step(today, 1)?, at + 2, None),
            ("the", "next" | "following" | "coming") if self.word(at + 2) == "month" => (step(today, 1)?, at + 3, None),
            ("last" | "previous", "month") => (step(today, -1)?, at + 2, None),
            (name, next) => {
                let number = month(name)?.number_from_month();
                match year(next).filter(|_| !self.ends(at + 1)) {
                    Some(year) => (NaiveDate::from_ymd_opt(year, number, 1)?, at + 2, None),
                    None => (NaiveDate::from_ymd_opt(today.year(), number, 1)?, at + 1, Some(Unit::Year)),
                }
            }
        };
        Some(pair)
    }
}
