//! Goals: creating them, progress, and how they end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    json::{assert_invalid, column, field_names},
    server::{Caller, Server},
};

const UNKNOWN_GOAL: &str = "goal_000000000000";

/// The fields of a goal on the developer API.
const DEVELOPER: &[&str] = &[
    "created_at",
    "current_value",
    "desired_outcome",
    "ended_at",
    "focus_rank",
    "goal_id",
    "goal_type",
    "horizon_at",
    "id",
    "is_active",
    "max_value",
    "metric",
    "min_value",
    "source",
    "status",
    "success_criteria",
    "target_value",
    "title",
    "unit",
    "updated_at",
    "why_it_matters",
];

/// Creates a goal of so many kilometres through the developer API; gives its id.
pub(crate) async fn create_goal(developer: &Caller, title: &str, target: f64) -> String {
    let new = json!({ "title": title, "goal_type": "numeric", "target_value": target, "unit": "km" });
    let goal = developer.post("/v1/dev/user/goals", new).await.ok();
    goal["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_developer_sets_a_goal_and_reads_it() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let new = json!({
        "title": " Run 100 km ",
        "goal_type": "numeric",
        "target_value": 100,
        "current_value": 2.5,
        "max_value": 100,
        "unit": "km",
        "desired_outcome": "I run without losing breath",
        "why_it_matters": "Health",
        "success_criteria": ["Three runs a week"],
        "horizon_at": "2027-01-01",
        "status": "focused",
        "focus_rank": 0,
    });
    let goal = developer.post("/v1/dev/user/goals", new).await.ok();
    assert_eq!(field_names(&goal), DEVELOPER);
    let id = goal["id"].as_str().unwrap();
    let digits = id.strip_prefix("goal_").unwrap();
    assert!(digits.len() == 12 && digits.chars().all(|digit| digit.is_ascii_hexdigit()), "{id}");
    let expected = json!({
        "id": id,
        "goal_id": id,
        "title": "Run 100 km",
        "goal_type": "numeric",
        "target_value": 100.0,
        "current_value": 2.5,
        "min_value": 0.0,
        "max_value": 100.0,
        "unit": "km",
        "is_active": true,
        "created_at": goal["created_at"],
        "updated_at": goal["created_at"],
        "ended_at": null,
        "desired_outcome": "I run without losing breath",
        "why_it_matters": "Health",
        "success_criteria": ["Three runs a week"],
        "horizon_at": "2027-01-01T00:00:00Z",
        "status": "focused",
        "focus_rank": 0,
        "metric": { "type": "numeric", "current": 2.5, "target": 100.0, "min": 0.0, "max": 100.0, "unit": "km" },
        "source": "developer",
    });
    assert_eq!(goal, expected);
    assert_eq!(developer.get(&format!("/v1/dev/user/goals/{id}")).await.ok(), goal);
    assert_eq!(developer.get("/v1/dev/user/goals").await.ok(), json!([goal]));
    assert_eq!(user.mcp().get("/v1/mcp/goals").await.ok(), json!([goal]));
    let mut in_app = goal.clone();
    in_app["advice"] = Value::Null;
    assert_eq!(user.app().get("/v1/goals").await.ok(), in_app);
    assert_eq!(user.app().get("/v1/goals/all").await.ok(), json!([in_app]));
    assert_eq!(user.app().get(&format!("/v1/goals/{id}")).await.ok(), in_app);
}

#[tokio::test]
async fn a_goal_can_do_without_a_measure() {
    let user = Server::shared().await.user().await;
    let goal = user.developer().post("/v1/dev/user/goals", json!({ "title": "Be kinder" })).await.ok();
    let measure = ["goal_type", "target_value", "current_value", "min_value", "max_value", "unit", "metric"];
    let measure: Vec<_> = measure.iter().map(|name| goal[name].clone()).collect();
    assert_eq!(json!(measure), json!(["scale", 0.0, 0.0, 0.0, 10.0, null, null]));
    assert_eq!((&goal["status"], &goal["focus_rank"]), (&json!("background"), &Value::Null));
    let path = format!("/v1/dev/user/goals/{}", goal["id"].as_str().unwrap());
    let measured = user.developer().patch(&path, json!({ "target_value": 8 })).await.ok();
    assert_eq!(measured["metric"]["target"], 8.0);
}

#[tokio::test]
async fn new_goals_are_refused_in_the_contract_s_words() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let set = async |new| developer.post("/v1/dev/user/goals", new).await;
    assert_invalid(&set(json!({})).await, &[("missing", json!(["body", "title"]))]);
    assert_invalid(&set(json!({ "title": "" })).await, &[("string_too_short", json!(["body", "title"]))]);
    assert_invalid(&set(json!({ "title": "x".repeat(501) })).await, &[("string_too_long", json!(["body", "title"]))]);
    set(json!({ "title": "  " })).await.refused(422, "title cannot be empty");
    let refused = set(json!({
        "title": "x",
        "goal_type": "odd",
        "target_value": "many",
        "desired_outcome": "x".repeat(2001),
        "success_criteria": vec!["x"; 21],
        "focus_rank": 5,
        "status": "lost",
    }));
    let places = |answer: &Value| {
        let issues = answer["detail"].as_array().unwrap().iter();
        let mut places: Vec<_> = issues.map(|issue| issue["loc"][1].as_str().unwrap().to_owned()).collect();
        places.sort_unstable();
        places
    };
    let refused = refused.await;
    assert_eq!(refused.status, 422);
    let wrong = ["desired_outcome", "focus_rank", "goal_type", "status", "success_criteria", "target_value"];
    assert_eq!(places(&refused.body), wrong);
    let app = user.app().post("/v1/goals", json!({ "title": "x" })).await;
    assert_invalid(&app, &[("missing", json!(["body", "target_value"]))]);
    assert_eq!(user.app().get("/v1/goals").await.ok(), Value::Null);
    assert_eq!(user.app().get("/v1/goals/all").await.ok(), json!([]));
}

#[tokio::test]
async fn the_app_makes_room_among_four_and_developers_touch_no_other_goal() {
    let user = Server::shared().await.user().await;
    let (app, developer) = (user.app(), user.developer());
    for title in ["One", "Two", "Three", "Four"] {
        let goal = app.post("/v1/goals", json!({ "title": title, "target_value": 10 })).await.ok();
        assert_eq!((&goal["goal_type"], &goal["source"]), (&json!("scale"), &json!("app")));
    }
    assert_eq!(column(&app.get("/v1/goals/all").await.ok(), "title"), ["One", "Two", "Three", "Four"]);
    app.post("/v1/goals", json!({ "title": "Five", "target_value": 10 })).await.ok();
    assert_eq!(column(&app.get("/v1/goals/all").await.ok(), "title"), ["Two", "Three", "Four", "Five"]);
    let all = developer.get("/v1/dev/user/goals?include_inactive=true&limit=1").await.ok();
    assert_eq!(column(&all, "title"), ["One", "Two", "Three", "Four", "Five"], "the limit does not count then");
    assert_eq!((&all[0]["is_active"], &all[0]["status"]), (&json!(false), &json!("paused")));
    assert!(all[0]["ended_at"].is_string());
    developer.post("/v1/dev/user/goals", json!({ "title": "Six" })).await.ok();
    let active = developer.get("/v1/dev/user/goals").await.ok();
    assert_eq!(column(&active, "title"), ["Two", "Three", "Four", "Five", "Six"]);
    assert_eq!(column(&developer.get("/v1/dev/user/goals?limit=2").await.ok(), "title"), ["Five", "Six"]);
    assert_eq!(column(&app.get("/v1/goals/all").await.ok(), "title"), ["Three", "Four", "Five", "Six"]);
    let many = (0..6).map(|_| app.post("/v1/goals", json!({ "title": "Many", "target_value": 1 })));
    futures::future::join_all(many).await.into_iter().for_each(|answer| drop(answer.ok()));
    let active = developer.get("/v1/dev/user/goals?limit=100").await.ok();
    assert_eq!(column(&active, "title"), ["Many"; 4], "concurrent creations make room too");
}

#[tokio::test]
async fn the_focused_goal_comes_first_else_the_newest() {
    let user = Server::shared().await.user().await;
    let (app, developer) = (user.app(), user.developer());
    let first = async || app.get("/v1/goals").await.ok()["title"].clone();
    let [one, two, _] = [
        create_goal(&developer, "One", 1.0).await,
        create_goal(&developer, "Two", 1.0).await,
        create_goal(&developer, "Three", 1.0).await,
    ];
    assert_eq!(first().await, "Three");
    let focus = async |id: &str, rank: u32| {
        let change = json!({ "status": "focused", "focus_rank": rank });
        developer.patch(&format!("/v1/dev/user/goals/{id}"), change).await.ok();
    };
    focus(&one, 2).await;
    assert_eq!(first().await, "One");
    focus(&two, 0).await;
    assert_eq!(first().await, "Two");
    assert_eq!(developer.get("/v1/dev/user/goals/current").await.ok()["title"], "Two");
}

#[tokio::test]
async fn a_goal_is_changed_field_by_field() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let id = create_goal(&developer, "Run", 100.0).await;
    let path = format!("/v1/dev/user/goals/{id}");
    let before = developer.get(&path).await.ok();
    let change = json!({
        "title": " Walk ", "goal_type": "scale", "target_value": 5, "current_value": 1, "min_value": -1, "max_value": 6,
        "unit": "points", "desired_outcome": "Calm", "why_it_matters": "Sleep", "success_criteria": ["a", "b"],
        "horizon_at": "2027-02-03T04:05:06Z", "focus_rank": 3,
    });
    let goal = developer.patch(&path, change).await.ok();
    assert_eq!(field_names(&goal), DEVELOPER);
    assert_eq!(goal["title"], "Walk");
    let metric = json!({ "type": "scale", "current": 1.0, "target": 5.0, "min": -1.0, "max": 6.0, "unit": "points" });
    assert_eq!(goal["metric"], metric);
    assert_eq!((&goal["horizon_at"], &goal["focus_rank"]), (&json!("2027-02-03T04:05:06Z"), &json!(3)));
    assert_eq!((&goal["success_criteria"], &goal["why_it_matters"]), (&json!(["a", "b"]), &json!("Sleep")));
    assert_eq!(goal["created_at"], before["created_at"]);
    assert!(goal["updated_at"].as_str() > before["updated_at"].as_str());
    assert_eq!(developer.get(&path).await.ok(), goal);
    let nulls = json!({
        "unit": null, "desired_outcome": null, "why_it_matters": null, "horizon_at": null, "focus_rank": null,
    });
    let cleared = developer.patch(&path, nulls).await.ok();
    for name in ["unit", "desired_outcome", "why_it_matters", "horizon_at", "focus_rank"] {
        assert_eq!(cleared[name], Value::Null, "{name}");
    }
    assert_eq!(cleared["title"], "Walk");
    let in_app = user.app().patch(&format!("/v1/goals/{id}"), json!({ "title": "Stroll" })).await.ok();
    assert_eq!((&in_app["title"], &in_app["advice"]), (&json!("Stroll"), &Value::Null));
}

#[tokio::test]
async fn a_goal_ends_and_is_taken_up_again() {
    let developer = Server::shared().await.user().await.developer();
    let id = create_goal(&developer, "Run", 100.0).await;
    let path = format!("/v1/dev/user/goals/{id}");
    for status in ["achieved", "abandoned", "paused"] {
        let ended = developer.patch(&path, json!({ "status": status })).await.ok();
        assert_eq!((&ended["status"], &ended["is_active"]), (&json!(status), &json!(false)));
        assert!(ended["ended_at"].is_string());
        assert_eq!(developer.get("/v1/dev/user/goals").await.ok(), json!([]));
        let again = developer.patch(&path, json!({ "status": "background" })).await.ok();
        assert_eq!((&again["is_active"], &again["ended_at"]), (&json!(true), &Value::Null));
    }
}

#[tokio::test]
async fn changes_are_refused_in_the_contract_s_words() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let id = create_goal(&developer, "Run", 100.0).await;
    let (path, in_app) = (format!("/v1/dev/user/goals/{id}"), format!("/v1/goals/{id}"));
    for empty in [json!({}), json!({ "unknown": 1 })] {
        developer.patch(&path, empty.clone()).await.refused(422, "At least one field must be provided");
        user.app().patch(&in_app, empty).await.refused(400, "No updates provided");
    }
    let null = developer.patch(&path, json!({ "title": null, "target_value": null })).await;
    let places: Vec<&Value> = null.body["detail"].as_array().unwrap().iter().map(|issue| &issue["loc"]).collect();
    assert_eq!((null.status, json!(places)), (422, json!([["body", "title"], ["body", "target_value"]])));
    developer.patch(&path, json!({ "title": " " })).await.refused(422, "title cannot be empty");
    let unknown = format!("/v1/dev/user/goals/{UNKNOWN_GOAL}");
    developer.patch(&unknown, json!({ "title": "x" })).await.refused(404, "Goal not found");
    developer.get(&unknown).await.refused(404, "Goal not found");
    developer.delete(&unknown).await.refused(404, "Goal not found");
    user.app()
        .patch(&format!("/v1/goals/{UNKNOWN_GOAL}"), json!({ "title": "x" }))
        .await
        .refused(404, "Goal not found");
    assert_eq!(developer.get(&path).await.ok()["title"], "Run");
}

#[tokio::test]
async fn progress_comes_by_query_or_body_and_makes_the_history() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let id = create_goal(&developer, "Run", 100.0).await;
    for (caller, goals) in [(&developer, "/v1/dev/user/goals"), (&user.app(), "/v1/goals")] {
        let path = format!("{goals}/{id}/progress");
        let goal = caller.bare(Method::PATCH, &format!("{path}?current_value=3.5")).await.ok();
        assert_eq!((&goal["current_value"], &goal["metric"]["current"]), (&json!(3.5), &json!(3.5)));
        let goal = caller.patch(&path, json!({ "current_value": 4 })).await.ok();
        assert_eq!(goal["current_value"], 4.0);
        assert_invalid(&caller.bare(Method::PATCH, &path).await, &[("missing", json!(["query", "current_value"]))]);
        let wrong = caller.bare(Method::PATCH, &format!("{path}?current_value=much")).await;
        assert_eq!((wrong.status, &wrong.body["detail"][0]["loc"]), (422, &json!(["query", "current_value"])));
        let unknown = caller.bare(Method::PATCH, &format!("{goals}/{UNKNOWN_GOAL}/progress?current_value=1")).await;
        unknown.refused(404, "Goal not found");
        let history = caller.get(&format!("{goals}/{id}/history")).await.ok();
        assert_eq!(history.as_array().unwrap().len(), 1, "one point a day, the last value wins: {history}");
        assert_eq!(field_names(&history[0]), ["date", "recorded_at", "value"]);
        assert_eq!(history[0]["value"], 4.0);
        let recorded = history[0]["recorded_at"].as_str().unwrap();
        assert_eq!(history[0]["date"], recorded[..10]);
        for days in [0, 366] {
            assert_eq!(caller.get(&format!("{goals}/{id}/history?days={days}")).await.status, 422);
        }
        caller.get(&format!("{goals}/{UNKNOWN_GOAL}/history")).await.refused(404, "Goal not found");
    }
    let changed = json!({ "current_value": 7 });
    developer.patch(&format!("/v1/dev/user/goals/{id}"), changed).await.ok();
    let history = developer.get(&format!("/v1/dev/user/goals/{id}/history?days=365")).await.ok();
    assert_eq!(history[0]["value"], 7.0, "a changed value is progress too");
}

#[tokio::test]
async fn a_goal_is_deleted_with_its_history() {
    let user = Server::shared().await.user().await;
    let developer = user.developer();
    let [one, two] = [create_goal(&developer, "One", 1.0).await, create_goal(&developer, "Two", 1.0).await];
    developer.bare(Method::PATCH, &format!("/v1/dev/user/goals/{one}/progress?current_value=1")).await.ok();
    let deleted = developer.delete(&format!("/v1/dev/user/goals/{one}")).await.ok();
    assert_eq!(deleted, json!({ "success": true }));
    developer.get(&format!("/v1/dev/user/goals/{one}/history")).await.refused(404, "Goal not found");
    let deleted = user.app().delete(&format!("/v1/goals/{two}")).await.ok();
    assert_eq!(deleted, json!({ "success": true, "deleted_id": two }));
    assert_eq!(developer.get("/v1/dev/user/goals?include_inactive=true").await.ok(), json!([]));
}
