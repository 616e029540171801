//! Chat sessions: questions in their order, clients that leave, servers that stop.

use futures::StreamExt;
use schemas::chat::{Message, MessageStatus, Sender};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    chat::support::ask,
    support::{
        model::{Act, ScriptedModel},
        scripted::ServerWithModel,
        server::{Server, TestUser, on_runtime},
    },
};

/// The messages of a user's own chat, oldest first.
async fn messages(server: &Server, user: &TestUser) -> Vec<Message> {
    let (resources, id) = (server.resources.clone(), user.id.clone());
    on_runtime(async move { resources.messages(&id).recent(None, 20).await.unwrap() }).await
}

/// Asks, and reads no further than to this part of the answer.
async fn leave_after(user: &TestUser, question: &str, part: &str) {
    let request = user.app().request(reqwest::Method::POST, "/v2/messages").json(&json!({ "text": question }));
    let mut stream = request.send().await.unwrap().bytes_stream();
    let mut read = String::new();
    while !read.contains(part) {
        read.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
    }
}

/// Waits for the answer that is stored last.
async fn answered(server: &Server, user: &TestUser) -> Message {
    for _ in 0..400 {
        let last = messages(server, user).await.pop();
        if let Some(answer) = last.filter(|message| message.sender == Sender::Ai) {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no answer is stored");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_models_work_and_what_came_is_kept() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let question = "Begin and never end";
    setup.model.script(question, [Act::Stall("The answer begins")]);
    leave_after(&user, question, "data: The answer begins").await;
    let answer = answered(&setup.server, &user).await;
    assert_eq!((answer.text.as_str(), answer.status), ("The answer begins", MessageStatus::Cancelled));
    let question_first = &messages(&setup.server, &user).await[0];
    assert_eq!((question_first.text.as_str(), question_first.sender), (question, Sender::Human));
}

#[tokio::test]
async fn two_questions_at_once_are_answered_in_their_order() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let (first, second) = ("Which came first, the hen?", "Which came second, the egg?");
    setup.model.script(first, [Act::Slowly(&["The", " hen", " did"])]);
    setup.model.script(second, [Act::Say(&["The egg."])]);
    let asking = tokio::spawn({
        let user = user.clone();
        async move { ask(&user, json!({ "text": first })).await }
    });
    while setup.model.requests(first).is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let then = ask(&user, json!({ "text": second })).await;
    assert!(asking.is_finished(), "the first is answered before the second");
    assert_eq!((asking.await.unwrap().text.as_str(), then.text.as_str()), ("The hen did", "The egg."));
    let prompt = &setup.model.requests(second)[0]["messages"];
    assert_eq!((&prompt[1]["content"], &prompt[2]["content"]), (&json!(first), &json!("The hen did")));
}

#[tokio::test]
async fn chats_of_two_apps_do_not_wait_for_each_other() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    setup.model.script("Hold this chat", [Act::Stall("Hm")]);
    setup.model.script("Speak in the other", [Act::Say(&["Here."])]);
    let held = tokio::spawn({
        let user = user.clone();
        async move { leave_after(&user, "Hold this chat", "never comes").await }
    });
    while setup.model.requests("Hold this chat").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let other = user.app().post("/v2/messages?app_id=coach", json!({ "text": "Speak in the other" })).await.ok();
    assert!(other.as_str().unwrap().contains("data: Here."));
    held.abort();
}

#[tokio::test]
async fn a_server_that_stops_keeps_what_came_and_all_messages() {
    let (model, folder) = (ScriptedModel::start().await, TempDir::new().unwrap());
    let boot = || Server::boot(folder.path(), |config| model.configure(config));
    let server = boot().await;
    let user = server.user().await;
    model.script("Are you there?", [Act::Say(&["Yes."])]);
    ask(&user, json!({ "text": "Are you there?" })).await;
    model.script("And will you stay?", [Act::Stall("I will")]);
    let asking = tokio::spawn({
        let user = user.clone();
        async move { leave_after(&user, "And will you stay?", "never comes").await }
    });
    while model.requests("And will you stay?").is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    asking.abort();
    server.stop().await;
    let server = boot().await;
    let kept = messages(&server, &user).await;
    let said: Vec<(&str, MessageStatus)> = kept.iter().map(|message| (message.text.as_str(), message.status)).collect();
    let expected = [
        ("Are you there?", MessageStatus::Completed),
        ("Yes.", MessageStatus::Completed),
        ("And will you stay?", MessageStatus::Completed),
        ("I will", MessageStatus::Cancelled),
    ];
    assert_eq!(said, expected);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_ended_and_says_so() {
    let ServerWithModel { server, model, folder: _folder } =
        ServerWithModel::boot(|config| config.model.answer_seconds = 1).await;
    let user = server.user().await;
    model.script("Take your time", [Act::Stall("Well")]);
    let answered = ask(&user, json!({ "text": "Take your time" })).await;
    assert_eq!(answered.text, "Well … Sorry: this took too long, and I stopped.");
    assert_eq!(answered.done["status"], "failed");
    server.stop().await;
}

#[tokio::test]
async fn a_model_that_asks_to_wait_too_long_is_not_waited_for() {
    let ServerWithModel { server, model, folder: _folder } =
        ServerWithModel::boot(|config| config.model.timeout_seconds = 1).await;
    let user = server.user().await;
    model.script("Wait an hour?", [Act::Later(3600)]);
    let answered = ask(&user, json!({ "text": "Wait an hour?" })).await;
    assert!(answered.text.starts_with("Sorry: the language model did not answer in time."), "{}", answered.text);
    assert_eq!(answered.done["status"], "failed");
    server.stop().await;
}
