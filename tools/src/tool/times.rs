//! Times in arguments, as clients write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset, SecondsFormat, TimeDelta, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Issue, validation_errors};
use crate::calendar;

/// Writes every time within a value as RFC 3339, in UTC unless it has another offset; returns an issue for the first text that is not a time.
pub(super) fn parse_times(schema: &Value, value: &mut Value, place: &mut Vec<Value>, zone: Tz) -> Option<Issue> {
    let schema = schema["anyOf"].get(0).unwrap_or(schema);
    let mut within = |schema: &Value, value: &mut Value, at: Value| {
        place.push(at);
        let issue = parse_times(schema, value, place, zone);
        place.pop();
        issue
    };
    match value {
        Value::String(text) if schema["format"] == "date-time" => match read_time(text, DayTime::of(place), zone) {
            Some(time) => {
                // The offset tells where the user is.
                let offset = DateTime::parse_from_rfc3339(text).map_or(Utc.fix(), |given| *given.offset());
                *text = time.with_timezone(&offset).to_rfc3339_opts(SecondsFormat::AutoSi, true);
            }
            None => return Some(validation_errors::not_a_time(place.clone(), value)),
        },
        Value::Array(items) if schema.get("items").is_some() => {
            let mut items = items.iter_mut().enumerate();
            return items.find_map(|(index, item)| within(&schema["items"], item, json!(index)));
        }
        Value::Object(fields) => {
            let properties = &schema["properties"];
            let mut known = fields.iter_mut().filter_map(|(name, value)| Some((properties.get(name)?, name, value)));
            return known.find_map(|(schema, name, value)| within(schema, value, json!(name)));
        }
        _ => {}
    }
    None
}

/// Whether a value contains a day without a time, so that the user's time zone matters.
pub(super) fn contains_day(value: &Value) -> bool {
    match value {
        Value::String(text) => parse_day(text).is_some(),
        Value::Array(items) => items.iter().any(contains_day),
        Value::Object(fields) => fields.values().any(contains_day),
        _ => false,
    }
}

/// The moment that a day without a time means.
#[derive(Clone, Copy)]
pub(crate) enum DayTime {
    /// Its first moment.
    Start,
    /// Its last moment: the last day of a range belongs to the range.
    End,
}

impl DayTime {
    /// What a day means in an argument, by the argument's name.
    fn of(place: &[Value]) -> Self {
        match place.last().and_then(Value::as_str).unwrap_or_default() {
            name if name.ends_with("end_date") => Self::End,
            _ => Self::Start,
        }
    }
}

/// Parses a time as clients write it: RFC 3339; without an offset, which is UTC; or a day in `zone`.
pub(crate) fn read_time(text: &str, day_time: DayTime, zone: Tz) -> Option<DateTime<Utc>> {
    let whole = || DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc());
    let naive = || NaiveDateTime::parse_from_str(&text.replace(' ', "T"), "%Y-%m-%dT%H:%M:%S%.f").ok();
    let day = || {
        let (start, end) = calendar::day_bounds(zone, parse_day(text)?);
        Some(match day_time {
            DayTime::Start => start,
            DayTime::End => end - TimeDelta::microseconds(1),
        })
    };
    whole().or_else(|| naive().map(|time| time.and_utc())).or_else(day)
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}
