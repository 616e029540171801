//! Changes by the agent: at once and with an undo where asked for, after confirmation otherwise.

use serde_json::{Value, json};

use super::support::call;
use crate::{
    chat::support::{Answered, ask},
    support::{model::Act, scripted::ServerWithModel, server::TestUser},
};

impl ServerWithModel {
    /// Asks a question; the model does these acts and then answers.
    async fn turn(&self, user: &TestUser, question: &str, acts: impl IntoIterator<Item = Act>) -> Answered {
        self.model.script(question, acts.into_iter().chain([Act::Say(&["Well."])]));
        ask(user, json!({ "text": question })).await
    }
}

async fn open_items(user: &TestUser) -> Vec<Value> {
    let items = user.app().get("/v1/action-items?completed=false").await.ok();
    items["action_items"].as_array().unwrap().clone()
}

async fn item(user: &TestUser, description: &str) -> String {
    let item = user.app().post("/v1/action-items", json!({ "description": description })).await.ok();
    item["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn requested_changes_are_made_and_can_be_undone() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let create = call("create_action_item", json!({ "description": "Water the lemon tree" }));
    let answered = setup.turn(&user, "Remind me to water the lemon tree", [create]).await;
    let done = "Done: create action item “Water the lemon tree”";
    assert_eq!(answered.thoughts[1..], ["Creating action item", done]);
    let items = open_items(&user).await;
    assert_eq!(items[0]["description"], "Water the lemon tree");
    let undo = json!({ "tool": "delete_action_item", "arguments": { "action_item_id": items[0]["id"] } });
    assert_eq!(answered.done["changes"][0]["undo"], undo);
    setup.model.script("take back “create action item “Water the lemon tree””", [Act::Say(&["It is gone."])]);
    let undone = ask(&user, json!({ "text": "Undo that." })).await;
    assert!(undone.text.starts_with("It is gone."), "{}", undone.text);
    assert_eq!(undone.done["changes"][0]["tool"], "delete_action_item");
    assert_eq!(open_items(&user).await, Vec::<Value>::new());
}

#[tokio::test]
async fn undo_restores_the_earlier_value() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let id = item(&user, "Mend the kayak").await;
    let complete = call("complete_action_item", json!({ "action_item_id": id }));
    let answered = setup.turn(&user, "Mark the kayak as done", [complete]).await;
    assert_eq!(open_items(&user).await.len(), 0);
    assert_eq!(answered.done["changes"][0]["summary"], "complete action item “Mend the kayak”");
    let undo = &answered.done["changes"][0]["undo"];
    assert_eq!(undo["tool"], "complete_action_item");
    let rename = call("update_action_item", json!({ "action_item_id": id, "description": "Mend the old kayak" }));
    let renamed = setup.turn(&user, "Rename it, please: mend the old kayak", [rename]).await;
    let undo = &renamed.done["changes"][0]["undo"];
    let before = json!({ "action_item_id": id, "description": "Mend the kayak" });
    assert_eq!((&undo["tool"], &undo["arguments"]), (&json!("update_action_item"), &before));
    let summary = "update action item “Mend the kayak” (description: “Mend the old kayak”)";
    assert_eq!(renamed.done["changes"][0]["summary"], summary);
    setup.model.script(&format!("take back “{summary}”"), [Act::Say(&["As before."])]);
    ask(&user, json!({ "text": "undo" })).await;
    let item = user.app().get(&format!("/v1/action-items/{id}")).await.ok();
    assert_eq!(item["description"], "Mend the kayak");
}

#[tokio::test]
async fn deletion_waits_for_confirmation() {
    let setup = ServerWithModel::shared().await;
    let (user, [bees]) = setup.user(["Cora keeps goats"]).await;
    let path = format!("/v3/memories/{bees}");
    let erase = || call("delete_memory", json!({ "memory_id": bees }));
    let asked = setup.turn(&user, "Forget what you know of Cora's goats", [erase()]).await;
    assert!(asked.text.ends_with("Shall I do this: delete memory “Cora keeps goats”? Say “yes”."), "{}", asked.text);
    let proposal = json!({
        "summary": "delete memory “Cora keeps goats”", "tool": "delete_memory", "arguments": { "memory_id": bees },
    });
    assert_eq!((&asked.done["proposals"], &asked.done["changes"]), (&json!([proposal]), &json!([])));
    user.app().get(&path).await.ok();
    setup.turn(&user, "No, leave Cora alone", []).await;
    setup.turn(&user, "yes", []).await;
    user.app().get(&path).await.ok();
    setup.turn(&user, "Forget Cora's goats after all", [erase()]).await;
    setup.model.script("as the user agreed: delete memory “Cora keeps goats”", [Act::Say(&["They are forgotten."])]);
    let agreed = ask(&user, json!({ "text": "Yes, please!" })).await;
    assert!(agreed.text.starts_with("They are forgotten."), "{}", agreed.text);
    assert_eq!(agreed.done["changes"][0]["undo"], Value::Null);
    assert_eq!(user.app().get(&path).await.status, 404);
}

#[tokio::test]
async fn unrequested_changes_are_proposed() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    let create = || call("create_action_item", json!({ "description": "Call the plumber" }));
    let answered = setup.turn(&user, "Is the tap still dripping?", [create()]).await;
    assert_eq!(open_items(&user).await.len(), 0);
    assert_eq!(answered.done["proposals"][0]["tool"], "create_action_item");
    setup.model.script("as the user agreed: create action item “Call the plumber”", [Act::Say(&["Noted."])]);
    ask(&user, json!({ "text": "ok" })).await;
    assert_eq!(open_items(&user).await[0]["description"], "Call the plumber");
    let wrong = call("create_action_item", json!({ "description": "" }));
    let refused = setup.turn(&user, "Is the tap mended?", [wrong]).await;
    assert_eq!(refused.done["proposals"], json!([]), "what cannot be done is not proposed");
}

#[tokio::test]
async fn undo_keeps_what_existed_before() {
    let setup = ServerWithModel::shared().await;
    let (user, []) = setup.user([]).await;
    item(&user, "Buy quinces").await;
    let again = call("create_action_item", json!({ "description": "Buy quinces" }));
    let answered = setup.turn(&user, "Add quinces to what I have to buy", [again]).await;
    assert_eq!(answered.done["changes"][0]["undo"], Value::Null);
    assert_eq!(open_items(&user).await.len(), 1);
}

#[tokio::test]
async fn agreement_covers_what_was_shown_and_nothing_else() {
    let setup = ServerWithModel::shared().await;
    let (user, [list]) = setup.user(["An old shopping list"]).await;
    let path = format!("/v3/memories/{list}");
    let erase = call("delete_memory", json!({ "memory_id": list }));
    let asked = setup.turn(&user, "Forget the old shopping list", [erase]).await;
    assert_eq!(asked.done["proposals"][0]["summary"], "delete memory “An old shopping list”");
    let edit = "?value=The%20PIN%20of%20the%20safe%20is%20in%20the%20blue%20book";
    user.app().patch(&format!("{path}{edit}"), json!({})).await.ok();
    setup.model.script("it has changed since the user was asked", [Act::Say(&["It is another now."])]);
    let agreed = ask(&user, json!({ "text": "yes" })).await;
    user.app().get(&path).await.ok();
    assert_eq!(agreed.done["changes"], json!([]));
    let summary = "delete memory “The PIN of the safe is in the blue book”";
    assert_eq!(agreed.done["proposals"][0]["summary"], summary, "the user is asked again");
}
