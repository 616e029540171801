//! Spans of days: weeks, weekends, months, seasons, years, and their ends.

use chrono::{Datelike, Days, Months, NaiveDate};

use super::{
    Grain, Tense,
    days::{monday_of, month, year},
    phrase::{Parser, Phrase},
};

impl<'a> Parser<'a> {
    /// The span that begins at an index.
    pub(super) fn span(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let forms = [
            self.counted(at),
            self.edge_of_span(at),
            self.named(at),
            self.month_or_year(at, preposition),
            self.season(at, preposition),
        ];
        forms.into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// `Last week`, `this weekend`, `next month`, `the past year`, `the weekend`.
    fn named(&self, at: usize) -> Option<Phrase<'a>> {
        let (direction, at) = match (self.word(at), self.word(at + 1)) {
            ("the" | "this", direction @ ("past" | "last" | "coming" | "next")) => (direction, at + 2),
            (direction @ ("this" | "next" | "last" | "past" | "coming" | "the"), _) => (direction, at + 1),
            _ => return None,
        };
        let steps: i32 = match direction {
            "last" | "past" => -1,
            "next" | "coming" => 1,
            _ => 0,
        };
        let (today, next) = (self.today(), at + 1);
        let week = |steps: i32| monday_of(today).checked_add_signed(chrono::TimeDelta::weeks(steps.into()));
        match self.word(at) {
            "week" if direction != "the" => {
                Some(Phrase::days(next, Grain::Week, week(steps)?, week(steps)? + Days::new(6)))
            }
            "weekend" => {
                let past = direction == "the" && self.tense == Tense::Past && week(0)? + Days::new(5) > today;
                let steps = if direction == "coming" {
                    0
                } else if past {
                    -1
                } else {
                    steps
                };
                let saturday = week(steps)? + Days::new(5);
                Some(Phrase::days(next, Grain::Weekend, saturday, saturday + Days::new(1)))
            }
            "month" if direction != "the" => month_of(next, step(today, steps)?),
            "year" if direction != "the" => year_of(next, today.year() + steps),
            name if direction != "the" && month(name).is_some() => {
                let named = self.calendar(name)?;
                let years = match direction {
                    "last" | "past" if named.month() >= today.month() => -1,
                    "next" | "coming" if named.month() <= today.month() => 1,
                    _ => 0,
                };
                month_of(next, named.with_year(today.year() + years)?)
            }
            _ => None,
        }
    }

    /// `The last two weeks`, `the past 3 days`, `the next few months`.
    fn counted(&self, at: usize) -> Option<Phrase<'a>> {
        let at = at + usize::from(self.word(at) == "the");
        let ahead = match self.word(at) {
            "last" | "past" => false,
            "next" | "coming" => true,
            _ => return None,
        };
        let (count, unit, next) = self.amount(at + 1)?;
        let count = if count.fract() == 0.0 && !matches!(unit, "minute" | "hour") { count } else { return None };
        let far = self.calendar(&format!("{count} {unit}{}", if ahead { "" } else { " ago" }))?;
        let (first, last) = if ahead { (self.today(), far) } else { (far, self.today()) };
        Some(Phrase::days(next, Grain::Days, first, last))
    }

    /// `The end of the month`, `the beginning of next week`, `the end of May`.
    fn edge_of_span(&self, at: usize) -> Option<Phrase<'a>> {
        let at = at + usize::from(self.word(at) == "the");
        let late = match self.word(at) {
            "end" => true,
            "beginning" | "start" => false,
            _ => return None,
        };
        let of = at + 1 + usize::from(self.word(at + 1) == "of");
        let inner = match (self.word(of), self.word(of + 1)) {
            ("the", unit @ ("week" | "month" | "year")) | (unit @ ("week" | "month" | "year"), _) => {
                let next = of + 1 + usize::from(self.word(of) == "the");
                let today = self.today();
                match unit {
                    "week" => Some(Phrase::days(next, Grain::Week, monday_of(today), monday_of(today) + Days::new(6))),
                    "month" => month_of(next, today),
                    _ => year_of(next, today.year()),
                }
            }
            _ if self.word(at + 1) == "of" => [self.named(of), self.month_or_year(of, Some("in"))]
                .into_iter()
                .flatten()
                .max_by_key(|phrase| phrase.next),
            _ => None,
        }?;
        // The end of a week is its Friday.
        let end = if inner.grain == Grain::Week { inner.last - Days::new(2) } else { inner.last };
        Some(Phrase::day(inner.next, if late { end } else { inner.first }))
    }

    /// `In May`, `May 2023`, `in 2023`. Alone, `may` and `march` are taken for verbs, and a number is not a year.
    fn month_or_year(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        if let Some(year) = year(self.word(at)) {
            let dated = matches!(preposition, Some("in" | "during" | "by" | "before" | "around"));
            return dated.then(|| year_of(at + 1, year)).flatten();
        }
        let name = month(self.word(at))?.name();
        if let Some(year) = year(self.word(at + 1)).filter(|_| !self.words[at].last) {
            return month_of(at + 2, self.calendar(&format!("1 {name} {year}"))?);
        }
        let led = matches!(preposition, Some("in" | "during" | "by" | "before" | "around"));
        if !led && !self.is_bounded(at, matches!(name, "May" | "March")) {
            return None;
        }
        let this = self.calendar(&format!("1 {name} {}", self.today().year()))?;
        let years = match self.tense {
            Tense::Future if this.month() < self.today().month() => 1,
            Tense::Past if this.month() > self.today().month() => -1,
            _ => 0,
        };
        month_of(at + 1, this.with_year(this.year() + years)?)
    }

    /// Whether a word such as `since` precedes it; what may be a verb (`to march`) also needs a month on the other
    /// side.
    fn is_bounded(&self, at: usize, verb: bool) -> bool {
        match at.checked_sub(1).map_or("", |before| self.word(before)) {
            "since" | "until" | "till" | "after" | "from" | "between" => true,
            "to" | "and" => !verb || at > 1 && month(self.word(at - 2)).is_some(),
            _ => false,
        }
    }

    /// `Last summer`, `this winter`, `in the spring`: seasons of the northern hemisphere, as whole months.
    fn season(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let (direction, at) = match self.word(at) {
            direction @ ("last" | "this" | "next" | "the") => (direction, at + 1),
            _ => return None,
        };
        let opening = match self.word(at) {
            "spring" => 3,
            "summer" => 6,
            "fall" | "autumn" => 9,
            "winter" => 12,
            _ => return None,
        };
        if direction == "the" && !matches!(preposition, Some("in" | "during" | "over")) {
            return None;
        }
        let today = self.today();
        let of = |year| NaiveDate::from_ymd_opt(year, opening, 1);
        let over = |start: NaiveDate| start + Months::new(3) - Days::new(1);
        let mut years = (-2..=2).filter_map(|years| of(today.year() + years));
        let back = direction == "last" || direction == "the" && self.tense == Tense::Past;
        let first = match direction {
            "next" => years.find(|start| *start > today),
            _ if back => years.rev().find(|start| over(*start) < today),
            _ => years.find(|start| over(*start) >= today),
        }?;
        Some(Phrase::days(at + 1, Grain::Days, first, over(first)))
    }
}

fn step(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let by = Months::new(months.unsigned_abs());
    if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) }
}

/// The month of a day.
pub(super) fn month_of<'a>(next: usize, day: NaiveDate) -> Option<Phrase<'a>> {
    let first = day.with_day(1)?;
    Some(Phrase::days(next, Grain::Month, first, first + Months::new(1) - Days::new(1)))
}

/// A year.
pub(super) fn year_of<'a>(next: usize, year: i32) -> Option<Phrase<'a>> {
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    Some(Phrase::days(next, Grain::Year, day(1, 1)?, day(12, 31)?))
}
