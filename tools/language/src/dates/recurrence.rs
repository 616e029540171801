//! Recurrences: `every Tuesday`, `on the first of each month`, `weekdays at nine`, as rules of RFC 5545.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::{
    Grain,
    calendar::{Unit, last_of_month, monday_of, nth_weekday},
    clock,
    days::weekday,
    phrase::{Hour, Parser, Phrase},
    words::{number, ordinal},
};

/// How far the first day of a recurrence is searched, in days: a leap day recurs after eight years at most.
const MAX_DAYS_AHEAD: u64 = 366 * 8 + 2;

/// A rule: when it recurs.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    Daily(u32),
    /// On some days of the week, every so many weeks.
    Weekly(u32, Vec<Weekday>),
    /// On some days of the month, the last being -1, every so many months.
    Monthly(u32, Vec<i32>),
    /// On the first, second, … or last weekday of a month.
    MonthlyWeekday(i32, Weekday),
    Yearly(u32, u32),
    /// Once in a span of days, on none in particular.
    Each(u32, Unit),
}

const WORKDAYS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

impl Rule {
    fn every(count: u32, unit: Unit) -> Option<Self> {
        match unit {
            Unit::Day => Some(Self::Daily(count)),
            Unit::Week | Unit::Month | Unit::Year => Some(Self::Each(count, unit)),
            Unit::Minute | Unit::Hour => None,
        }
    }

    /// The rule in the form of RFC 5545.
    fn to_rrule(&self) -> String {
        let code = |day: &Weekday| {
            let mut name = day.to_string().to_uppercase();
            name.truncate(2);
            name
        };
        let every = |count: u32| if count > 1 { format!(";INTERVAL={count}") } else { String::new() };
        match self {
            Self::Daily(count) => format!("FREQ=DAILY{}", every(*count)),
            Self::Weekly(count, days) => {
                let days: Vec<String> = days.iter().map(code).collect();
                format!("FREQ=WEEKLY{};BYDAY={}", every(*count), days.join(","))
            }
            Self::Monthly(count, days) => {
                let days: Vec<String> = days.iter().map(i32::to_string).collect();
                format!("FREQ=MONTHLY{};BYMONTHDAY={}", every(*count), days.join(","))
            }
            Self::MonthlyWeekday(place, day) => format!("FREQ=MONTHLY;BYDAY={place}{}", code(day)),
            Self::Yearly(month, day) => format!("FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={day}"),
            Self::Each(count, unit) => {
                let name = match unit {
                    Unit::Week => "WEEKLY",
                    Unit::Month => "MONTHLY",
                    _ => "YEARLY",
                };
                format!("FREQ={name}{}", every(*count))
            }
        }
    }

    fn includes(&self, day: NaiveDate) -> bool {
        match self {
            Self::Daily(_) | Self::Each(..) => true,
            Self::Weekly(_, days) => days.contains(&day.weekday()),
            Self::Monthly(_, days) => days.iter().any(|number| match u32::try_from(*number) {
                Ok(number) => day.day() == number,
                Err(_) => last_of_month(day) == Some(day),
            }),
            Self::MonthlyWeekday(place, weekday) => nth_weekday(day, *place, *weekday) == Some(day),
            Self::Yearly(month, number) => (day.month(), day.day()) == (*month, *number),
        }
    }

    /// The first day of the rule from a day on.
    fn first(&self, from: NaiveDate) -> Option<NaiveDate> {
        (0..MAX_DAYS_AHEAD).filter_map(|days| from.checked_add_days(Days::new(days))).find(|day| self.includes(*day))
    }
}

impl<'a> Parser<'a> {
    /// A recurrence with the hour that follows it; its first day is not in the past.
    pub(super) fn recurring(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let (rule, part, next) = self.rule(at, preposition)?;
        let Some(rule) = rule else { return Some(Phrase::void(next)) };
        let today = self.today();
        let day = match rule {
            Rule::Each(_, unit) => {
                let (first, last) = match unit {
                    Unit::Week => (monday_of(today), monday_of(today) + Days::new(6)),
                    Unit::Month => (today, last_of_month(today)?),
                    _ => (today, NaiveDate::from_ymd_opt(today.year(), 12, 31)?),
                };
                Phrase::days(next, Grain::Days, first, last)
            }
            _ => Phrase::day(next, rule.first(today)?),
        };
        let part = part.and_then(clock::part_of_day);
        let day = match part {
            Some(part) => Phrase { grain: Grain::PartOfDay, time: Some(Hour::PartOfDay(part)), ..day },
            None => day,
        };
        let mut found = self.with_hour(Phrase { recurrence: Some(rule.to_rrule()), ..day });
        // The first time is ahead.
        if found.time.is_some() && found.start() <= self.now {
            let next = found.next;
            found = found.moved_to(next, rule.first(today.succ_opt()?)?);
        }
        Some(self.with_end(found))
    }

    /// A rule with the part of the day that it names, and the index after it; no rule for what has several meanings.
    fn rule(&self, at: usize, preposition: Option<&str>) -> Option<(Option<Rule>, Option<&'a str>, usize)> {
        match self.word(at) {
            "every" | "each" => self.every(at + 1),
            "daily" | "weekly" | "monthly" | "yearly" | "annually" | "fortnightly" => self.adverb(at),
            "biweekly" | "bimonthly" => matches!(self.word(at + 1), "on" | "at").then(|| (None, None, at + 1)),
            "the" | "last" => self.monthly(at),
            word if word.ends_with('s') => self.plural(at, preposition),
            word if ordinal(word).is_some() => self.monthly(at),
            _ => None,
        }
    }

    /// What follows `every`.
    fn every(&self, at: usize) -> Option<(Option<Rule>, Option<&'a str>, usize)> {
        let at = at + usize::from(self.word(at) == "single");
        let plain = |rule, next| Some((Some(rule), None, next));
        let (count, place) = match self.word(at) {
            "other" | "second" => (2, at + 1),
            "few" => return Unit::of(self.word(at + 1)).map(|_| (None, None, at + 2)),
            "third" if weekday(self.word(at + 1)).is_some() && !matches!(self.word(at + 2), "of" | "in") => {
                return Some((None, None, at + 2));
            }
            word => match number(word).filter(|count| (2..=99).contains(count)) {
                Some(count) if Unit::of(self.word(at + 1)).is_some() => (count, at + 1),
                _ => (1, at),
            },
        };
        if let Some((rule, next)) = self.nth_of_month(at) {
            return plain(rule, next);
        }
        let word = self.word(place);
        if let Some((days, next)) = self.weekday_list(place) {
            return plain(Rule::Weekly(count, days), next);
        }
        match word {
            "weekday" | "workday" | "weekdays" if count == 1 => {
                return plain(Rule::Weekly(1, WORKDAYS.to_vec()), place + 1);
            }
            "weekend" if count == 1 => return plain(Rule::Weekly(1, vec![Weekday::Sat, Weekday::Sun]), place + 1),
            "fortnight" if count == 1 => return plain(Rule::Each(2, Unit::Week), place + 1),
            "quarter" if count == 1 => return plain(Rule::Each(3, Unit::Month), place + 1),
            "morning" | "afternoon" | "evening" | "night" if count == 1 => {
                return Some((Some(Rule::Daily(1)), Some(word), place + 1));
            }
            _ => {}
        }
        if let Some(day) = self.month_day(at).filter(|_| count == 1) {
            return plain(Rule::Yearly(day.first.month(), day.first.day()), day.next);
        }
        if let Some(day) = self.holiday(at, Some("on")).filter(|day| count == 1 && day.grain == Grain::Day) {
            // A movable holiday recurs by no such rule.
            let fixed = self.word(at) != "easter" && matches!(day.first.month(), 12 | 10 | 2 | 1 | 7);
            return fixed.then(|| (Some(Rule::Yearly(day.first.month(), day.first.day())), None, day.next));
        }
        if let Some(day) = ordinal(word).filter(|_| count == 1 && self.ends_or_at(place + 1)) {
            return plain(Rule::Monthly(1, vec![day as i32]), place + 1);
        }
        let unit = Unit::of(word)?;
        let rule = Rule::every(count, unit)?;
        self.on_day(rule, place + 1)
    }

    /// `Every week on Tuesday`, `every month on the 5th`, `weekly on Mondays`.
    fn on_day(&self, rule: Rule, next: usize) -> Option<(Option<Rule>, Option<&'a str>, usize)> {
        let on = next + usize::from(self.word(next) == "on");
        let named = match &rule {
            Rule::Each(count, Unit::Week) => {
                self.weekday_list(on).map(|(days, next)| (Rule::Weekly(*count, days), next))
            }
            Rule::Each(count, Unit::Month) if on > next => {
                let start = on + usize::from(self.word(on) == "the");
                match (self.word(start), self.word(start + 1)) {
                    ("last", "day") => Some((Rule::Monthly(*count, vec![-1]), start + 2)),
                    (place, name) if *count == 1 && weekday(name).is_some() => {
                        let place = if place == "last" { -1 } else { ordinal(place)? as i32 };
                        Some((Rule::MonthlyWeekday(place, weekday(name)?), start + 2))
                    }
                    (place, _) => {
                        let day = ordinal(place)?;
                        Some((Rule::Monthly(*count, vec![day as i32]), start + 1))
                    }
                }
            }
            Rule::Each(1, Unit::Year) if on > next => {
                self.month_day(on).map(|day| (Rule::Yearly(day.first.month(), day.first.day()), day.next))
            }
            _ => None,
        };
        let (rule, next) = named.unwrap_or((rule, next));
        Some((Some(rule), None, next))
    }

    /// `Daily at 9`, `weekly on Mondays`: without a day or an hour it is an adjective, as in `the weekly report`.
    fn adverb(&self, at: usize) -> Option<(Option<Rule>, Option<&'a str>, usize)> {
        let rule = match self.word(at) {
            "daily" => Rule::Daily(1),
            "weekly" => Rule::Each(1, Unit::Week),
            "fortnightly" => Rule::Each(2, Unit::Week),
            "monthly" => Rule::Each(1, Unit::Month),
            _ => Rule::Each(1, Unit::Year),
        };
        match self.word(at + 1) {
            "at" if rule == Rule::Daily(1) => Some((Some(rule), None, at + 1)),
            "on" => {
                let found = self.on_day(rule.clone(), at + 1)?;
                (found.0 != Some(rule)).then_some(found)
            }
            _ => None,
        }
    }

    /// `The first of each month`, `the last day of every month`, `the first Monday of each month`, `the 1st and 15th of
    /// every month`.
    fn monthly(&self, at: usize) -> Option<(Option<Rule>, Option<&'a str>, usize)> {
        let start = at + usize::from(self.word(at) == "the");
        let (rule, next) = self.place_in_month(start)?;
        let joint = usize::from(matches!(self.word(next), "of" | "in"));
        let each = matches!(self.word(next + joint), "each" | "every") && self.word(next + joint + 1) == "month";
        (joint == 1 && each).then(|| (Some(rule), None, next + 3))
    }

    /// `First Monday of the month`, after `every`.
    fn nth_of_month(&self, at: usize) -> Option<(Rule, usize)> {
        let (rule, next) = self.place_in_month(at)?;
        let named = match (self.word(next), self.word(next + 1), self.word(next + 2)) {
            ("of" | "in", "the" | "each" | "every", "month") => Some(next + 3),
            _ => None,
        };
        let is_clear = matches!(rule, Rule::MonthlyWeekday(place, _) if place == 1 || place == -1 || place > 3);
        named.map(|next| (rule.clone(), next)).or_else(|| is_clear.then_some((rule, next)))
    }

    /// `First`, `1st and 15th`, `last day`, `first Monday`.
    fn place_in_month(&self, at: usize) -> Option<(Rule, usize)> {
        let place = match self.word(at) {
            "last" => -1,
            word => ordinal(word)? as i32,
        };
        if let Some(day) = weekday(self.word(at + 1)).filter(|_| place <= 5) {
            return Some((Rule::MonthlyWeekday(place, day), at + 2));
        }
        let mut days = vec![place];
        let mut next = at + 1;
        if self.word(next) == "day" {
            next += 1;
        } else if place < 0 {
            return None;
        }
        let and = next + usize::from(self.word(next) == "and");
        let more = and + usize::from(self.word(and) == "the");
        if let Some(day) = ordinal(self.word(more)).filter(|_| and > next) {
            days.push(day as i32);
            next = more + 1;
        }
        Some((Rule::Monthly(1, days), next))
    }

    /// `Tuesdays`, `on Mondays and Wednesdays`, `weekdays at nine`, `weekends`.
    fn plural(&self, at: usize, preposition: Option<&str>) -> Option<(Option<Rule>, Option<&'a str>, usize)> {
        let (days, next) = match self.word(at) {
            "weekdays" | "workdays" => (WORKDAYS.to_vec(), at + 1),
            "weekends" => (vec![Weekday::Sat, Weekday::Sun], at + 1),
            word => {
                weekday(word.strip_suffix('s')?).filter(|_| word.len() > 6)?;
                self.weekday_list(at)?
            }
        };
        let is_led = matches!(preposition, Some("on" | "by" | "at"));
        (is_led || self.ends_or_at(next)).then_some((Some(Rule::Weekly(1, days)), None, next))
    }

    /// `Tuesday`, `Tuesdays and Thursdays`, `Monday, Wednesday and Friday`, and the index after them.
    fn weekday_list(&self, at: usize) -> Option<(Vec<Weekday>, usize)> {
        let named = |at: usize| {
            let word = self.word(at);
            weekday(word).or_else(|| weekday(word.strip_suffix('s').filter(|word| word.len() > 5)?))
        };
        let mut days = vec![named(at)?];
        let mut next = at + 1;
        while days.len() < 7 && !self.ends(next) {
            let and = next + usize::from(self.word(next) == "and");
            match named(and) {
                Some(day) => days.push(day),
                None => break,
            }
            next = and + 1;
        }
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        Some((days, next))
    }

    fn ends_or_at(&self, next: usize) -> bool {
        self.ends(next) || matches!(self.word(next), "at" | "from" | "until" | "till" | "around" | "before" | "after")
    }

    /// Adds the end of a recurrence: `every Tuesday until 30 June`.
    fn with_end(&self, found: Phrase<'a>) -> Phrase<'a> {
        if !matches!(self.word(found.next), "until" | "till") {
            return found;
        }
        match self.plain_day(found.next + 1, Some("on")).filter(Phrase::is_day) {
            Some(end) => Phrase { next: end.next, until: Some(end.first), ..found },
            None => found,
        }
    }
}
