//! iCalendar: each meeting becomes a conversation without a transcript.

use std::io::Read;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use icalendar::parser::{Component, Property, read_calendar, unfold};
use resources::memories::id_of;
use serde_json::{Value, json};

use super::{
    ItemKind, Sink,
    input::text,
    item::{ImportItem, ParsedItem},
    omi,
};

pub(super) fn read(reader: impl Read, send: Sink) -> Result<(), String> {
    let text = unfold(&text(reader)?);
    // Each meeting is parsed separately, so that a malformed one does not affect the others.
    for (place, rest) in text.split("BEGIN:VEVENT").skip(1).enumerate() {
        let body = rest.split_once("END:VEVENT").map(|(body, _)| body);
        let alone = body.map(|body| format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT{body}END:VEVENT\r\nEND:VCALENDAR\r\n"));
        let meeting = match alone {
            None => Err("missing END:VEVENT".into()),
            Some(alone) => match read_calendar(&alone.replace("\r\n", "\n").replace('\n', "\r\n")) {
                Ok(calendar) => calendar.components.first().ok_or("empty meeting".to_owned()).and_then(meeting),
                Err(_) => Err("invalid iCalendar".into()),
            },
        };
        if !send(ParsedItem::new(ItemKind::Conversation, format!("meeting {}", place + 1), meeting)) {
            break;
        }
    }
    Ok(())
}

/// A meeting as a conversation. A recurring meeting becomes its first occurrence; moved occurrences are separate.
fn meeting(event: &Component) -> Result<ImportItem, String> {
    if value(event, "STATUS").as_deref() == Some("CANCELLED") {
        return Err("the meeting was cancelled".into());
    }
    let start = time(event.find_prop("DTSTART").ok_or("missing DTSTART")?)?;
    let end = match event.find_prop("DTEND") {
        Some(end) => time(end)?,
        None => start + value(event, "DURATION").and_then(|text| duration(&text)).unwrap_or(TimeDelta::minutes(30)),
    };
    let title = value(event, "SUMMARY").unwrap_or_else(|| "Meeting".into());
    let uid = value(event, "UID").unwrap_or_else(|| id_of(&format!("{title}\n{start}")));
    let moved = value(event, "RECURRENCE-ID").unwrap_or_default();
    let people: Vec<&Property> = event.properties.iter().filter(|property| property.name == "ATTENDEE").collect();
    let (names, emails): (Vec<String>, Vec<String>) = people.into_iter().map(attendee).unzip();
    let origin: Value = json!({
        "imported_from": "calendar", "location": value(event, "LOCATION"), "rrule": value(event, "RRULE"),
        "organizer": event.find_prop("ORGANIZER").map(|property| attendee(property).0),
    });
    omi::conversation(json!({
        "id": id_of(&format!("meeting\n{uid}\n{moved}")),
        // Future meetings must not be listed above past conversations.
        "created_at": start.min(resources::now()), "started_at": start, "finished_at": end,
        "source": "external_integration", "status": "completed", "external_data": origin,
        "structured": { "title": title, "overview": value(event, "DESCRIPTION").unwrap_or_default(), "emoji": "📅" },
        "calendar_event": {
            "event_id": uid, "title": title, "attendees": names, "attendee_emails": emails,
            "start_time": start, "end_time": end, "html_link": value(event, "URL"),
        },
    }))
}

fn value(event: &Component, name: &str) -> Option<String> {
    let text = event.find_prop(name)?.val.clone().unescape_text().as_str().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// The name and the email address of an attendee; the address is the name where there is none.
fn attendee(property: &Property) -> (String, String) {
    let address = property.val.as_str();
    let address = address.strip_prefix("mailto:").or_else(|| address.strip_prefix("MAILTO:")).unwrap_or(address);
    let name = parameter(property, "CN").map(|name| name.trim_matches('"').to_owned());
    (name.filter(|name| !name.is_empty()).unwrap_or_else(|| address.to_owned()), address.to_owned())
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
    let date = || Some(NaiveDate::parse_from_str(text, "%Y%m%d").ok()?.and_time(chrono::NaiveTime::MIN));
    let naive = NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y%m%dT%H%M%S").ok().or_else(date);
    let naive = naive.ok_or_else(|| format!("{text} is not a time"))?;
    let zone = if text.ends_with('Z') { Tz::UTC } else { zone };
    zone.from_local_datetime(&naive).earliest().map(|time| time.to_utc()).ok_or_else(|| format!("{text} is not a time"))
}

/// A duration such as `PT1H30M` or `P1D`.
fn duration(text: &str) -> Option<TimeDelta> {
    let mut seconds = 0;
    let mut number = 0;
    for letter in text.trim_start_matches(['+', 'P']).chars() {
        let unit = match letter {
            digit if digit.is_ascii_digit() => {
                number = number * 10 + i64::from(digit.to_digit(10)?);
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
        seconds += number * unit;
        number = 0;
    }
    TimeDelta::try_seconds(seconds)
}
