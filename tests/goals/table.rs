//! Two goals, one of them with progress, and a wish that another one could be made of.

use serde_json::{Value, json};

use crate::support::{
    server::TestUser,
    tables::{
        Expected::{self, NotFound, NothingForeign},
        Noun,
    },
};

const GONE: Expected = NotFound("Goal not found");

pub(crate) const NOUN: Noun = Noun {
    seed: |user| Box::pin(seed(user)),
    calls,
    attempts,
    owned_paths: |seed| {
        let history = format!("/v1/goals/{}/history", seed["run"].as_str().unwrap());
        vec!["/v1/goals/all?include_inactive=true".into(), history, "/v1/goals/suggest".into()]
    },
    secrets: &["Run to Bled", "Learn the lute"],
    volatile: &["id", "goal_id", "deleted_id", "ended_at", "recorded_at"],
};

async fn seed(user: &TestUser) -> Value {
    let create = async |title: &str| {
        let body = json!({ "title": title, "goal_type": "numeric", "target_value": 100, "unit": "km" });
        user.app().post("/v1/goals", body).await.ok()["id"].clone()
    };
    let (run, row) = (create("Run to Bled").await, create("Row").await);
    let path = format!("/v1/goals/{}/progress", run.as_str().unwrap());
    user.app().patch(&path, json!({ "current_value": 40 })).await.ok();
    user.app().post("/v3/memories", json!({ "content": "Ana hopes to learn the lute" })).await.ok();
    json!({ "run": run, "row": row })
}

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    let (run, row) = (&seed["run"], &seed["row"]);
    let new = json!({
        "title": "Swim", "goal_type": "numeric", "target_value": 5, "current_value": 1, "max_value": 5, "unit": "km",
        "horizon_at": "2030-01-01", "success_criteria": ["Daily"], "status": "focused", "focus_rank": 1,
    });
    vec![
        ("get_goals", json!({ "limit": 1 })),
        ("get_goals", json!({ "limit": 1, "include_inactive": true })),
        ("get_current_goal", json!({})),
        ("get_goal", json!({ "goal_id": run })),
        ("get_goal", json!({ "goal_id": "unknown" })),
        ("create_goal", new),
        ("create_goal", json!({ "title": " ", "target_value": 1 })),
        ("update_goal", json!({ "goal_id": run, "title": "Walk", "unit": null, "status": "achieved" })),
        ("update_goal", json!({ "goal_id": run })),
        ("update_goal", json!({ "goal_id": "unknown", "title": "Walk" })),
        ("update_goal_progress", json!({ "goal_id": run, "current_value": 50 })),
        ("update_goal_progress", json!({ "goal_id": "unknown", "current_value": 50 })),
        ("get_goal_history", json!({ "goal_id": run, "days": 7 })),
        ("get_goal_history", json!({ "goal_id": "unknown", "days": 7 })),
        ("delete_goal", json!({ "goal_id": row })),
        ("delete_goal", json!({ "goal_id": "unknown" })),
        ("suggest_goal", json!({})),
        ("get_goal_advice", json!({ "goal_id": run })),
        ("get_goal_advice", json!({ "goal_id": "unknown" })),
        ("extract_goal_progress", json!({ "text": "Rowed 5 km" })),
        ("extract_goal_progress", json!({ "text": "It rained" })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let id = &seed["run"];
    vec![
        ("get_goals", json!({ "include_inactive": true }), NothingForeign),
        ("get_current_goal", json!({}), NothingForeign),
        ("get_goal", json!({ "goal_id": id }), GONE),
        ("create_goal", json!({ "title": "Run", "target_value": 10, "unit": "km" }), NothingForeign),
        ("update_goal", json!({ "goal_id": id, "title": "Mine" }), GONE),
        ("update_goal_progress", json!({ "goal_id": id, "current_value": 0 }), GONE),
        ("get_goal_history", json!({ "goal_id": id }), GONE),
        ("delete_goal", json!({ "goal_id": id }), GONE),
        // A wish of his own, for the suggestion.
        ("create_memory", json!({ "content": "Bob hopes to juggle" }), NothingForeign),
        ("suggest_goal", json!({}), NothingForeign),
        ("get_goal_advice", json!({ "goal_id": id }), GONE),
        ("extract_goal_progress", json!({ "text": "I ran 7 km" }), NothingForeign),
    ]
}
