//! A conversation, a memory, an action item and a goal with progress, to be drawn.

use serde_json::{Value, json};

use crate::{
    daily_summaries::rest::TestConversation,
    support::{
        server::{Server, TestUser},
        tables::{
            Expected::{self, NotFound, NothingForeign},
            Noun,
        },
    },
};

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let goal = format!("/v1/charts?what=goal_progress&per=day&goal_id={}", seed["goal"].as_str().unwrap());
        vec![goal, "/v1/charts?what=conversations&start_date=2026-05-07&end_date=2026-05-07&split_by=category".into()]
    },
    secrets: &["Walk to Maribor", "furlongs"],
    volatile: &[],
};

async fn seed(user: &TestUser) -> Value {
    let server = Server::shared().await;
    TestConversation::at("2026-05-07T10:00:00Z", 20, "The way there").store(&server.resources, &user.id).await;
    let app = user.app();
    app.post("/v3/memories", json!({ "content": "The way is long" })).await.ok();
    app.post("/v1/action-items", json!({ "description": "Lace the boots" })).await.ok();
    let goal = json!({ "title": "Walk to Maribor", "goal_type": "numeric", "target_value": 100, "unit": "furlongs" });
    let goal = app.post("/v1/goals", goal).await.ok()["id"].clone();
    let progress = format!("/v1/goals/{}/progress", goal.as_str().unwrap());
    app.patch(&progress, json!({ "current_value": 40 })).await.ok();
    json!({ "goal": goal })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let of = |what: &str, per: &str| json!({ "what": what, "per": per });
    let days = json!({ "start_date": "2026-05-07", "end_date": "2026-05-08", "per": "day", "what": "conversations" });
    let mut split = days.clone();
    split["split_by"] = "category".into();
    split["chart_type"] = "line".into();
    split["title"] = "Talks".into();
    let mut backwards = days.clone();
    backwards["end_date"] = "2026-05-06".into();
    let goal = |id: &Value| json!({ "what": "goal_progress", "per": "week", "goal_id": id });
    vec![
        ("create_chart", days),
        ("create_chart", split),
        ("create_chart", of("conversation_minutes", "month")),
        ("create_chart", of("memories", "day")),
        ("create_chart", of("action_items_created", "week")),
        ("create_chart", of("action_items_completed", "month")),
        ("create_chart", goal(&seed["goal"])),
        ("create_chart", goal(&json!("unknown"))),
        ("create_chart", of("goal_progress", "day")),
        ("create_chart", backwards),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let goal = json!({ "what": "goal_progress", "goal_id": seed["goal"] });
    let all = json!({ "what": "conversations", "split_by": "category", "start_date": "2026-05-07" });
    vec![
        ("create_chart", all, NothingForeign),
        ("create_chart", json!({ "what": "memories", "per": "day" }), NothingForeign),
        ("create_chart", json!({ "what": "action_items_created", "per": "day" }), NothingForeign),
        ("create_chart", goal, NotFound("Goal not found")),
    ]
}
