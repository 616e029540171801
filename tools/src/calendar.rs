//! Days and hours in a user's time zone.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use schemas::preferences::Preferences;

use crate::{Context, Result};

/// How far a local time that a clock change skips is moved, in quarters of an hour: one country once skipped a whole
/// day.
const MAX_SKIPPED_QUARTERS: i32 = 4 * 25;

/// The caller's time zone; UTC if it is unknown.
pub(crate) async fn user_time_zone(context: &Context) -> Result<Tz> {
    Ok(time_zone(&context.resources.preferences(&context.caller.user).get().await?))
}

/// The caller's day.
pub(crate) async fn today(context: &Context) -> Result<NaiveDate> {
    Ok(resources::now().with_timezone(&user_time_zone(context).await?).date_naive())
}

/// How the caller's words about time are read: in which time zone, and in which language.
pub(crate) async fn user_time_zone_and_language(context: &Context) -> Result<(Tz, Option<String>)> {
    let preferences = context.resources.preferences(&context.caller.user).get().await?;
    Ok((time_zone(&preferences), preferences.language))
}

/// The time zone in a user's preferences; UTC if there is none.
pub(crate) fn time_zone(preferences: &Preferences) -> Tz {
    preferences.time_zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC)
}

/// The start of a day, and of the next one.
pub(crate) fn day_bounds(zone: Tz, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let next = date.checked_add_days(Days::new(1)).unwrap_or(date);
    (to_utc(zone, date.and_time(NaiveTime::MIN)), to_utc(zone, next.and_time(NaiveTime::MIN)))
}

/// The moment of an hour of a day.
pub(crate) fn at_hour(zone: Tz, date: NaiveDate, hour: u32) -> DateTime<Utc> {
    to_utc(zone, date.and_hms_opt(hour, 0, 0).unwrap_or_else(|| date.and_time(NaiveTime::MIN)))
}

/// The moment of a local time: the first one if it is ambiguous, the next existing one if a clock change skips it.
fn to_utc(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let later = |quarters| local.checked_add_signed(TimeDelta::minutes(15) * quarters);
    let first = |time: NaiveDateTime| zone.from_local_datetime(&time).earliest();
    let found = (0..MAX_SKIPPED_QUARTERS).filter_map(later).find_map(first);
    found.map_or_else(|| local.and_utc(), |time| time.to_utc())
}

/// The Monday of the week of a day.
pub(crate) fn monday_of(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_follow_clock_changes() {
        let oslo: Tz = "Europe/Oslo".parse().unwrap();
        assert_eq!(day_bounds(oslo, day("2026-05-08")), (utc("2026-05-07T22:00:00Z"), utc("2026-05-08T22:00:00Z")));
        assert_eq!(day_bounds(oslo, day("2026-03-29")), (utc("2026-03-28T23:00:00Z"), utc("2026-03-29T22:00:00Z")));
        assert_eq!(day_bounds(oslo, day("2026-10-25")), (utc("2026-10-24T22:00:00Z"), utc("2026-10-25T23:00:00Z")));
    }

    #[test]
    fn skipped_and_ambiguous_hours_have_a_moment() {
        let oslo: Tz = "Europe/Oslo".parse().unwrap();
        assert_eq!(at_hour(oslo, day("2026-03-29"), 2), utc("2026-03-29T01:00:00Z"));
        assert_eq!(at_hour(oslo, day("2026-03-29"), 3), utc("2026-03-29T01:00:00Z"));
        assert_eq!(at_hour(oslo, day("2026-10-25"), 2), utc("2026-10-25T00:00:00Z"));
        // Midnight is skipped here, and the day begins at one.
        let cairo: Tz = "Africa/Cairo".parse().unwrap();
        assert_eq!(day_bounds(cairo, day("2026-04-24")).0, utc("2026-04-23T22:00:00Z"));
        // A whole day was skipped here.
        let apia: Tz = "Pacific/Apia".parse().unwrap();
        assert_eq!(day_bounds(apia, day("2011-12-30")).0, utc("2011-12-30T10:00:00Z"));
    }
}
