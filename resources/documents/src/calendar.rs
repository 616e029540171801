//! iCalendar: meetings with their times and people.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::parser::{Component, Property, read_calendar, unfold};

/// A meeting. Texts that are missing or empty are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the format")]
pub struct Meeting {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
    pub uid: Option<String>,
    pub summary: Option<String>,
    pub description: Option<String>,
    pub location: Option<String>,
    pub url: Option<String>,
    pub rrule: Option<String>,
    pub recurrence_id: Option<String>,
    pub organizer: Option<Attendee>,
    pub attendees: Vec<Attendee>,
}

/// Somebody who is invited to a meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// The name; the address where there is none.
    pub name: String,
    /// The email address.
    pub email: String,
}

/// The meetings of a calendar, in order. A malformed or cancelled one is the reason why it cannot be read.
pub fn meetings(text: &str) -> impl Iterator<Item = Result<Meeting, String>> + use<> {
    let text = unfold(text);
    // Each meeting is parsed separately, so that a malformed one does not affect the others.
    let parts: Vec<String> = text.split("BEGIN:VEVENT").skip(1).map(str::to_owned).collect();
    parts.into_iter().map(|part| parse_meeting(&part))
}

fn parse_meeting(part: &str) -> Result<Meeting, String> {
    let (body, _) = part.split_once("END:VEVENT").ok_or("missing END:VEVENT")?;
    let alone = format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT{body}END:VEVENT\r\nEND:VCALENDAR\r\n");
    let alone = alone.replace("\r\n", "\n").replace('\n', "\r\n");
    let calendar = read_calendar(&alone).map_err(|_| "invalid iCalendar")?;
    meeting(calendar.components.first().ok_or("empty meeting")?)
}

fn meeting(event: &Component) -> Result<Meeting, String> {
    if value(event, "STATUS").as_deref() == Some("CANCELLED") {
        return Err("the meeting was cancelled".into());
    }
    let start = time(event.find_prop("DTSTART").ok_or("missing DTSTART")?)?;
    let end = match event.find_prop("DTEND") {
        Some(end) => time(end)?,
        None => {
            let length = value(event, "DURATION").and_then(|text| duration(&text));
            let end = start.checked_add_signed(length.unwrap_or(TimeDelta::minutes(30)));
            end.ok_or("DURATION is too long")?
        }
    };
    let attendees = event.properties.iter().filter(|property| property.name == "ATTENDEE");
    Ok(Meeting {
        start,
        end,
        uid: value(event, "UID"),
        summary: value(event, "SUMMARY"),
        description: value(event, "DESCRIPTION"),
        location: value(event, "LOCATION"),
        url: value(event, "URL"),
        rrule: value(event, "RRULE"),
        recurrence_id: value(event, "RECURRENCE-ID"),
        organizer: event.find_prop("ORGANIZER").map(attendee),
        attendees: attendees.map(attendee).collect(),
    })
}

fn value(event: &Component, name: &str) -> Option<String> {
    let text = event.find_prop(name)?.val.clone().unescape_text().as_str().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn attendee(property: &Property) -> Attendee {
    let address = property.val.as_str();
    let address = address.strip_prefix("mailto:").or_else(|| address.strip_prefix("MAILTO:")).unwrap_or(address);
    let name = parameter(property, "CN").map(|name| name.trim_matches('"').to_owned());
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| address.to_owned());
    Attendee { name, email: address.to_owned() }
}

fn parameter(property: &Property, name: &str) -> Option<String> {
    let parameter = property.params.iter().find(|parameter| parameter.key == name)?;
    parameter.val.as_ref().map(|value| value.as_str().to_owned())
}

/// A time in UTC, or in its named zone; without either it is taken for UTC. A date is its first moment.
fn time(property: &Property) -> Result<DateTime<Utc>, String> {
    let text = property.val.as_str().trim();
    let zone = match parameter(property, "TZID") {
        None => Tz::UTC,
        Some(name) => name.trim_matches('"').parse().map_err(|_| format!("unknown time zone {name}"))?,
    };
    let date = || Some(NaiveDate::parse_from_str(text, "%Y%m%d").ok()?.and_time(NaiveTime::MIN));
    let naive = NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y%m%dT%H%M%S").ok().or_else(date);
    let naive = naive.ok_or_else(|| format!("{text} is not a time"))?;
    let zone = if text.ends_with('Z') { Tz::UTC } else { zone };
    zone.from_local_datetime(&naive).earliest().map(|time| time.to_utc()).ok_or_else(|| format!("{text} is not a time"))
}

/// A duration such as `PT1H30M` or `P1D`; `None` where it is malformed or too long to be one.
fn duration(text: &str) -> Option<TimeDelta> {
    let (mut seconds, mut number) = (0_i64, 0_i64);
    for letter in text.trim_start_matches(['+', 'P']).chars() {
        let unit = match letter {
            digit if digit.is_ascii_digit() => {
                number = number.checked_mul(10)?.checked_add(digit.to_digit(10)?.into())?;
                continue;
            }
            'T' => 0,
            'W' => 604_800,
            'D' => 86_400,
            'H' => 3600,
            'M' => 60,
            'S' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        number = 0;
    }
    TimeDelta::try_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<Meeting, String> {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n");
        meetings(&text).next().unwrap()
    }

    #[test]
    fn durations_that_are_too_long_are_no_crash() {
        let meeting = read("DTSTART:20260508T140000Z\nDURATION:PT1H30M").unwrap();
        assert_eq!(meeting.end - meeting.start, TimeDelta::minutes(90));
        let error = read("DTSTART:20260508T140000Z\nDURATION:P9999999999W").unwrap_err();
        assert_eq!(error, "DURATION is too long");
        for malformed in [format!("P{}D", "9".repeat(40)), "P9223372036854775807W".into(), "x".into()] {
            let meeting = read(&format!("DTSTART:20260508T140000Z\nDURATION:{malformed}")).unwrap();
            assert_eq!(meeting.end - meeting.start, TimeDelta::minutes(30), "{malformed}");
        }
    }
}
