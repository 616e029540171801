//! The prompt of the agent: packed memory, earlier messages, and the time.

use serde_json::{Value, json};

use super::support::{call, prompt_with_memory, tool_result};
use crate::{
    chat::support::ask,
    support::{
        model::Act,
        scripted::ServerWithModel,
        server::{TestUser, on_runtime, wait_until_indexed},
    },
};

async fn conversation(user: &TestUser, started_at: &str, said: &[(&str, bool)]) -> Value {
    let segment = |(place, (text, is_user)): (usize, &(&str, bool))| json!({ "text": text, "start": place * 60, "end": place * 60 + 50, "is_user": is_user, "speaker": "SPEAKER_01" });
    let segments: Vec<Value> = said.iter().enumerate().map(segment).collect();
    let body = json!({ "transcript_segments": segments, "started_at": started_at });
    user.app().post("/v1/conversations/from-segments", body).await.ok()
}

#[tokio::test]
async fn relevant_memory_is_dated_and_numbered() {
    let setup = ServerWithModel::shared().await;
    let (user, [_]) = setup.user(["Dora wants to sail to Vis"]).await;
    user.app().patch("/v1/users/preferences", json!({ "time_zone": "Europe/Oslo" })).await.ok();
    user.app().post("/v1/action-items", json!({ "description": "Ask Dora about sailing" })).await.ok();
    let said = [
        ("How was the regatta?", true),
        ("We lost our mast while sailing to Vis.", false),
        ("Oh no, was anybody hurt?", true),
    ];
    let held = conversation(&user, "2026-03-09T22:30:00Z", &said).await;
    wait_until_indexed(&setup.server).await;
    let question = "What happened when Dora went sailing to Vis?";
    setup.model.script(question, [Act::Say(&["They lost their mast [1][2][3]."])]);
    let answered = ask(&user, json!({ "text": question })).await;
    let requests = setup.model.requests(question);
    assert_eq!(requests.len(), 1, "one call answers");
    let seen = prompt_with_memory(&requests[0]);
    for part in [
        "Memories:\n[1] Dora wants to sail to Vis (",
        "Action items:\n[2] Ask Dora about sailing (",
        "; open)",
        "”, Monday, 9 March 2026:\n",
        "User (23:30): How was the regatta?\n",
        "(23:31): We lost our mast while sailing to Vis.",
        "Oh no, was anybody hurt?",
    ] {
        assert!(seen.contains(part), "{part:?} is missing in {seen}");
    }
    assert!(seen.ends_with(&format!("</memory>\n\n{question}")), "{seen}");
    let system = requests[0]["messages"][0]["content"].as_str().unwrap();
    assert!(system.contains("where the user lives (Europe/Oslo)"), "{system}");
    let done = &answered.done;
    let kinds: Vec<&str> =
        done["citations"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["memory", "action_item", "conversation"]);
    assert_eq!(done["memories_id"], json!([held["id"]]));
    assert_eq!(done["memories"][0]["id"], held["id"]);
    assert!(done["memories"][0]["structured"]["title"].as_str().is_some_and(|title| !title.is_empty()));
}

#[tokio::test]
async fn a_citation_names_segment_speaker_and_time() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let said = [("Where did you hide the key?", true), ("Under the third flower pot.", false)];
    let held = conversation(&user, "2026-03-09T12:00:00Z", &said).await;
    let whole = user.app().get(&format!("/v1/conversations/{}", held["id"].as_str().unwrap())).await.ok();
    wait_until_indexed(&setup.server).await;
    let question = "Where is the key under the flower pot?";
    let search = call("search_transcripts", json!({ "query": "third flower pot", "limit": 1 }));
    setup.model.script(question, [search, Act::Say(&["Under a pot [1] [2] [3]."])]);
    let answered = ask(&user, json!({ "text": question })).await;
    let citations = answered.done["citations"].as_array().unwrap();
    let cited = citations.iter().find(|cited| cited["quote"] == "Under the third flower pot.").unwrap();
    let segment = &whole["transcript_segments"][1]["id"];
    assert_eq!((&cited["kind"], &cited["id"]), (&json!("conversation"), &held["id"]));
    assert_eq!((&cited["segment"], &cited["speaker"]), (segment, &json!("Speaker 1")));
    assert_eq!((&cited["date"], &cited["title"]), (&json!("2026-03-09T12:01:00Z"), &whole["structured"]["title"]));
    let found = &tool_result(&setup.model.requests(question)[1])["items"][0];
    assert!(found["cite_as"].as_str().is_some_and(|marker| marker.starts_with('[')), "{found}");
}

#[tokio::test]
async fn a_named_time_is_in_the_users_zone_and_comes_first() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    user.app().patch("/v1/users/preferences", json!({ "time_zone": "Pacific/Auckland" })).await.ok();
    let zone = chrono_tz::Pacific::Auckland;
    let yesterday = chrono::Utc::now().with_timezone(&zone).date_naive().pred_opt().unwrap();
    let at = |days: i64, hour: u32| {
        let day = yesterday - chrono::TimeDelta::days(days);
        day.and_hms_opt(hour, 0, 0).unwrap().and_local_timezone(zone).unwrap().to_utc().to_rfc3339()
    };
    conversation(&user, &at(0, 1), &[("We baked a rye loaf with caraway.", true)]).await;
    conversation(&user, &at(3, 12), &[("We baked a spelt loaf, and baking the spelt loaf took hours.", true)]).await;
    wait_until_indexed(&setup.server).await;
    let question = "Which loaf did I bake yesterday?";
    setup.model.script(question, [Act::Say(&["Rye."])]);
    ask(&user, json!({ "text": question })).await;
    let requests = setup.model.requests(question);
    let (day, seen) = (yesterday.format("%-d %B %Y").to_string(), prompt_with_memory(&requests[0]));
    let held = seen.lines().find(|line| line.starts_with("Conversation") && line.contains("rye loaf"));
    assert!(held.is_some_and(|line| line.contains(&day)), "{seen}");
    assert!(seen.contains(&format!("The question speaks of the time from {day}, 00:00 to ")), "{seen}");
}

#[tokio::test]
async fn a_follow_up_question_is_searched_with_the_one_before() {
    let setup = ServerWithModel::shared().await;
    let (user, _) = setup.user(["Edda moved from Bergen to Turku"]).await;
    wait_until_indexed(&setup.server).await;
    setup.model.script("Where did Edda move to?", [Act::Say(&["Turku [1]."])]);
    setup.model.script("And where did she live before?", [Act::Say(&["Bergen [1]."])]);
    ask(&user, json!({ "text": "Where did Edda move to?" })).await;
    let answered = ask(&user, json!({ "text": "And where did she live before?" })).await;
    assert_eq!(answered.done["citations"][0]["quote"], "Edda moved from Bergen to Turku");
}

#[tokio::test]
async fn the_item_in_view_is_in_the_prompt() {
    let setup = ServerWithModel::shared().await;
    let (user, [_]) = setup.user(["The tulips are yellow"]).await;
    let dull = conversation(&user, "2026-02-02T12:00:00Z", &[("The invoice number is 4711.", false)]).await;
    let task = user.app().post("/v1/action-items", json!({ "description": "Send the parcel" })).await.ok();
    wait_until_indexed(&setup.server).await;
    let look = async |context: Value| {
        let question = "Tell me about what I see";
        setup.model.script(question, [Act::Say(&["So be it."])]);
        ask(&user, json!({ "text": question, "context": context })).await;
        prompt_with_memory(&setup.model.requests(question)[0]).to_owned()
    };
    assert!(look(json!({ "type": "conversation", "id": dull["id"] })).await.contains("The invoice number is 4711."));
    assert!(look(json!({ "type": "task", "id": task["id"] })).await.contains("Send the parcel"));
    let only =
        look(json!({ "type": "recap", "start_date": "2026-02-01T00:00:00Z", "end_date": "2026-02-03T00:00:00Z" }))
            .await;
    assert!(!only.contains("tulips") && !only.contains("parcel"), "{only}");
}

#[tokio::test]
async fn the_conversation_in_progress_is_known() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let held = conversation(&user, &chrono::Utc::now().to_rfc3339(), &[("The code word is Nightjar.", false)]).await;
    let (resources, id) = (setup.server.resources.clone(), user.id.clone());
    let change = resources::conversations::ConversationChange {
        status: Some(schemas::conversation::ConversationStatus::InProgress),
        ..Default::default()
    };
    let key = held["id"].as_str().unwrap().to_owned();
    on_runtime(async move { resources.conversations(&id).change(&key, change).await.unwrap().unwrap() }).await;
    let question = "What was just said?";
    setup.model.script(question, [Act::Say(&["Nightjar."])]);
    ask(&user, json!({ "text": question })).await;
    let requests = setup.model.requests(question);
    assert!(
        prompt_with_memory(&requests[0]).contains("The code word is Nightjar."),
        "{}",
        prompt_with_memory(&requests[0])
    );
}

#[tokio::test]
async fn a_model_with_little_room_gets_the_best_and_a_long_result_is_shortened() {
    let ServerWithModel { server, model, folder: _folder } =
        ServerWithModel::boot(|config| config.model.context_tokens = 1500).await;
    let user = server.user().await;
    for number in 0..25 {
        let content = format!("Fact {number} about Fritz: {}", "he walks and talks and walks again. ".repeat(20));
        user.app().post("/v3/memories", json!({ "content": content })).await.ok();
    }
    user.app().post("/v3/memories", json!({ "content": "Fritz was born in Ulm" })).await.ok();
    wait_until_indexed(&server).await;
    let question = "In which town was Fritz born?";
    let list = call("get_memories", json!({ "limit": 25 }));
    model.script(question, [list, Act::Say(&["In Ulm [1]."])]);
    let answered = ask(&user, json!({ "text": question })).await;
    assert_eq!(answered.text, "In Ulm [1].");
    let requests = model.requests(question);
    let seen = prompt_with_memory(&requests[0]);
    assert!(seen.contains("Fritz was born in Ulm") && seen.len() < 1500 * 4 / 3 + 200, "{} {seen}", seen.len());
    server.stop().await;
}

#[tokio::test]
async fn a_model_that_takes_no_functions_answers_from_what_was_found() {
    let ServerWithModel { server, model, folder: _folder } = ServerWithModel::boot(|_| {}).await;
    let user = server.user().await;
    user.app().post("/v3/memories", json!({ "content": "Gerda plays chess" })).await.ok();
    for (question, requests) in [("What does Gerda play?", 2), ("What game does Gerda play?", 1)] {
        model.script(question, [Act::WithoutFunctions(&["Chess [1]."])]);
        let answered = ask(&user, json!({ "text": question })).await;
        assert_eq!(answered.done["text"], "Chess.");
        assert_eq!(answered.done["citations"][0]["quote"], "Gerda plays chess");
        assert_eq!(model.requests(question).len(), requests, "it is offered functions once");
    }
    server.stop().await;
}
