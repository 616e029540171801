//! iCalendar: each meeting becomes a conversation without a transcript.

use std::io::Read;

use resources::{
    documents::calendar::{Attendee, Meeting, meetings},
    memories::id_of,
};
use serde_json::{Value, json};

use super::{
    ItemKind, Sink,
    input::text,
    item::{ImportItem, ParsedItem},
    omi,
};

pub(super) fn read(reader: impl Read, send: Sink) -> Result<(), String> {
    for (place, meeting) in meetings(&text(reader)?).enumerate() {
        let item = meeting.and_then(into_conversation);
        if !send(ParsedItem::new(ItemKind::Conversation, format!("meeting {}", place + 1), item)) {
            break;
        }
    }
    Ok(())
}

/// A meeting as a conversation. A recurring meeting becomes its first occurrence; moved occurrences are separate.
fn into_conversation(meeting: Meeting) -> Result<ImportItem, String> {
    let Meeting { start, end, .. } = meeting;
    let title = meeting.summary.unwrap_or_else(|| "Meeting".into());
    let uid = meeting.uid.unwrap_or_else(|| id_of(&format!("{title}\n{start}")));
    let moved = meeting.recurrence_id.unwrap_or_default();
    let people = meeting.attendees.into_iter().map(|Attendee { name, email }| (name, email));
    let (names, emails): (Vec<String>, Vec<String>) = people.unzip();
    let origin: Value = json!({
        "imported_from": "calendar", "location": meeting.location, "rrule": meeting.rrule,
        "organizer": meeting.organizer.map(|organizer| organizer.name),
    });
    omi::conversation(json!({
        "id": id_of(&format!("meeting\n{uid}\n{moved}")),
        // Future meetings must not be listed above past conversations.
        "created_at": start.min(resources::now()), "started_at": start, "finished_at": end,
        "source": "external_integration", "status": "completed", "external_data": origin,
        "structured": { "title": title, "overview": meeting.description.unwrap_or_default(), "emoji": "📅" },
        "calendar_event": {
            "event_id": uid, "title": title, "attendees": names, "attendee_emails": emails,
            "start_time": start, "end_time": end, "html_link": meeting.url,
        },
    }))
}
