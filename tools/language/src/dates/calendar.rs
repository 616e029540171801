//! Calendar arithmetic on days and local times.

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday,
};

use super::Tense;

/// How far a local time that a clock change skips is moved, in quarters of an hour: one country once skipped a whole
/// day.
const MAX_SKIPPED_QUARTERS: i32 = 4 * 25;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Unit {
    /// The unit that a word names.
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "minute" | "minutes" | "min" | "mins" => Self::Minute,
            "hour" | "hours" | "hr" | "hrs" => Self::Hour,
            "day" | "days" => Self::Day,
            "week" | "weeks" => Self::Week,
            "month" | "months" => Self::Month,
            "year" | "years" => Self::Year,
            _ => return None,
        })
    }

    /// Its length in seconds, for units that have one on every day.
    pub(super) fn seconds(self) -> Option<f64> {
        match self {
            Self::Minute => Some(60.0),
            Self::Hour => Some(3600.0),
            _ => None,
        }
    }
}

/// The day that is `count` units after `day`, or before it if that is negative. Half a week is three days, half a month
/// fifteen.
pub(super) fn shift(day: NaiveDate, count: f64, unit: Unit) -> Option<NaiveDate> {
    let days = |count: f64| day.checked_add_signed(TimeDelta::try_days(count.trunc() as i64)?);
    match unit {
        Unit::Day => days(count),
        Unit::Week => days(count * 7.0),
        Unit::Month => {
            let whole = step(day, count.trunc() as i32)?;
            whole.checked_add_signed(TimeDelta::days((count.fract() * 30.0) as i64))
        }
        Unit::Year => step(day, (count * 12.0) as i32),
        Unit::Minute | Unit::Hour => None,
    }
}

/// The same day of another month, or the last one of a shorter month.
pub(super) fn step(day: NaiveDate, months: i32) -> Option<NaiveDate> {
    let by = Months::new(months.unsigned_abs());
    if months < 0 { day.checked_sub_months(by) } else { day.checked_add_months(by) }
}

/// The Monday of the week of a day.
pub(super) fn monday_of(day: NaiveDate) -> NaiveDate {
    day - Days::new(day.weekday().num_days_from_monday().into())
}

/// The first day of a month.
pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day - Days::new(day.day0().into())
}

/// The last day of a month.
pub(super) fn last_of_month(day: NaiveDate) -> Option<NaiveDate> {
    step(first_of_month(day), 1)?.pred_opt()
}

/// The nearest date of a month and day: today or the next one, or today or the latest one.
pub(super) fn yearly(today: NaiveDate, month: u32, day: u32, tense: Tense) -> Option<NaiveDate> {
    // A leap day is at most eight years away.
    let years = (0..=8).filter_map(|away| {
        let year = today.year() + if tense == Tense::Future { away } else { -away };
        NaiveDate::from_ymd_opt(year, month, day)
    });
    let mut fits = years.filter(|date| if tense == Tense::Future { *date >= today } else { *date <= today });
    fits.next()
}

/// The place of a weekday in a month: the first is 1, the last -1.
pub(super) fn nth_weekday(month: NaiveDate, place: i32, day: Weekday) -> Option<NaiveDate> {
    if place > 0 {
        return NaiveDate::from_weekday_of_month_opt(month.year(), month.month(), day, u8::try_from(place).ok()?);
    }
    let last = last_of_month(month)?;
    let back = (7 + last.weekday().num_days_from_monday() - day.num_days_from_monday()) % 7;
    last.checked_sub_days(Days::new(back.into()))
}

/// The moment of a local time: the first one if it is ambiguous, the next existing one if a clock change skips it by
/// less than a day. A skipped half past two is an hour later, half past three.
pub(super) fn instant<Tz: TimeZone>(zone: &Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let at = |local: NaiveDateTime| match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(time) | MappedLocalTime::Ambiguous(time, _) => Some(time.to_utc()),
        MappedLocalTime::None => None,
    };
    let hour = || local.checked_add_signed(TimeDelta::hours(1)).and_then(at);
    let later = |quarters| local.checked_add_signed(TimeDelta::minutes(15) * quarters);
    at(local)
        .or_else(hour)
        .or_else(|| (0..MAX_SKIPPED_QUARTERS).filter_map(later).find_map(at))
        .unwrap_or_else(|| local.and_utc())
}
