//! Attached files: read with the question, cited, known to later questions, and deleted with the chat.

use serde_json::json;

use super::support::prompt_with_memory;
use crate::{
    chat::support::ask,
    files::rest::upload,
    support::{model::Act, scripted::ServerWithModel, server::wait_until_indexed},
};

#[tokio::test]
async fn a_file_is_read_with_its_question_and_known_to_the_next() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let note = b"The lighthouse keeper of Kullen repaired the lens in 1907.";
    let files = upload(&user.app(), &[("keeper.txt", note)]).await.ok();
    wait_until_indexed(&setup.server).await;
    let (question, next) = ("What does this file tell?", "When was the lens repaired?");
    setup.model.script(question, [Act::Say(&["Of a keeper [1]."])]);
    setup.model.script(next, [Act::Say(&["In 1907 [1]."])]);
    let answered = ask(&user, json!({ "text": question, "file_ids": [files[0]["id"]] })).await;
    let text = String::from_utf8_lossy(note);
    let requests = setup.model.requests(question);
    assert!(
        prompt_with_memory(&requests[0]).contains(&format!("[1] keeper.txt: {text} (")),
        "{}",
        prompt_with_memory(&requests[0])
    );
    let cited = &answered.done["citations"][0];
    assert_eq!(
        (&cited["kind"], &cited["id"], &cited["title"]),
        (&json!("file"), &files[0]["id"], &json!("keeper.txt"))
    );
    let messages = user.app().get("/v2/messages").await.ok();
    assert_eq!((&messages[1]["files_id"], &messages[1]["files"]), (&json!([files[0]["id"]]), &files));
    let later = ask(&user, json!({ "text": next })).await;
    assert_eq!(later.done["citations"][0]["id"], files[0]["id"]);
    user.app().delete("/v2/messages").await.ok();
    let path = format!("/v1/files/{}", files[0]["id"].as_str().unwrap());
    assert_eq!(user.app().get(&path).await.status, 404, "the files of a chat go with it");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_said_before_anything_is_kept() {
    let setup = ServerWithModel::shared().await;
    let ((ann, []), (ben, [])) = (setup.user([]).await, setup.user([]).await);
    let files = upload(&ann.app(), &[("mine.txt", b"Only Ann reads this.")]).await.ok();
    let id = files[0]["id"].as_str().unwrap();
    let refused = ben.app().post("/v2/messages", json!({ "text": "What is in it?", "file_ids": [id] })).await;
    refused.refused(404, &format!("file_ids: file {id} not found"));
    assert_eq!(ben.mcp().get("/v1/mcp/chat").await.ok(), json!([]));
}
