//! Calendars.

use serde_json::json;
use tools::transfer::ItemKind;

use super::support::{assert_counts, import_fixture};
use crate::support::server::Server;

#[tokio::test]
async fn meetings_become_conversations() {
    let user = Server::shared().await.user().await;
    let report = import_fixture(&user, "meetings.ics").await;
    assert_counts(&report, ItemKind::Conversation, 2, 0, 2);
    assert!(report.reasons[0].ends_with("meeting 3: the meeting was cancelled"), "{report}");
    assert!(report.reasons[1].ends_with("meeting 4: unknown time zone Middle/Earth"), "{report}");
    let meetings = user.app().get("/v1/conversations").await.ok();
    let (offsite, budget) = (&meetings[0], &meetings[1]);
    assert_eq!(
        json!([offsite["started_at"], offsite["finished_at"], offsite["structured"]["title"]]),
        json!(["2025-03-05T00:00:00Z", "2025-03-06T00:00:00Z", "Offsite"])
    );
    let link = json!({
        "event_id": "budget@example.org", "title": "Budget, second round", "attendees": ["Bo Li", "cleo@example.org"],
        "attendee_emails": ["bo@example.org", "cleo@example.org"], "start_time": "2025-03-04T09:00:00Z",
        "end_time": "2025-03-04T10:30:00Z", "html_link": "https://example.org/budget",
    });
    assert_eq!(budget["calendar_event"], link);
    let rest = json!([budget["structured"]["overview"], budget["status"], budget["external_data"]["location"]]);
    assert_eq!(rest, json!(["We settle the budget.\nBring the numbers.", "completed", "Room 4"]));
    assert_counts(&import_fixture(&user, "meetings.ics").await, ItemKind::Conversation, 0, 2, 2);
}
