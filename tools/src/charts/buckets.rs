//! Consecutive days, weeks or months in a time zone.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use chrono_tz::Tz;
use schemas::chart::ChartGrain;

use crate::{
    Error, Result,
    calendar::{day_bounds, monday_of},
};

/// The maximum number of points in a chart.
const MAX_POINTS: usize = 400;

/// Consecutive days, weeks or months; initially at least one.
pub(super) struct Buckets {
    grain: ChartGrain,
    zone: Tz,
    /// The first day of each.
    starts: Vec<NaiveDate>,
}

impl Buckets {
    /// The buckets between two days, as clients write them.
    pub(super) fn between(grain: ChartGrain, zone: Tz, first: Option<&str>, last: Option<&str>) -> Result<Self> {
        let today = resources::now().with_timezone(&zone).date_naive();
        let last = last.map(|text| day("end_date", text, zone)).transpose()?.unwrap_or(today);
        let default_first = || match grain {
            ChartGrain::Day => last.checked_sub_days(Days::new(13)),
            ChartGrain::Week => last.checked_sub_days(Days::new(7 * 7)),
            ChartGrain::Month => last.checked_sub_months(Months::new(11)),
        };
        let first = first.map(|text| day("start_date", text, zone)).transpose()?.or_else(default_first).unwrap_or(last);
        if first > last {
            return Err(Error::Invalid("start_date is after end_date".into()));
        }
        let mut starts = vec![begin(grain, first)];
        while let Some(next) = starts.last().and_then(|start| next(grain, *start)).filter(|next| *next <= last) {
            if starts.len() == MAX_POINTS {
                let advice = "use a shorter time range or larger steps";
                return Err(Error::Invalid(format!("The chart would have more than {MAX_POINTS} points: {advice}")));
            }
            starts.push(next);
        }
        Ok(Self { grain, zone, starts })
    }

    /// The start of the first and the end of the last one.
    pub(super) fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (self.moment(self.starts[0]), self.end(self.starts[self.starts.len() - 1]))
    }

    /// A zero for each of them.
    pub(super) fn zeros(&self) -> Vec<f64> {
        vec![0.0; self.starts.len()]
    }

    /// Adds `amount` to the bucket of `time`.
    pub(super) fn add(&self, values: &mut [f64], time: DateTime<Utc>, amount: f64) {
        let day = time.with_timezone(&self.zone).date_naive();
        let place = self.starts.partition_point(|start| *start <= day);
        if let Some(value) = place.checked_sub(1).and_then(|place| values.get_mut(place)) {
            *value += amount;
        }
    }

    /// Keeps those that end after `first` and start before `last`, possibly none. Returns the value at the end of each.
    pub(super) fn narrow(
        &mut self,
        first: Option<DateTime<Utc>>,
        last: DateTime<Utc>,
        value: impl Fn(DateTime<Utc>) -> f64,
    ) -> Vec<f64> {
        let mut starts = std::mem::take(&mut self.starts);
        starts.retain(|start| first.is_none_or(|first| self.end(*start) > first) && self.moment(*start) <= last);
        self.starts = starts;
        self.starts.iter().map(|start| value(self.end(*start))).collect()
    }

    /// Their labels: `4 May`, or `May 2026` for a month; with the year where it changes.
    pub(super) fn labels(&self) -> Vec<String> {
        let within_a_year = self.starts.first().map(Datelike::year) == self.starts.last().map(Datelike::year);
        let format = match self.grain {
            ChartGrain::Month => "%B %Y",
            _ if within_a_year => "%-d %B",
            _ => "%-d %B %Y",
        };
        self.starts.iter().map(|start| start.format(format).to_string()).collect()
    }

    /// Their unit, for a title.
    pub(super) fn per(&self) -> &'static str {
        match self.grain {
            ChartGrain::Day => "per day",
            ChartGrain::Week => "per week",
            ChartGrain::Month => "per month",
        }
    }

    /// Their unit, for an axis.
    pub(super) fn x_label(&self) -> &'static str {
        match self.grain {
            ChartGrain::Day => "day",
            ChartGrain::Week => "week from",
            ChartGrain::Month => "month",
        }
    }

    /// The end of the bucket that starts on this day.
    fn end(&self, start: NaiveDate) -> DateTime<Utc> {
        self.moment(next(self.grain, start).unwrap_or(start))
    }

    fn moment(&self, day: NaiveDate) -> DateTime<Utc> {
        day_bounds(self.zone, day).0
    }
}

/// Parses a day as clients write it: a date, or a time on that day.
fn day(name: &str, text: &str, zone: Tz) -> Result<NaiveDate> {
    let time = || Some(DateTime::parse_from_rfc3339(text.trim()).ok()?.with_timezone(&zone).date_naive());
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok().or_else(time);
    // Later steps must not overflow the calendar.
    let day = day.filter(|day| (1..=9998).contains(&day.year()));
    day.ok_or_else(|| Error::Invalid(format!("{name} must be a day, written as yyyy-mm-dd")))
}

fn begin(grain: ChartGrain, day: NaiveDate) -> NaiveDate {
    match grain {
        ChartGrain::Day => day,
        ChartGrain::Week => monday_of(day),
        ChartGrain::Month => day.with_day(1).unwrap_or(day),
    }
}

fn next(grain: ChartGrain, start: NaiveDate) -> Option<NaiveDate> {
    match grain {
        ChartGrain::Day => start.checked_add_days(Days::new(1)),
        ChartGrain::Week => start.checked_add_days(Days::new(7)),
        ChartGrain::Month => start.checked_add_months(Months::new(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(grain: ChartGrain, zone: &str, first: &str, last: &str) -> Buckets {
        Buckets::between(grain, zone.parse().unwrap(), Some(first), Some(last))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn weeks_begin_on_monday_and_are_whole() {
        let weeks = between(ChartGrain::Week, "Europe/Oslo", "2026-05-06", "2026-05-19");
        assert_eq!(weeks.labels(), ["4 May", "11 May", "18 May"]);
        let (start, end) = weeks.span();
        assert_eq!(start.to_rfc3339(), "2026-05-03T22:00:00+00:00");
        assert_eq!(end.to_rfc3339(), "2026-05-24T22:00:00+00:00");
    }

    #[test]
    fn days_are_in_the_time_zone() {
        let days = between(ChartGrain::Day, "Europe/Oslo", "2026-05-07", "2026-05-08");
        let mut values = days.zeros();
        for time in ["2026-05-07T21:59:59Z", "2026-05-07T23:30:00Z", "2026-05-08T12:00:00Z"] {
            days.add(&mut values, time.parse().unwrap(), 1.0);
        }
        assert_eq!(values, [1.0, 2.0]);
    }

    #[test]
    fn labels_have_the_year_where_it_changes() {
        assert_eq!(
            between(ChartGrain::Month, "UTC", "2025-12-31", "2026-01-01").labels(),
            ["December 2025", "January 2026"]
        );
        assert_eq!(
            between(ChartGrain::Day, "UTC", "2025-12-31", "2026-01-01").labels(),
            ["31 December 2025", "1 January 2026"]
        );
    }

    #[test]
    fn default_numbers_of_buckets() {
        for (grain, number) in [(ChartGrain::Day, 14), (ChartGrain::Week, 8), (ChartGrain::Month, 12)] {
            for last in [None, Some("2026-05-31"), Some("2026-02-28"), Some("2028-02-29T23:30:00+09:00")] {
                let buckets = Buckets::between(grain, Tz::UTC, None, last).unwrap_or_else(|error| panic!("{error}"));
                assert_eq!(buckets.starts.len(), number, "{grain:?} {last:?}");
            }
        }
    }

    #[test]
    fn invalid_ranges_are_refused() {
        let refused = |first, last| Buckets::between(ChartGrain::Day, Tz::UTC, Some(first), Some(last)).is_err();
        assert!(refused("2026-05-08", "2026-05-07") && refused("May", "2026-05-07"));
        assert!(refused("2020-01-01", "2026-01-01") && refused("0000-01-01", "9999-12-31"));
    }
}
