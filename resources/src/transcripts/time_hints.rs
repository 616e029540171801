//! Time hints: the months, days and years that a query names.

use chrono::{Datelike, Month, NaiveDate, TimeDelta};

use crate::vectors::TimeHint;

/// The weights of a named month, of a day, of the days around it, and of a year alone.
const MONTH_WEIGHT: f32 = 0.5;
const DAY_WEIGHT: f32 = 1.0;
const NEAR_WEIGHT: f32 = 0.75;
const YEAR_WEIGHT: f32 = 0.15;
/// How many days around a named one are near: what happened is talked about soon after.
const NEAR_DAYS: i64 = 3;
/// How many years back a month without a year may be.
const MAX_YEARS_BACK: i32 = 40;

/// The times that a query of the day `today` names.
pub(super) fn time_hints(text: &str, today: NaiveDate) -> Vec<TimeHint> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let year = words.iter().find_map(|word| year(word));
    let years = match year {
        Some(year) => year..=year,
        None => today.year() - MAX_YEARS_BACK..=today.year() + 1,
    };
    let mut times = Vec::new();
    for (month, day) in months(&words) {
        for year in years.clone() {
            times.extend(in_month(year, month, day));
        }
    }
    if let (Some(year), true) = (year, times.is_empty()) {
        let day = |month, day| NaiveDate::from_ymd_opt(year, month, day);
        times.extend(day(1, 1).zip(day(12, 31)).map(|(from, to)| span(from, to, YEAR_WEIGHT)));
    }
    times
}

fn in_month(year: i32, month: u32, day: Option<u32>) -> Vec<TimeHint> {
    let Some(first) = NaiveDate::from_ymd_opt(year, month, 1) else { return Vec::new() };
    let last = first + TimeDelta::days(i64::from(first.num_days_in_month()) - 1);
    let mut times = vec![span(first, last, MONTH_WEIGHT)];
    if let Some(day) = day.and_then(|day| first.with_day(day)) {
        times.push(span(day - TimeDelta::days(NEAR_DAYS), day + TimeDelta::days(NEAR_DAYS), NEAR_WEIGHT));
        times.push(span(day, day, DAY_WEIGHT));
    }
    times
}

/// From the beginning of a day to the end of another.
fn span(from: NaiveDate, to: NaiveDate, weight: f32) -> TimeHint {
    let start = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    TimeHint { from: start(from), to: start(to + TimeDelta::days(1)) - 1, weight }
}

/// The named months, each with the day beside it, if there is one.
fn months(words: &[&str]) -> Vec<(u32, Option<u32>)> {
    let mut months = Vec::new();
    for (place, word) in words.iter().enumerate() {
        let before = place.checked_sub(1).map(|place| words[place]);
        let after = words.get(place + 1).copied();
        // "8 May", "8th of May", "May 8", "2023-05-08"
        let day_before = match before {
            Some("of") => place.checked_sub(2).and_then(|place| day(words[place])),
            word => word.and_then(day),
        };
        if let Some(month) = month(word, before, after) {
            months.push((month, day_before.or_else(|| after.and_then(day))));
        } else if year(word).is_some() && word.len() == 4 {
            let number = |place: usize| words.get(place).filter(|word| word.len() == 2)?.parse::<u32>().ok();
            months.extend(number(place + 1).filter(|month| (1..=12).contains(month)).map(|m| (m, number(place + 2))));
        }
    }
    months
}

/// The month that a word names, by its name or the beginning of it; some names are common words, too.
fn month(word: &str, before: Option<&str>, after: Option<&str>) -> Option<u32> {
    let plain = word.to_lowercase();
    let number = || before.or(after).is_some() && [before, after].iter().flatten().any(|word| is_number(word));
    let capital = word.starts_with(char::is_uppercase) && before.is_some();
    let month: Month = if plain == "sept" { Month::September } else { plain.parse().ok()? };
    let is_meant = match plain.as_str() {
        "may" | "march" => capital || number(),
        _ if plain.len() == 3 || plain == "sept" => number(),
        _ => true,
    };
    is_meant.then(|| month.number_from_month())
}

fn is_number(word: &str) -> bool {
    day(word).is_some() || year(word).is_some()
}

fn day(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic());
    let suffixed = matches!(word[digits.len()..].to_lowercase().as_str(), "" | "st" | "nd" | "rd" | "th");
    digits.parse().ok().filter(|day| suffixed && (1..=31).contains(day))
}

fn year(word: &str) -> Option<i32> {
    word.parse().ok().filter(|year| word.len() == 4 && (1900..2200).contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(question: &str, at: &str) -> f32 {
        let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
        let at = at.parse::<NaiveDate>().unwrap().and_hms_opt(20, 0, 0).unwrap().and_utc().timestamp();
        let times = time_hints(question, today);
        times.iter().filter(|time| (time.from..=time.to).contains(&at)).map(|time| time.weight).fold(0.0, f32::max)
    }

    #[test]
    fn days_months_and_years_are_found() {
        for question in ["Who called on 8 May, 2023?", "on May 8th 2023", "the 8th of May 2023", "calls 2023-05-08"] {
            assert_eq!(weight(question, "2023-05-08"), DAY_WEIGHT, "{question}");
            assert_eq!(weight(question, "2023-05-10"), NEAR_WEIGHT, "{question}");
            assert_eq!(weight(question, "2023-05-30"), MONTH_WEIGHT, "{question}");
            assert_eq!(weight(question, "2022-05-08"), 0.0, "{question}");
        }
        assert_eq!(weight("What did Ana do in June?", "2019-06-30"), MONTH_WEIGHT);
        assert_eq!(weight("trips in 2023", "2023-12-31"), YEAR_WEIGHT);
        assert_eq!(weight("trips in 2023", "2024-01-01"), 0.0);
        assert_eq!(weight("on 31 February 2023", "2023-02-01"), MONTH_WEIGHT);
    }

    #[test]
    fn common_words_are_no_months() {
        for question in ["May I see the decision?", "what may happen", "the march on Rome", "mar the day", "who am I"] {
            assert!(time_hints(question, NaiveDate::from_ymd_opt(2026, 6, 1).unwrap()).is_empty(), "{question}");
        }
    }
}
