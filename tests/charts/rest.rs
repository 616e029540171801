//! Charts of real rows, over weeks, months and time zones.

use serde_json::{Value, json};
use tools::transfer::Input;

use crate::{
    support::{
        json::{assert_invalid, field_names},
        server::{Caller, Server, TestUser},
    },
    transfer::support::import,
};

/// A user in Oslo with these rows.
async fn new_user(rows: Value) -> TestUser {
    let user = Server::shared().await.user().await;
    let report = import(&user, vec![Input::bytes("export", rows.to_string().into_bytes())]).await;
    assert_eq!(report.skipped(), 0, "{report}");
    user.app().patch("/v1/users/preferences", json!({ "time_zone": "Europe/Oslo" })).await.ok();
    user
}

/// A conversation by start, minutes and category.
fn conversation(began: &str, minutes: i64, category: &str) -> Value {
    let start: chrono::DateTime<chrono::Utc> = began.parse().unwrap();
    json!({
        "id": format!("{began} {category}"), "created_at": began, "started_at": began,
        "finished_at": start + chrono::TimeDelta::minutes(minutes), "transcript_segments": [],
        "structured": { "title": "TestConversation", "overview": "They talk.", "category": category },
    })
}

async fn chart(caller: &Caller, query: &str) -> Value {
    caller.get(&format!("/v1/charts?{query}")).await.ok()["chart_data"].take()
}

/// The points of a chart's datasets as `label value` lines, each dataset under its name.
fn points(chart: &Value) -> Vec<(String, Vec<String>)> {
    let line = |point: &Value| format!("{} {}", point["label"].as_str().unwrap(), point["value"]);
    let dataset = |dataset: &Value| {
        assert_eq!(field_names(dataset), ["color", "data_points", "label"]);
        let points = dataset["data_points"].as_array().unwrap().iter().map(line).collect();
        (dataset["label"].as_str().unwrap().to_owned(), points)
    };
    chart["datasets"].as_array().unwrap().iter().map(dataset).collect()
}

/// The points of the only dataset.
fn only(chart: &Value) -> Vec<String> {
    let mut datasets = points(chart);
    assert_eq!(datasets.len(), 1, "{chart}");
    datasets.remove(0).1
}

#[tokio::test]
async fn conversations_are_counted_on_the_user_s_clock() {
    let mut hidden = conversation("2026-05-07T12:00:00Z", 10, "work");
    hidden["discarded"] = true.into();
    let user = new_user(json!({ "conversations": [
        conversation("2026-05-03T22:30:00Z", 30, "work"),
        conversation("2026-05-07T21:30:00Z", 20, "family"),
        conversation("2026-05-07T23:30:00Z", 45, "work"),
        conversation("2026-05-20T12:00:00Z", 60, "travel"),
        hidden,
    ] }))
    .await;
    let app = user.app();
    let days = "what=conversations&per=day&start_date=2026-05-06&end_date=2026-05-08";
    let drawn = chart(&app, days).await;
    assert_eq!(field_names(&drawn), ["chart_type", "datasets", "title", "x_label", "y_label"]);
    let words = json!([drawn["chart_type"], drawn["title"], drawn["x_label"], drawn["y_label"]]);
    assert_eq!(words, json!(["bar", "Conversations per day", "day", "conversations"]));
    assert_eq!(only(&drawn), ["6 May 0.0", "7 May 1.0", "8 May 1.0"]);
    app.patch("/v1/users/preferences", json!({ "time_zone": null })).await.ok();
    assert_eq!(only(&chart(&app, days).await), ["6 May 0.0", "7 May 2.0", "8 May 0.0"]);
    app.patch("/v1/users/preferences", json!({ "time_zone": "Europe/Oslo" })).await.ok();

    let weeks = "per=week&start_date=2026-05-06&end_date=2026-05-19";
    let minutes = chart(&app, &format!("what=conversation_minutes&{weeks}")).await;
    assert_eq!(only(&minutes), ["4 May 95.0", "11 May 0.0", "18 May 60.0"], "weeks are whole, and begin on Monday");
    assert_eq!(json!([minutes["title"], minutes["x_label"]]), json!(["Minutes of conversation per week", "week from"]));
    let split = chart(&app, &format!("what=conversations&split_by=category&chart_type=line&title=Talks&{weeks}")).await;
    assert_eq!(json!([split["chart_type"], split["title"]]), json!(["line", "Talks"]));
    let line = |name: &str, values: [u8; 3]| {
        let point = |(label, value): (&str, u8)| format!("{label} {value}.0");
        (name.to_owned(), ["4 May", "11 May", "18 May"].into_iter().zip(values).map(point).collect::<Vec<_>>())
    };
    assert_eq!(points(&split), [line("Work", [2, 0, 0]), line("Family", [1, 0, 0]), line("Travel", [0, 0, 1])]);
    let months = "what=conversations&per=month&start_date=2026-04-30&end_date=2026-05-01T12:00:00Z";
    assert_eq!(only(&chart(&app, months).await), ["April 2026 0.0", "May 2026 4.0"]);
}

#[tokio::test]
async fn many_categories_become_few() {
    let categories = ["work", "family", "travel", "music", "sports", "news", "health", "finance", "design"];
    let talks = categories.iter().enumerate().flat_map(|(place, category)| {
        (0..categories.len() - place)
            .map(move |hour| conversation(&format!("2026-05-07T{:02}:00:00Z", hour + 5), 1, category))
    });
    let user = new_user(json!({ "conversations": talks.collect::<Vec<_>>() })).await;
    let query = "what=conversations&per=day&split_by=category&start_date=2026-05-07&end_date=2026-05-07";
    let drawn = points(&chart(&user.app(), query).await);
    let names: Vec<&str> = drawn.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Work", "Family", "Travel", "Music", "Sports", "News", "All others"]);
    assert_eq!((&drawn[0].1, &drawn[6].1), (&vec!["7 May 9.0".to_owned()], &vec!["7 May 6.0".to_owned()]));
}

#[tokio::test]
async fn memories_and_action_items_are_counted() {
    let item = |id: &str, created: &str, completed: Option<&str>| {
        json!({
            "id": id, "description": id, "created_at": created, "completed": completed.is_some(),
            "completed_at": completed, "updated_at": completed.unwrap_or(created),
        })
    };
    let memory = |id: &str, created: &str, review: Value| json!({ "id": id, "content": id, "category": "system", "created_at": created, "user_review": review });
    let user = new_user(json!({
        "memories": [
            memory("m1", "2026-05-07T10:00:00Z", Value::Null),
            memory("m2", "2026-05-07T22:30:00Z", json!(true)),
            memory("m3", "2026-05-07T11:00:00Z", json!(false)),
        ],
        "action_items": [
            item("a1", "2026-05-07T10:00:00Z", Some("2026-05-08T10:00:00Z")),
            item("a2", "2026-05-07T22:30:00Z", None),
        ],
    }))
    .await;
    let of = async |what: &str| {
        let drawn = chart(&user.app(), &format!("what={what}&per=day&start_date=2026-05-07&end_date=2026-05-08")).await;
        (drawn["title"].as_str().unwrap().to_owned(), only(&drawn))
    };
    let both = |title: &str, first: u8, second: u8| {
        (title.to_owned(), vec![format!("7 May {first}.0"), format!("8 May {second}.0")])
    };
    assert_eq!(of("memories").await, both("Memories per day", 1, 1));
    assert_eq!(of("action_items_created").await, both("New action items per day", 1, 1));
    assert_eq!(of("action_items_completed").await, both("Action items done per day", 0, 1));
}

#[tokio::test]
async fn a_goal_is_followed_through_its_history() {
    let point = |date: &str, time: &str, value: f64| json!({ "date": date, "value": value, "recorded_at": format!("{date}T{time}Z") });
    let goal = json!({
        "id": "goal_run", "title": "Run", "goal_type": "numeric", "target_value": 100, "current_value": 42, "unit": "km",
        "created_at": "2026-04-01T10:00:00Z",
        "history": [
            point("2026-05-20", "10:00:00", 42.0),
            point("2026-05-10", "22:30:00", 25.5),
            point("2026-05-04", "10:00:00", 10.0),
        ],
    });
    let user = new_user(json!({ "goals": [goal] })).await;
    let app = user.app();
    let range = "what=goal_progress&goal_id=goal_run&start_date=2026-04-20";
    let drawn = chart(&app, &format!("{range}&end_date=2026-05-31")).await;
    let words = json!([drawn["chart_type"], drawn["title"], drawn["y_label"], drawn["datasets"][0]["label"]]);
    assert_eq!(words, json!(["line", "Run per week", "km", "Run"]));
    let expected = ["4 May 10.0", "11 May 25.5", "18 May 42.0", "25 May 42.0"];
    assert_eq!(only(&drawn), expected, "a value holds until the next, and before the first there is none");
    assert_eq!(only(&chart(&app, &format!("{range}&end_date=2026-04-30")).await), [""; 0]);
    let gone = "/v1/charts?what=goal_progress&goal_id=unknown";
    app.get(gone).await.refused(404, "Goal not found");
    app.get("/v1/charts?what=goal_progress").await.refused(422, "goal_progress needs a goal_id");
    let other = Server::shared().await.user().await;
    other.app().get("/v1/charts?what=goal_progress&goal_id=goal_run").await.refused(404, "Goal not found");
}

#[tokio::test]
async fn a_goal_without_history_stands_where_it_stands() {
    let user = new_user(json!({ "goals": [{
        "id": "goal_row", "title": "Row", "target_value": 10, "current_value": 3, "created_at": "2026-05-07T10:00:00Z",
    }] }))
    .await;
    let query = "what=goal_progress&goal_id=goal_row&per=day&start_date=2026-05-06&end_date=2026-05-08";
    let drawn = chart(&user.app(), query).await;
    assert_eq!((only(&drawn), &drawn["y_label"]), (vec!["7 May 3.0".into(), "8 May 3.0".into()], &json!("progress")));
}

#[tokio::test]
async fn every_audience_draws_and_needs_the_scopes_of_what_it_draws() {
    let user = new_user(json!({ "conversations": [conversation("2026-05-07T10:00:00Z", 5, "work")] })).await;
    let query = "what=conversations&per=day&start_date=2026-05-07&end_date=2026-05-07";
    let drawn = user.app().get(&format!("/v1/charts?{query}")).await.ok();
    assert_eq!(user.developer().get(&format!("/v1/dev/user/charts?{query}")).await.ok(), drawn);
    assert_eq!(user.mcp().get(&format!("/v1/mcp/charts?{query}")).await.ok(), drawn);
    let key = async |scopes: Value| {
        let key = user.app().post("/v1/dev/keys", json!({ "name": "narrow", "scopes": scopes })).await.ok();
        user.with(key["key"].as_str().unwrap())
    };
    let (narrow, none) = (key(json!(["conversations:read"])).await, key(json!(["goals:read"])).await);
    narrow.get(&format!("/v1/dev/user/charts?{query}")).await.ok();
    let refused = [
        ("memories", "memories:read"),
        ("action_items_created", "action_items:read"),
        ("action_items_completed", "action_items:read"),
        ("goal_progress", "goals:read"),
    ];
    for (what, scope) in refused {
        let answer = narrow.get(&format!("/v1/dev/user/charts?what={what}")).await;
        answer.refused(403, &format!("Insufficient permissions. Required scope: {scope}"));
    }
    let answer = none.get("/v1/dev/user/charts?what=goal_progress").await;
    answer.refused(403, "Insufficient permissions. Required scope: conversations:read");
}

#[tokio::test]
async fn invalid_charts_are_refused() {
    let app = Server::shared().await.user().await.app();
    let refused = async |query: &str, sentence: &str| {
        app.get(&format!("/v1/charts?{query}")).await.refused(422, sentence);
    };
    let fits = "split_by is only supported for conversations and conversation_minutes";
    refused("what=memories&split_by=category", fits).await;
    let backwards = "what=memories&start_date=2026-05-08&end_date=2026-05-07";
    refused(backwards, "start_date is after end_date").await;
    refused("what=memories&end_date=May", "end_date must be a day, written as yyyy-mm-dd").await;
    let long = "what=memories&per=day&start_date=2020-01-01";
    refused(long, "The chart would have more than 400 points: use a shorter time range or larger steps").await;
    assert_invalid(&app.get("/v1/charts").await, &[("missing", json!(["query", "what"]))]);
    for (query, name) in [("what=dreams", "what"), ("what=memories&per=hour", "per")] {
        assert_invalid(&app.get(&format!("/v1/charts?{query}")).await, &[("enum", json!(["query", name]))]);
    }
    for (per, number) in [("day", 14), ("week", 8), ("month", 12)] {
        let drawn = chart(&app, &format!("what=memories&per={per}")).await;
        assert!(only(&drawn).iter().all(|point| point.ends_with(" 0.0")), "{drawn}");
        assert_eq!(only(&drawn).len(), number, "{per}");
    }
}
