//! Daily summaries: by rules, by a scripted model, and on schedule.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use reqwest::Method;
use resources::{
    Resources,
    conversations::{NewConversation, ProcessingResult},
};
use schemas::conversation::{
    Conversation, ConversationCategory, ConversationSource, ConversationStatus, Geolocation, Processor,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    support::{
        json::{column, field_names},
        model::Act,
        scripted::ServerWithModel,
        server::{Server, TestUser, on_runtime},
    },
    webhooks::rest::segment,
};

const TEST: &str = "/v1/users/daily-summary-settings/test";

/// The fields of a summary: the contract's, and `processor`.
const SUMMARY: &[&str] = &[
    "action_items",
    "created_at",
    "date",
    "day_emoji",
    "decisions_made",
    "headline",
    "highlights",
    "id",
    "knowledge_nuggets",
    "locations",
    "overview",
    "processor",
    "stats",
    "unresolved_questions",
];

/// A processed conversation.
#[derive(Clone)]
pub(crate) struct TestConversation {
    pub(crate) title: &'static str,
    pub(crate) begin: DateTime<Utc>,
    pub(crate) minutes: i64,
    pub(crate) place: Option<Geolocation>,
    pub(crate) discarded: bool,
}

impl TestConversation {
    pub(crate) fn at(begin: &str, minutes: i64, title: &'static str) -> Self {
        Self { title, begin: begin.parse().unwrap(), minutes, place: None, discarded: false }
    }

    /// Stores it for a user; gives it with its transcript.
    pub(crate) async fn store(self, resources: &Arc<Resources>, user: &str) -> Conversation {
        let (resources, user) = (Arc::clone(resources), user.to_owned());
        on_runtime(async move {
            let (id, conversations) = (resources::new_id(), resources.conversations(&user));
            let new = NewConversation {
                id: id.clone(),
                started_at: Some(self.begin),
                utc_offset: None,
                finished_at: Some(self.begin + TimeDelta::minutes(self.minutes)),
                source: ConversationSource::Omi,
                language: Some("en".into()),
                geolocation: self.place,
                external_data: None,
                client_device_id: None,
                client_platform: None,
                status: ConversationStatus::Completed,
                segments: vec![segment("s1", self.title)],
            };
            conversations.create(new).await.unwrap();
            let understood = ProcessingResult {
                discarded: self.discarded,
                title: self.title.into(),
                overview: format!("It was about {}.", self.title),
                emoji: "🦋".into(),
                category: ConversationCategory::Personal,
                events: Vec::new(),
                folder_id: None,
                processor: Processor::Local,
            };
            conversations.complete_with(&id, understood).await.unwrap();
            conversations.get(&id).await.unwrap().unwrap()
        })
        .await
    }
}

async fn set_time_zone(user: &TestUser, zone: &str) {
    user.app().patch("/v1/users/preferences", json!({ "time_zone": zone })).await.ok();
}

/// Creates the summary of a day; gives it.
async fn create_summary(user: &TestUser, date: &str) -> Value {
    let made = user.app().post(TEST, json!({ "date": date })).await.ok();
    assert_eq!(made["status"], "ok");
    let summary =
        user.app().get(&format!("/v1/users/daily-summaries/{}", made["summary_id"].as_str().unwrap())).await.ok();
    assert_eq!(made["conversations_count"], summary["stats"]["total_conversations"]);
    summary
}

#[tokio::test]
async fn a_day_is_summed_up_on_the_user_s_clock() {
    let server = Server::shared().await;
    let user = server.user().await;
    set_time_zone(&user, "Europe/Oslo").await;
    let held = async |talk: TestConversation| talk.store(&server.resources, &user.id).await.id;
    let place = Geolocation {
        google_place_id: None,
        latitude: 59.91,
        longitude: 10.75,
        address: Some("Karl Johans gate".into()),
        location_type: None,
    };
    held(TestConversation::at("2026-05-07T21:59:59Z", 50, "Too early")).await;
    let night = held(TestConversation::at("2026-05-07T22:00:00Z", 2, "Night thoughts.")).await;
    let noon = held(TestConversation {
        place: Some(place),
        ..TestConversation::at("2026-05-08T10:05:00Z", 45, "Lunch with Ana")
    })
    .await;
    held(TestConversation { discarded: true, ..TestConversation::at("2026-05-08T11:00:00Z", 300, "Noise") }).await;
    let late = held(TestConversation::at("2026-05-08T21:59:59Z", 10, "A late call")).await;
    held(TestConversation::at("2026-05-08T22:00:00Z", 70, "Too late")).await;

    let summary = create_summary(&user, "2026-05-08").await;
    assert_eq!(field_names(&summary), SUMMARY);
    assert_eq!(summary["date"], "2026-05-08");
    assert_eq!(summary["headline"], "Lunch with Ana, and 2 more conversations");
    let overview = "3 conversations of 57 minutes in all: Night thoughts; Lunch with Ana; A late call.";
    assert_eq!(summary["overview"], overview);
    let stats = json!({ "total_conversations": 3, "total_duration_minutes": 57, "action_items_count": 0 });
    assert_eq!((&summary["stats"], &summary["day_emoji"]), (&stats, &json!("📅")));
    let first = json!({
        "topic": "Lunch with Ana",
        "emoji": "🦋",
        "summary": "It was about Lunch with Ana.",
        "conversation_ids": [noon],
    });
    assert_eq!(summary["highlights"][0], first);
    let ids: Vec<&Value> =
        summary["highlights"].as_array().unwrap().iter().map(|one| &one["conversation_ids"]).collect();
    assert_eq!(ids, [&json!([noon]), &json!([late]), &json!([night])]);
    let location = json!({
        "latitude": 59.91,
        "longitude": 10.75,
        "address": "Karl Johans gate",
        "conversation_id": noon,
        "time": "12:05",
    });
    assert_eq!(summary["locations"], json!([location]));
    for empty in ["unresolved_questions", "decisions_made", "knowledge_nuggets", "action_items"] {
        assert_eq!(summary[empty], json!([]), "{empty}");
    }
    // Naive, in UTC.
    assert!(summary["created_at"].as_str().unwrap().parse::<chrono::NaiveDateTime>().is_ok());
    assert_eq!(summary["processor"], "local");
}

#[tokio::test]
async fn action_items_of_the_day_are_in_it() {
    let server = Server::shared().await;
    let user = server.user().await;
    // It is noon where this user lives.
    let zone = format!("Etc/GMT{:+}", i64::from(Utc::now().hour()) - 12);
    set_time_zone(&user, &zone).await;
    let talk = TestConversation {
        begin: Utc::now() - TimeDelta::minutes(5),
        ..TestConversation::at("2026-05-08T10:00:00Z", 5, "Photos")
    };
    talk.store(&server.resources, &user.id).await;
    let write = async |text: &str| {
        let item = user.developer().post("/v1/dev/user/action-items", json!({ "description": text })).await.ok();
        item["id"].as_str().unwrap().to_owned()
    };
    write("Send Ana the photos").await;
    let done = write("Print them").await;
    user.developer().patch(&format!("/v1/dev/user/action-items/{done}"), json!({ "completed": true })).await.ok();

    let made = user.app().bare(Method::POST, TEST).await.ok();
    let path = format!("/v1/dev/user/daily-summaries/{}", made["summary_id"].as_str().unwrap());
    let summary = user.developer().get(&path).await.ok();
    let item = |text, priority, completed| json!({ "description": text, "priority": priority, "completed": completed, "source_conversation_id": null });
    let items = json!([item("Send Ana the photos", "high", false), item("Print them", "medium", true)]);
    assert_eq!(summary["action_items"], items);
    assert_eq!(summary["stats"]["action_items_count"], 2);
}

#[tokio::test]
async fn summaries_are_listed_by_day_and_deleted() {
    let server = Server::shared().await;
    let user = server.user().await;
    for begin in ["2026-05-02T10:00:00Z", "2026-05-01T10:00:00Z", "2026-05-03T10:00:00Z"] {
        TestConversation::at(begin, 5, "Tea").store(&server.resources, &user.id).await;
    }
    let mut ids = Vec::new();
    for date in ["2026-05-02", "2026-05-01", "2026-05-03", "2026-05-02"] {
        ids.push(create_summary(&user, date).await["id"].as_str().unwrap().to_owned());
    }
    let (app, developer, mcp) = (user.app(), user.developer(), user.mcp());
    let listed = app.get("/v1/users/daily-summaries").await.ok();
    assert_eq!(field_names(&listed), ["summaries"]);
    assert_eq!(column(&listed["summaries"], "id"), [&*ids[2], &*ids[3], &*ids[0], &*ids[1]]);
    let some = app.get("/v1/users/daily-summaries?limit=1&offset=1").await.ok();
    assert_eq!(column(&some["summaries"], "id"), [&*ids[3]]);
    let days = "start_date=2026-05-02&end_date=2026-05-02";
    let some = developer.get(&format!("/v1/dev/user/daily-summaries?{days}")).await.ok();
    assert_eq!(column(&some["summaries"], "date"), ["2026-05-02"; 2]);
    let some = mcp.get("/v1/mcp/daily-summaries?start_date=2026-05-02&limit=999").await.ok();
    assert_eq!(column(&some, "date"), ["2026-05-03", "2026-05-02", "2026-05-02"]);
    let mut paged = Vec::new();
    let mut cursor = String::new();
    loop {
        let given = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let page = mcp.get(&format!("/v1/mcp/daily-summaries?limit=1{given}")).await;
        cursor = page.header("X-Next-Cursor").to_owned();
        paged.extend(column(&page.ok(), "id").into_iter().map(str::to_owned));
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(paged, [&*ids[2], &*ids[3], &*ids[0], &*ids[1]]);
    let wrong = "Invalid date format. Use YYYY-MM-DD";
    developer.get("/v1/dev/user/daily-summaries?end_date=May").await.refused(400, wrong);

    let path = format!("/v1/users/daily-summaries/{}", ids[3]);
    assert_eq!(app.delete(&path).await.ok(), json!({ "status": "ok" }));
    developer.get(&path.replace("/users/", "/dev/user/")).await.refused(404, "Daily summary not found");
    app.get(&path).await.refused(404, "Daily summary not found");
    app.delete(&path).await.refused(404, "Daily summary not found");
    assert_eq!(app.get("/v1/users/daily-summaries").await.ok()["summaries"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn days_that_cannot_be_summed_up_are_refused() {
    let app = Server::shared().await.user().await.app();
    app.post(TEST, json!({ "date": "2026-05-08" })).await.refused(400, "No conversations found for 2026-05-08");
    for wrong in ["08.05.2026", "2026-02-30", ""] {
        app.post(TEST, json!({ "date": wrong })).await.refused(400, "Invalid date format. Use YYYY-MM-DD");
    }
}

#[tokio::test]
async fn settings_are_kept() {
    let user = Server::shared().await.user().await;
    let (app, path) = (user.app(), "/v1/users/daily-summary-settings");
    assert_eq!(app.get(path).await.ok(), json!({ "enabled": true, "hour": 22 }));
    assert_eq!(app.patch(path, json!({ "hour": 0 })).await.ok(), json!({ "status": "ok" }));
    assert_eq!(app.get(path).await.ok(), json!({ "enabled": true, "hour": 0 }));
    app.patch(path, json!({ "enabled": false })).await.ok();
    for wrong in [24, -1] {
        app.patch(path, json!({ "hour": wrong })).await.refused(400, "Hour must be between 0 and 23");
    }
    assert_eq!(user.developer().get("/v1/dev/user/daily-summary-settings").await.ok()["hour"], 0);
    assert_eq!(app.get(path).await.ok(), json!({ "enabled": false, "hour": 0 }));
}

#[tokio::test]
async fn a_model_words_it_and_rules_stand_in() {
    let ServerWithModel { server, model, .. } = ServerWithModel::shared().await;
    let user = server.user().await;
    let first = TestConversation::at("2026-05-08T09:00:00Z", 5, "Seeds").store(&server.resources, &user.id).await.id;
    let second =
        TestConversation::at("2026-05-08T10:00:00Z", 9, "Compost heap").store(&server.resources, &user.id).await.id;
    let entry = |text: &str, number: u32| json!({ "text": text, "conversation": number });
    let answer = json!({
        "headline": "A day in the garden",
        "overview": "You planned the beds.",
        "day_emoji": "🌱",
        "highlights": [{ "topic": "Beds", "emoji": "🥕", "summary": "Carrots.", "conversations": [2, 7, 1] }],
        "unresolved_questions": [entry("Which seeds?", 1)],
        "decisions_made": [entry("a", 1), entry("b", 2), entry("c", 0), entry("d", 1)],
        "knowledge_nuggets": [],
    });
    model.script("Compost heap", [Act::Text(answer.to_string())]);
    let summary = create_summary(&user, "2026-05-08").await;
    assert_eq!((&summary["headline"], &summary["day_emoji"]), (&json!("A day in the garden"), &json!("🌱")));
    assert_eq!(summary["highlights"][0]["conversation_ids"], json!([second, first]));
    assert_eq!(summary["unresolved_questions"], json!([{ "question": "Which seeds?", "conversation_id": first }]));
    let decisions: Vec<_> = column(&summary["decisions_made"], "decision");
    assert_eq!(decisions, ["a", "b", "c"]);
    assert_eq!(summary["decisions_made"][2]["conversation_id"], Value::Null);
    assert_eq!((&summary["processor"], &summary["stats"]["total_duration_minutes"]), (&json!("model"), &json!(14)));

    model.script("Compost heap", [Act::Decline("no")]);
    let summary = create_summary(&user, "2026-05-08").await;
    assert_eq!(
        (&summary["headline"], &summary["processor"]),
        (&json!("Compost heap, and another conversation"), &json!("local"))
    );
}

#[tokio::test]
async fn summaries_come_of_themselves_once_a_day() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let (user, off) = (server.user().await, server.user().await);
    let idle = server.user().await;
    for user in [&user, &off] {
        set_time_zone(user, "Asia/Tokyo").await;
        for begin in ["2026-05-07T03:00:00Z", "2026-05-08T03:00:00Z"] {
            TestConversation::at(begin, 5, "Tea").store(&server.resources, &user.id).await;
        }
    }
    off.app().patch("/v1/users/daily-summary-settings", json!({ "enabled": false })).await.ok();
    let run = async |now: &str| {
        let (resources, now) = (Arc::clone(&server.resources), now.parse().unwrap());
        let stop = CancellationToken::new();
        on_runtime(async move { tools::daily_summaries::worker::write_due(&resources, now, &stop).await.unwrap() })
            .await
    };
    let dates = async |user: &TestUser| {
        let listed = user.app().get("/v1/users/daily-summaries").await.ok();
        column(&listed["summaries"], "date").join(" ")
    };
    // After an outage yesterday's summary is written, and today's is not due yet.
    let next = run("2026-05-08T12:59:00Z").await;
    assert_eq!((dates(&user).await.as_str(), next), ("2026-05-07", Some("2026-05-08T13:00:00Z".parse().unwrap())));
    run("2026-05-08T13:00:00Z").await;
    assert_eq!(dates(&user).await, "2026-05-08 2026-05-07");
    let newest = user.app().get("/v1/users/daily-summaries?limit=1").await.ok()["summaries"][0]["id"].clone();
    user.app().delete(&format!("/v1/users/daily-summaries/{}", newest.as_str().unwrap())).await.ok();
    run("2026-05-08T13:10:00Z").await;
    run("2026-05-09T01:00:00Z").await;
    assert_eq!(dates(&user).await, "2026-05-07", "never twice, even when it was deleted");
    for nobody in [&off, &idle] {
        assert_eq!(dates(nobody).await, "");
    }
    server.stop().await;
}
