//! Suggestions, advice and progress extracted from texts: by rules, and by a scripted model.

use serde_json::{Value, json};

use super::rest::create_goal;
use crate::support::{model::Act, scripted::ServerWithModel, server::Server};

/// Sets the model's answer to prompts that contain this.
fn answer(setup: &ServerWithModel, about: &str, answer: Value) {
    setup.model.script(about, [Act::Text(answer.to_string())]);
}

#[tokio::test]
async fn a_goal_is_suggested_from_a_wish_in_memory() {
    let user = Server::shared().await.user().await;
    let suggest = async || user.app().get("/v1/goals/suggest").await;
    let nothing = "No language model is configured, and no memory names a wish or plan that a goal could be made of.";
    suggest().await.refused(503, nothing);
    for fact in ["Ana wants to read 12 books by June. She likes novels.", "Ana keeps bees"] {
        user.app().post("/v3/memories", json!({ "content": fact })).await.ok();
    }
    let expected = json!({
        "suggested_title": "Read 12 books by June",
        "suggested_type": "numeric",
        "suggested_target": 12.0,
        "suggested_min": 0.0,
        "suggested_max": 12.0,
        "reasoning": "Your memory says: Ana wants to read 12 books by June. She likes novels.",
    });
    assert_eq!(suggest().await.ok(), expected);
    assert_eq!(user.developer().get("/v1/dev/user/goals/suggest").await.ok(), expected);
    assert_eq!(user.app().get("/v1/goals/all").await.ok(), json!([]), "nothing is set");
    let set = json!({ "title": "read 12 books by june", "target_value": 12 });
    user.app().post("/v1/goals", set).await.ok();
    suggest().await.refused(503, nothing);
}

#[tokio::test]
async fn advice_follows_from_the_numbers() {
    let user = Server::shared().await.user().await;
    let none = "You have no active goal. Set one that you can measure, and advice can begin.";
    assert_eq!(user.app().get("/v1/goals/advice").await.ok(), json!({ "advice": none }));
    let id = create_goal(&user.developer(), "Run", 100.0).await;
    user.app().patch(&format!("/v1/goals/{id}/progress"), json!({ "current_value": 40 })).await.ok();
    let advice = "“Run” stands at 40 of 100 km: 60 km to go. Record progress on several days to see your pace.";
    for path in ["/v1/goals/advice".to_owned(), format!("/v1/goals/{id}/advice")] {
        assert_eq!(user.app().get(&path).await.ok(), json!({ "advice": advice }));
    }
    user.app().get("/v1/goals/goal_000000000000/advice").await.refused(404, "Goal not found");
}

#[tokio::test]
async fn progress_is_read_from_a_text_by_rules() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let read = async |text: &str| app.post("/v1/goals/extract-progress", json!({ "text": text })).await.ok();
    assert_eq!(read("I ran 5 km").await, json!({ "updated": false, "reason": "There is no active goal." }));
    let run = create_goal(&user.developer(), "Run", 100.0).await;
    let more = [
        json!({ "title": "Weigh 70 kg", "goal_type": "numeric", "target_value": 70, "unit": "kg" }),
        json!({ "title": "Good mood", "target_value": 8 }),
        json!({ "title": "Finish the thesis", "goal_type": "boolean", "target_value": 1, "max_value": 1 }),
    ];
    for goal in more {
        user.developer().post("/v1/dev/user/goals", goal).await.ok();
    }
    let expected = json!({
        "updated": true,
        "previous_value": 0.0,
        "new_value": 5.0,
        "reasoning": "From the words: I ran 5 km this morning.",
        "updates": [{
            "goal_id": run,
            "goal_title": "Run",
            "previous_value": 0.0,
            "new_value": 5.0,
            "reasoning": "From the words: I ran 5 km this morning.",
        }],
    });
    assert_eq!(read("I ran 5 km this morning.").await, expected);
    let history = app.get(&format!("/v1/goals/{run}/history")).await.ok();
    assert_eq!((history.as_array().unwrap().len(), &history[0]["value"]), (1, &json!(5.0)));
    let cases = [
        ("Another 2.5km today", "Run", 7.5),
        ("20 km in total by now", "Run", 20.0),
        ("My weight is 72,5 kg", "Weigh 70 kg", 72.5),
        ("My mood is 7 today", "Good mood", 7.0),
        ("I finished the thesis, done!", "Finish the thesis", 1.0),
    ];
    for (text, title, value) in cases {
        let reply = read(text).await;
        assert_eq!((&reply["updates"][0]["goal_title"], &reply["new_value"]), (&json!(title), &json!(value)), "{text}");
    }
    let doubts =
        ["I want to run 5 km", "I didn't run 5 km", "Shall I run 5 km?", "My mood is 12", "It rained", "5 km or 6 km"];
    for text in doubts {
        let reply = read(text).await;
        assert_eq!(reply["updated"], false, "{text}: {reply}");
        assert!(reply["reason"].is_string());
    }
    create_goal(&user.developer(), "Cycle", 500.0).await;
    let unclear = json!({ "updated": false, "reason": "The text could mean more than one active goal." });
    assert_eq!(read("I did 5 km").await, unclear);
    assert_eq!(read("5 km of cycling").await["updates"][0]["goal_title"], "Cycle");
    assert_eq!(app.post("/v1/goals/extract-progress", json!({ "text": "" })).await.status, 422);
}

#[tokio::test]
async fn a_model_suggests_from_memories_and_goals() {
    let setup = ServerWithModel::shared().await;
    let user = setup.server.user().await;
    user.app().post("/v3/memories", json!({ "content": "Ben has a bad back and sits all day" })).await.ok();
    user.app().post("/v1/goals", json!({ "title": "Read more", "target_value": 10 })).await.ok();
    let suggestion = json!({
        "suggested_title": "Stretch every morning",
        "suggested_type": "numeric",
        "suggested_target": 30,
        "suggested_min": 0,
        "suggested_max": 7,
        "reasoning": "Your back is bad.",
    });
    answer(setup, "Ben has a bad back", suggestion);
    let reply = user.app().get("/v1/goals/suggest").await.ok();
    assert_eq!((&reply["suggested_title"], &reply["suggested_max"]), (&json!("Stretch every morning"), &json!(30.0)));
    let request = &setup.model.requests("Ben has a bad back")[0];
    let asked = request["messages"][1]["content"].as_str().unwrap();
    let expected = json!({ "memories": ["Ben has a bad back and sits all day"], "goals": ["Read more"] });
    assert_eq!(serde_json::from_str::<Value>(asked).unwrap(), expected);
    assert_eq!(request["response_format"]["json_schema"]["name"], "SuggestedGoal");
}

#[tokio::test]
async fn a_model_advises_and_when_it_fails_the_numbers_do() {
    let setup = ServerWithModel::shared().await;
    let user = setup.server.user().await;
    let id = create_goal(&user.developer(), "Swim the lake", 10.0).await;
    answer(setup, "Swim the lake", json!({ "advice": " Swim 500 m on Monday. " }));
    let advice = async || user.app().get(&format!("/v1/goals/{id}/advice")).await.ok()["advice"].clone();
    assert_eq!(advice().await, "Swim 500 m on Monday.");
    setup.model.script("Swim the lake", [Act::Fail(401)]);
    let by_numbers =
        "“Swim the lake” stands at 0 of 10 km: 10 km to go. Record progress on several days to see your pace.";
    assert_eq!(advice().await, by_numbers);
}

#[tokio::test]
async fn a_model_reads_progress_and_only_known_goals_are_changed() {
    let setup = ServerWithModel::shared().await;
    let user = setup.server.user().await;
    let developer = user.developer();
    let [row, hike] = [create_goal(&developer, "Row", 10.0).await, create_goal(&developer, "Hike", 90.0).await];
    let text = "Rowed round the island, two hours, say six kilometres";
    let update = |id: &str, value: f64| json!({ "goal_id": id, "new_value": value, "reasoning": "six kilometres" });
    answer(
        setup,
        text,
        json!({ "updates": [update("goal_1", 1.0), update(&row, 6.0), update(&row, 9.0), update(&hike, 0.0)] }),
    );
    let read = async |text: &str| user.app().post("/v1/goals/extract-progress", json!({ "text": text })).await.ok();
    let reply = read(text).await;
    assert_eq!(reply["updates"].as_array().unwrap().len(), 1, "{reply}");
    assert_eq!((&reply["updates"][0]["goal_id"], &reply["new_value"]), (&json!(row), &json!(6.0)));
    assert_eq!(developer.get(&format!("/v1/dev/user/goals/{row}")).await.ok()["current_value"], 6.0);
    let idle = "Sat on the pier";
    answer(setup, idle, json!({ "updates": [] }));
    let nothing = json!({ "updated": false, "reason": "The text reports no progress on an active goal." });
    assert_eq!(read(idle).await, nothing);
    let silent = "I went hiking, 12 km";
    setup.model.script(silent, [Act::Fail(401)]);
    assert_eq!(read(silent).await["updates"][0]["goal_title"], "Hike", "rules stand in for a model that fails");
}
