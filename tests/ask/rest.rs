//! Asking one's memory, over HTTP.

use chrono::{DateTime, Days, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::support::{
    json::{assert_invalid, column, field_names},
    server::{Caller, Server, TestUser, wait_until_indexed},
};

const ASK: &str = "/v1/dev/user/ask";

/// Writes a conversation of a question and Doris's answer to it; gives its id.
async fn talk(user: &TestUser, start: DateTime<Utc>, question: &str, answer: &str) -> String {
    let doris = user.app().post("/v1/users/people", json!({ "name": "Doris" })).await.ok()["id"].clone();
    let segments = json!([
        { "text": question, "start": 0, "end": 4, "is_user": true },
        { "text": answer, "start": 5, "end": 9, "speaker": "SPEAKER_01", "person_id": doris },
    ]);
    let body = json!({ "transcript_segments": segments, "started_at": start });
    let made = user.developer().post("/v1/dev/user/conversations/from-segments", body).await.ok();
    made["id"].as_str().unwrap().to_owned()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn settled(user: TestUser) -> TestUser {
    wait_until_indexed(Server::shared().await).await;
    user
}

/// Somebody with whom Doris has talked, first about a bicycle ride and a month later about trees.
async fn user_with_conversations() -> (TestUser, [String; 2]) {
    let user = Server::shared().await.user().await;
    let ride = talk(&user, time("2026-03-08T12:00:00Z"), "Where did you ride?", "Around the lake on my bicycle.").await;
    let trees = talk(&user, time("2026-04-09T15:00:00Z"), "How is the orchard?", "The apple trees are in bloom.").await;
    (settled(user).await, [ride, trees])
}

async fn ask(caller: &Caller, question: &str) -> Value {
    caller.post(ASK, json!({ "question": question })).await.ok()
}

fn says(answer: &Value, words: &str) -> bool {
    answer["answer"].as_str().unwrap().contains(words)
}

#[tokio::test]
async fn an_answer_names_its_sources() {
    let (user, [ride, _]) = user_with_conversations().await;
    let answer = ask(&user.developer(), "Where did Doris ride her bicycle?").await;
    assert_eq!(field_names(&answer), ["answer", "citations", "sources"]);
    assert!(says(&answer, "Doris: “Around the lake on my bicycle.”") && says(&answer, "8 March 2026"), "{answer}");
    assert!(!says(&answer, "[1]"), "{answer}");
    let source = &answer["sources"][0];
    assert_eq!(field_names(source), ["created_at", "id", "title"]);
    assert_eq!((&source["id"], &source["created_at"]), (&json!(ride), &json!("2026-03-08T12:00:00Z")));
    assert!(source["title"].as_str().is_some_and(|title| !title.is_empty()));
    let citations = answer["citations"].as_array().unwrap();
    let said = citations.iter().find(|citation| citation["speaker"] == "Doris").unwrap();
    assert_eq!((&said["kind"], &said["id"]), (&json!("conversation"), &json!(ride)));
    assert_eq!(
        (&said["quote"], &said["date"]),
        (&json!("Around the lake on my bicycle."), &json!("2026-03-08T12:00:05Z"))
    );
}

#[tokio::test]
async fn no_more_sources_are_named_than_were_asked_for() {
    let (user, _) = user_with_conversations().await;
    let question = "What did Doris say about the bicycle and the apple trees?";
    let two = user.developer().post(ASK, json!({ "question": question })).await.ok();
    assert_eq!(two["sources"].as_array().unwrap().len(), 2, "{two}");
    let one = user.developer().post(ASK, json!({ "question": question, "limit": 1 })).await.ok();
    assert_eq!(one["sources"].as_array().unwrap().len(), 1, "{one}");
    let id = &one["sources"][0]["id"];
    assert!(one["citations"].as_array().unwrap().iter().all(|citation| &citation["id"] == id), "{one}");
}

#[tokio::test]
async fn every_face_answers() {
    let (user, _) = user_with_conversations().await;
    let question = json!({ "question": "What is in bloom?" });
    for (caller, path) in [(user.app(), "/v1/ask"), (user.mcp(), "/v1/mcp/ask")] {
        let answer = caller.post(path, question.clone()).await.ok();
        assert!(says(&answer, "The apple trees are in bloom."), "{answer}");
    }
}

#[tokio::test]
async fn questions_and_zones_are_checked() {
    let developer = Server::shared().await.user().await.developer();
    let long = "x".repeat(1001);
    for (body, kind, field) in [
        (json!({}), "missing", "question"),
        (json!({ "question": "" }), "string_too_short", "question"),
        (json!({ "question": long }), "string_too_long", "question"),
        (json!({ "question": "Who?", "limit": 0 }), "greater_than_equal", "limit"),
        (json!({ "question": "Who?", "limit": 11 }), "less_than_equal", "limit"),
        (json!({ "question": "Who?", "timezone": "Europe/Atlantis" }), "value_error", "timezone"),
    ] {
        assert_invalid(&developer.post(ASK, body).await, &[(kind, json!(["body", field]))]);
    }
    developer.post(ASK, json!({ "question": "Who?", "timezone": "Europe/Oslo" })).await.ok();
}

#[tokio::test]
async fn a_key_needs_its_scope_and_sees_no_more() {
    let (user, _) = user_with_conversations().await;
    user.app().post("/v3/memories", json!({ "content": "Doris collects antique barometers" })).await.ok();
    wait_until_indexed(Server::shared().await).await;
    let key = async |scopes: Value| {
        let created = user.app().post("/v1/dev/keys", json!({ "name": "asker", "scopes": scopes })).await.ok();
        user.with(created["key"].as_str().unwrap())
    };
    let question = "What does Doris collect, barometers or apple trees?";
    let refused = key(json!(["memories:read"])).await.post(ASK, json!({ "question": question })).await;
    refused.refused(403, "Insufficient permissions. Required scope: conversations:read");
    let whole = ask(&key(json!(["conversations:read", "memories:read"])).await, question).await;
    assert!(says(&whole, "antique barometers"), "{whole}");
    let part = ask(&key(json!(["conversations:read"])).await, question).await;
    assert!(says(&part, "apple trees") && !part.to_string().contains("antique"), "{part}");
}

#[tokio::test]
async fn answers_come_from_the_users_own_memory() {
    let (user, ids) = user_with_conversations().await;
    let stranger = Server::shared().await.user().await;
    let question = "Where did Doris ride her bicycle?";
    assert!(says(&ask(&user.developer(), question).await, "Around the lake"));
    let answer = ask(&stranger.developer(), question).await;
    assert_eq!((&answer["sources"], &answer["citations"]), (&json!([]), &json!([])));
    assert!(says(&answer, "found nothing") && !answer.to_string().contains(&ids[0]), "{answer}");
}

/// Yesterday begins and ends when the clocks there say so.
#[tokio::test]
async fn yesterday_is_where_the_user_is() {
    let user = Server::shared().await.user().await;
    // Its yesterday begins 12 hours before or after that of UTC, so that only one half of it is in both.
    let east = Tz::Etc__GMTMinus12;
    let day = Utc::now().with_timezone(&east).date_naive() - Days::new(1);
    let at = |hour| {
        let shown = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0).unwrap());
        east.from_local_datetime(&shown).unwrap().to_utc()
    };
    talk(&user, at(6), "What did you fly?", "A kite over the dunes.").await;
    talk(&user, at(18), "What did you carve?", "A spoon of birch.").await;
    wait_until_indexed(Server::shared().await).await;
    let question = "What did Doris do yesterday?";
    let asked = async |zone: Option<&str>| {
        user.developer().post(ASK, json!({ "question": question, "timezone": zone })).await.ok()
    };
    let (there, here) = (asked(Some(east.name())).await, asked(Some("UTC")).await);
    assert!(says(&there, "kite") && says(&there, "birch"), "{there}");
    assert!(says(&here, "kite") != says(&here, "birch"), "{here}");
    user.app().patch("/v1/users/preferences", json!({ "time_zone": east.name() })).await.ok();
    assert_eq!(asked(None).await["answer"], there["answer"]);
}

#[tokio::test]
async fn unknown_facts_are_not_made_up() {
    let (user, _) = user_with_conversations().await;
    for (question, words) in [
        ("What did the dentist say about my molar?", "I found nothing about this in your memory."),
        ("Where did Gudrun ride her bicycle?", "I found nothing in your memory that mentions “Gudrun”."),
    ] {
        let answer = ask(&user.developer(), question).await;
        assert!(says(&answer, words), "{answer}");
        assert_eq!((&answer["sources"], &answer["citations"]), (&json!([]), &json!([])));
    }
}

#[tokio::test]
async fn a_question_that_is_answered_outright_gets_a_line_of_its_own() {
    let (user, _) = user_with_conversations().await;
    let tuesday = time("2026-05-12T10:00:00Z");
    talk(&user, tuesday, "How was the race?", "I won the sailing race to Capri yesterday!").await;
    let user = settled(user).await;
    for (question, words) in [
        ("When did Doris win the sailing race?", "On 11 May 2026: “yesterday”, as Doris said on 12 May 2026.\n"),
        ("Where was the sailing race that Doris won?", "“to Capri”, as Doris said on 12 May 2026.\n"),
        ("Who won the sailing race?", "Doris, who said so on 12 May 2026.\n"),
    ] {
        let answer = ask(&user.developer(), question).await;
        assert!(answer["answer"].as_str().unwrap().starts_with(words), "{answer}");
    }
}

#[tokio::test]
async fn a_day_lists_its_conversations() {
    let (user, [ride, trees]) = user_with_conversations().await;
    let question = json!({ "question": "What did I do in March 2026?" });
    let answer = user.developer().post(ASK, question).await.ok();
    assert_eq!(column(&answer["sources"], "id"), [ride.as_str()]);
    assert!(!answer.to_string().contains(&trees), "{answer}");
}
