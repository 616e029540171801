//! Spans of days: weeks, weekends, months, quarters, seasons, years, and their ends.

use chrono::{Datelike, Days, Months, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::{
    Grain, Tense,
    calendar::{Unit, first_of_month, monday_of, shift, step},
    days::{month, year},
    phrase::{Hour, Parser, Phrase},
    words::{number, ordinal},
};

impl<'a> Parser<'a> {
    /// The span that begins at an index.
    pub(super) fn span(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let forms = [
            self.counted(at),
            self.edge_of_span(at),
            self.named(at),
            self.week_of(at),
            self.quarter(at),
            self.month_or_year(at, preposition),
            self.season(at, preposition),
        ];
        forms.into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// `Last week`, `this weekend`, `next month`, `the past year`, `the weekend`, `the week after next`.
    fn named(&self, at: usize) -> Option<Phrase<'a>> {
        let (direction, mut at) = match (self.word(at), self.word(at + 1)) {
            ("the" | "this", direction @ ("past" | "last" | "coming" | "next" | "previous" | "following")) => {
                (direction, at + 2)
            }
            (direction @ ("this" | "next" | "last" | "past" | "coming" | "previous" | "the"), _) => (direction, at + 1),
            _ => return None,
        };
        let mut steps: i32 = match direction {
            "last" | "past" | "previous" => -1,
            "next" | "coming" | "following" => 1,
            _ => 0,
        };
        let name = self.word(at);
        let mut is_named = direction != "the";
        match (self.word(at + 1), self.word(at + 2)) {
            ("after", "next") if !is_named => (steps, is_named, at) = (2, true, at + 2),
            ("before", "last") if !is_named => (steps, is_named, at) = (-2, true, at + 2),
            _ => {}
        }
        let (today, next) = (self.today(), at + 1);
        let week = |steps: i32| monday_of(today).checked_add_signed(TimeDelta::weeks(steps.into()));
        match name {
            "week" if is_named => Some(Phrase::days(next, Grain::Week, week(steps)?, week(steps)? + Days::new(6))),
            "weekend" => {
                let past = !is_named && self.tense == Tense::Past && week(0)? + Days::new(5) > today;
                let steps = match direction {
                    "coming" => 0,
                    _ if past => -1,
                    _ => steps,
                };
                let saturday = week(steps)? + Days::new(5);
                Some(Phrase::days(next, Grain::Weekend, saturday, saturday + Days::new(1)))
            }
            "month" if is_named => month_of(next, step(today, steps)?),
            "year" if is_named => year_of(next, today.year() + steps),
            "quarter" if is_named => quarter_of(next, step(today, steps * 3)?),
            _ if is_named && steps.abs() < 2 => {
                let named = NaiveDate::from_ymd_opt(today.year(), month(name)?.number_from_month(), 1)?;
                let years = match steps {
                    -1 if named.month() >= today.month() => -1,
                    1 if named.month() <= today.month() => 1,
                    _ => 0,
                };
                month_of(next, named.with_year(today.year() + years)?)
            }
            _ => None,
        }
    }

    /// `The week of 11 May`, `the week beginning on the 11th`.
    fn week_of(&self, at: usize) -> Option<Phrase<'a>> {
        let at = at + usize::from(self.word(at) == "the");
        let after = match (self.word(at), self.word(at + 1), self.word(at + 2)) {
            ("week", "beginning" | "starting", "on") => at + 3,
            ("week", "of" | "beginning" | "commencing" | "starting", _) => at + 2,
            _ => return None,
        };
        let day = self.month_day(after).or_else(|| self.day_of_month(after, Some("on")))?;
        let monday = monday_of(day.first);
        Some(Phrase::days(day.next, Grain::Week, monday, monday + Days::new(6)))
    }

    /// `The last two weeks`, `the past 3 days`, `the next few months`, `the next 48 hours`.
    fn counted(&self, at: usize) -> Option<Phrase<'a>> {
        // A duration: `for the next two weeks`.
        if self.tense == Tense::Future && self.word_before(at) == "for" {
            return None;
        }
        let start = at;
        let at = at + usize::from(matches!(self.word(at), "the" | "these" | "this"));
        let ahead = match self.word(at) {
            "last" | "past" | "previous" => false,
            "next" => true,
            // `She is coming a week on Friday`.
            "coming" | "following" if at > start => true,
            _ => return None,
        };
        let amount = match Unit::of(self.word(at + 1)) {
            // `In the next hour`, `within the next minute`.
            Some(unit @ (Unit::Hour | Unit::Minute)) => super::days::Amount::one(unit, at + 2),
            _ => self.amount(at + 1)?,
        };
        let next = amount.next;
        if let Some(seconds) = amount.unit.seconds() {
            let length = TimeDelta::seconds((amount.count * seconds) as i64);
            // Hours pass even while clocks change.
            let now = self.present.naive_utc();
            let far = if ahead { now.checked_add_signed(length) } else { now.checked_sub_signed(length) }?;
            let (from, to) = if ahead { (now, far) } else { (far, now) };
            let (time, zone) = (Some(Hour::Within(from, to)), Some(Tz::UTC));
            return Some(Phrase { time, zone, ..Phrase::days(next, Grain::Days, from.date(), to.date()) });
        }
        let far = shift(self.today(), if ahead { amount.count } else { -amount.count }, amount.unit)?;
        let (first, last) = if ahead { (self.today(), far) } else { (far, self.today()) };
        Some(Phrase::days(next, Grain::Days, first, last))
    }

    /// `The end of the month`, `the beginning of next week`, `the end of May`, `end of Q3`.
    fn edge_of_span(&self, at: usize) -> Option<Phrase<'a>> {
        let at = at + usize::from(self.word(at) == "the");
        let late = match self.word(at) {
            "end" => true,
            "beginning" | "start" => false,
            "eow" => return self.edge_of(monday_of(self.today()), at + 1),
            "eom" => return Some(Phrase::day(at + 1, month_of(at, self.today())?.last)),
            "eoy" => return Some(Phrase::day(at + 1, year_of(at, self.today().year())?.last)),
            _ => return None,
        };
        let of = at + 1 + usize::from(self.word(at + 1) == "of");
        let inner = match (self.word(of), self.word(of + 1)) {
            ("the" | "this", unit @ ("week" | "month" | "year" | "quarter"))
            | (unit @ ("week" | "month" | "year" | "quarter"), _) => {
                let next = of + 1 + usize::from(matches!(self.word(of), "the" | "this"));
                let today = self.today();
                match unit {
                    "week" => Some(Phrase::days(next, Grain::Week, monday_of(today), monday_of(today) + Days::new(6))),
                    "month" => month_of(next, today),
                    "quarter" => quarter_of(next, today),
                    _ => year_of(next, today.year()),
                }
            }
            // `Fin juin`, `Ende Juni` have no `of`.
            _ if self.word(at + 1) == "of" || !self.locale.is_english() => {
                [self.named(of), self.quarter(of), self.month_or_year(of, Some("in"))]
                    .into_iter()
                    .flatten()
                    .max_by_key(|phrase| phrase.next)
            }
            _ => None,
        }?;
        // The end of a week is its Friday.
        let end = if inner.grain == Grain::Week { inner.last - Days::new(2) } else { inner.last };
        Some(Phrase::day(inner.next, if late { end } else { inner.first }))
    }

    /// The Friday of a week.
    fn edge_of(&self, monday: NaiveDate, next: usize) -> Option<Phrase<'a>> {
        Some(Phrase::day(next, monday.checked_add_days(Days::new(4))?))
    }

    /// `Q3`, `Q4 2026`, `the third quarter`.
    fn quarter(&self, at: usize) -> Option<Phrase<'a>> {
        let (place, mut next) = match self.word(at).strip_prefix('q').and_then(|digit| digit.parse().ok()) {
            Some(place) => (place, at + 1),
            None => {
                let start = at + usize::from(self.word(at) == "the");
                let place = match self.word(start) {
                    "last" => return None,
                    word => ordinal(word).filter(|_| self.word(start + 1) == "quarter")?,
                };
                (place, start + 2)
            }
        };
        let place: u32 = place;
        if !(1..=4).contains(&place) {
            return None;
        }
        let of = usize::from(self.word(next) == "of");
        let first = |year| NaiveDate::from_ymd_opt(year, place * 3 - 2, 1);
        if let Some(year) = year(self.word(next + of)).filter(|_| !self.ends(next)) {
            next += of + 1;
            return quarter_of(next, first(year)?);
        }
        let today = self.today();
        let this = quarter_of(next, first(today.year())?)?;
        let years = match self.tense {
            Tense::Future if this.last < today => 1,
            Tense::Past if this.first > today => -1,
            _ => 0,
        };
        quarter_of(next, first(today.year() + years)?)
    }

    /// `In May`, `May 2023`, `in 2023`. Alone, `may` and `march` are taken for verbs, and a number is not a year.
    fn month_or_year(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        const LEADING: &[&str] = &["in", "during", "by", "before", "around", "due"];
        let led = preposition.is_some_and(|preposition| LEADING.contains(&preposition));
        if let Some(year) = year(self.word(at)) {
            let plain = self.word(at).bytes().all(|byte| byte.is_ascii_digit());
            return (led && plain).then(|| year_of(at + 1, year)).flatten();
        }
        let named = month(self.word(at))?;
        if let Some(year) = year(self.word(at + 1)).filter(|_| !self.words[at].last) {
            return month_of(at + 2, NaiveDate::from_ymd_opt(year, named.number_from_month(), 1)?);
        }
        let is_verb = self.locale.is_english() && matches!(self.word(at), "may" | "march" | "mar");
        if !led && !self.is_bounded(at, is_verb) {
            return None;
        }
        let this = NaiveDate::from_ymd_opt(self.today().year(), named.number_from_month(), 1)?;
        let years = match self.tense {
            Tense::Future if this.month() < self.today().month() => 1,
            Tense::Past if this.month() > self.today().month() => -1,
            _ => 0,
        };
        month_of(at + 1, this.with_year(this.year() + years)?)
    }

    /// Whether a word such as `since` precedes it; what may be a verb (`to march`) also needs a month on the other
    /// side.
    fn is_bounded(&self, at: usize, is_verb: bool) -> bool {
        match self.word_before(at) {
            "since" | "until" | "till" | "after" | "from" | "between" => true,
            "to" | "and" => !is_verb || at > 1 && month(self.word(at - 2)).is_some(),
            _ => false,
        }
    }

    /// `Last summer`, `this winter`, `in the spring`: seasons of the northern hemisphere, as whole months.
    fn season(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let (direction, at) = match (self.word(at), self.word(at + 1)) {
            ("the", direction @ ("last" | "this" | "next" | "past")) => (direction, at + 2),
            (direction @ ("last" | "this" | "next" | "the" | "past"), _) => (direction, at + 1),
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
        let back = matches!(direction, "last" | "past") || direction == "the" && self.tense == Tense::Past;
        let first = match direction {
            "next" => years.find(|start| *start > today),
            _ if back => years.rev().find(|start| over(*start) < today),
            _ => years.find(|start| over(*start) >= today),
        }?;
        Some(Phrase::days(at + 1, Grain::Days, first, over(first)))
    }

    /// The number that a word means, as a day of the month.
    pub(super) fn day_number(&self, at: usize) -> Option<u32> {
        let word = self.word(at);
        ordinal(word).or_else(|| number(word).filter(|_| word.len() <= 2)).filter(|day| (1..=31).contains(day))
    }
}

/// The month of a day.
pub(super) fn month_of<'a>(next: usize, day: NaiveDate) -> Option<Phrase<'a>> {
    let first = first_of_month(day);
    Some(Phrase::days(next, Grain::Month, first, step(first, 1)?.pred_opt()?))
}

/// The quarter of a day.
fn quarter_of<'a>(next: usize, day: NaiveDate) -> Option<Phrase<'a>> {
    let first = NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1)?;
    Some(Phrase::days(next, Grain::Days, first, step(first, 3)?.pred_opt()?))
}

/// A year.
pub(super) fn year_of<'a>(next: usize, year: i32) -> Option<Phrase<'a>> {
    let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
    Some(Phrase::days(next, Grain::Year, day(1, 1)?, day(12, 31)?))
}
