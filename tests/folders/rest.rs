//! Folders: the default set, creating and ordering them, and moving conversations.

use futures::{FutureExt, StreamExt};
use serde_json::{Value, json};

use super::table::store_conversation;
use crate::support::{
    json::{assert_invalid, column, field_names, names_with},
    server::{Caller, Server, UNKNOWN_ID, on_runtime},
};

/// The fields of a folder on the developer API; the app sees `category_mapping` too.
const DEVELOPER: &[&str] = &[
    "color",
    "conversation_count",
    "created_at",
    "description",
    "icon",
    "id",
    "is_default",
    "is_system",
    "name",
    "order",
    "updated_at",
];

/// Creates a folder; gives its id.
async fn create_folder(app: &Caller, name: &str) -> String {
    app.post("/v1/folders", json!({ "name": name })).await.ok()["id"].as_str().unwrap().to_owned()
}

/// Puts a conversation into a folder.
async fn move_conversation(app: &Caller, conversation: &str, folder: Value) -> Value {
    app.patch(&format!("/v1/conversations/{conversation}/folder"), json!({ "folder_id": folder })).await.ok()
}

/// The ids of the conversations in a folder.
async fn conversations_in(app: &Caller, folder: &str) -> Vec<String> {
    let conversations = app.get(&format!("/v1/folders/{folder}/conversations")).await.ok();
    column(&conversations, "id").into_iter().map(str::to_owned).collect()
}

async fn count(app: &Caller, folder: &str) -> Value {
    app.get(&format!("/v1/folders/{folder}")).await.ok()["conversation_count"].take()
}

#[tokio::test]
async fn the_first_look_makes_the_first_set_once() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    assert_eq!(user.developer().get("/v1/dev/user/folders").await.ok(), json!([]), "a developer's look makes none");
    let looks = futures::future::join_all((0..6).map(|_| app.get("/v1/folders"))).await;
    let folders: Vec<Value> = looks.into_iter().map(|look| look.ok()).collect();
    assert!(folders.iter().all(|seen| *seen == folders[0]), "who comes at once sees one set");
    let names = [
        "Personal",
        "Work",
        "Health",
        "Education",
        "Finance",
        "Travel",
        "Social",
        "Technology",
        "Entertainment",
        "Other",
    ];
    assert_eq!(column(&folders[0], "name"), names);
    for (place, folder) in folders[0].as_array().unwrap().iter().enumerate() {
        assert_eq!(field_names(folder), names_with(DEVELOPER, &["category_mapping"]));
        let rest = json!([folder["order"], folder["is_default"], folder["is_system"], folder["conversation_count"]]);
        assert_eq!(rest, json!([place, place == 9, true, 0]));
    }
    let developer = user.developer().get("/v1/dev/user/folders").await.ok();
    assert_eq!((column(&developer, "name"), field_names(&developer[0])), (names.to_vec(), DEVELOPER.to_vec()));
}

#[tokio::test]
async fn folders_are_made_and_changed() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let made = app.post("/v1/folders", json!({ "name": " Allotment " })).await.ok();
    let rest = json!([made["name"], made["description"], made["color"], made["icon"], made["order"]]);
    assert_eq!(rest, json!(["Allotment", null, "#6B7280", "📁", 10]));
    assert_eq!(json!([made["is_default"], made["is_system"], made["category_mapping"]]), json!([false, false, null]));
    let path = format!("/v1/folders/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.ok(), made);
    let change = json!({ "name": "Garden", "description": "Beans", "color": "#10B981", "icon": "🌱", "order": 2 });
    let changed = app.patch(&path, change).await.ok();
    let rest = json!([changed["name"], changed["description"], changed["color"], changed["icon"], changed["order"]]);
    assert_eq!(rest, json!(["Garden", "Beans", "#10B981", "🌱", 2]));
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    let cleared = app.patch(&path, json!({ "description": null })).await.ok();
    assert_eq!(json!([cleared["name"], cleared["description"]]), json!(["Garden", null]));
    app.patch(&path, json!({}))
        .await
        .refused(422, "At least one field (name, description, color, icon, order) must be provided");
    app.patch(&path, json!({ "name": "  " })).await.refused(422, "name cannot be empty");
    assert_invalid(
        &app.post("/v1/folders", json!({ "name": "" })).await,
        &[("string_too_short", json!(["body", "name"]))],
    );
    let long = app.post("/v1/folders", json!({ "name": "x".repeat(101), "description": "y".repeat(501) })).await;
    assert_eq!(long.status, 422, "{}", long.body);
    let nowhere = format!("/v1/folders/{UNKNOWN_ID}");
    app.get(&nowhere).await.refused(404, "Folder not found");
    app.patch(&nowhere, json!({ "name": "x" })).await.refused(404, "Folder not found");
}

#[tokio::test]
async fn there_is_room_for_fifty() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let many = (0..54).map(|number| app.post("/v1/folders", json!({ "name": format!("F{number}") })).boxed());
    let answers: Vec<_> = futures::stream::iter(many).buffered(4).collect().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 50);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        refused.refused(400, "No more than 50 folders can be made");
    }
    let folders = app.get("/v1/folders").await.ok();
    let mut orders: Vec<i64> =
        folders.as_array().unwrap().iter().map(|folder| folder["order"].as_i64().unwrap()).collect();
    orders.dedup();
    assert_eq!(orders, (0..60).collect::<Vec<i64>>(), "each has a place of its own");
}

#[tokio::test]
async fn folders_are_put_in_order() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    app.get("/v1/folders").await.ok();
    let mine = create_folder(&app, "Mine").await;
    let order = async |ids: Value| app.post("/v1/folders/reorder", json!({ "folder_ids": ids })).await;
    assert_eq!(order(json!([mine, "travel", "work"])).await.ok(), json!({ "status": "ok" }));
    let folders = app.get("/v1/folders").await.ok();
    assert_eq!(column(&folders, "name")[..5], ["Mine", "Travel", "Work", "Personal", "Health"]);
    order(json!(["work", UNKNOWN_ID])).await.refused(422, &format!("Unknown folders: {UNKNOWN_ID}"));
    order(json!(["work", "work"])).await.refused(422, "folder_ids must name each folder once");
    assert_invalid(&order(json!([])).await, &[("too_short", json!(["body", "folder_ids"]))]);
    assert_eq!(app.get("/v1/folders").await.ok(), folders);
}

#[tokio::test]
async fn conversations_are_filed() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let (one, two) = (store_conversation(&user).await, store_conversation(&user).await);
    let mine = create_folder(&app, "Mine").await;
    assert_eq!(move_conversation(&app, &one, json!(mine)).await, json!({ "status": "ok" }));
    let found = app.get(&format!("/v1/folders/{mine}/conversations")).await.ok();
    let rest = json!([found[0]["id"], found[0]["folder_id"], found[0]["folder_name"]]);
    assert_eq!(rest, json!([one, mine, "Mine"]));
    let bulk = |ids: Value| {
        let path = format!("/v1/folders/{mine}/conversations/bulk-move");
        let app = app.clone();
        async move { app.post(&path, json!({ "conversation_ids": ids })).await }
    };
    assert_eq!(bulk(json!([one, two, two, UNKNOWN_ID])).await.ok(), json!({ "status": "ok", "moved_count": 2 }));
    assert_eq!(conversations_in(&app, &mine).await, [two.clone(), one.clone()], "newest first");
    assert_eq!(count(&app, &mine).await, 2);
    let page = app.get(&format!("/v1/folders/{mine}/conversations?limit=1&offset=1")).await.ok();
    assert_eq!(column(&page, "id"), [one.as_str()]);
    discard(&user.id, &two).await;
    assert_eq!((conversations_in(&app, &mine).await, count(&app, &mine).await), (vec![one.clone()], json!(1)));
    let all = app.get(&format!("/v1/folders/{mine}/conversations?include_discarded=true")).await.ok();
    assert_eq!(all.as_array().unwrap().len(), 2);
    move_conversation(&app, &one, Value::Null).await;
    assert_eq!((conversations_in(&app, &mine).await.len(), count(&app, &mine).await), (0, json!(0)));
    let path = format!("/v1/conversations/{one}/folder");
    app.patch(&path, json!({ "folder_id": UNKNOWN_ID })).await.refused(404, "Folder not found");
    app.patch(&path, json!({}))
        .await
        .refused(422, "folder_id must be given; null takes the conversation out of its folder");
    let nowhere = app.patch(&format!("/v1/conversations/{UNKNOWN_ID}/folder"), json!({ "folder_id": mine })).await;
    nowhere.refused(404, "Conversation not found");
    assert_invalid(&bulk(json!([])).await, &[("too_short", json!(["body", "conversation_ids"]))]);
    app.get(&format!("/v1/folders/{UNKNOWN_ID}/conversations")).await.refused(404, "Folder not found");
}

/// Marks a conversation as discarded.
async fn discard(user: &str, conversation: &str) {
    let resources = Server::shared().await.resources.clone();
    let (user, conversation) = (user.to_owned(), conversation.to_owned());
    let change = resources::conversations::ConversationChange { discarded: Some(true), ..Default::default() };
    on_runtime(async move { resources.conversations(&user).change(&conversation, change).await.unwrap() })
        .await
        .unwrap();
}

#[tokio::test]
async fn conversations_of_a_deleted_folder_move() {
    let user = Server::shared().await.user().await;
    let app = user.app();
    let (one, two) = (store_conversation(&user).await, store_conversation(&user).await);
    let (mine, spare) = (create_folder(&app, "Mine").await, create_folder(&app, "Spare").await);
    for (conversation, folder) in [(&one, &mine), (&two, &spare)] {
        move_conversation(&app, conversation, json!(folder)).await;
    }
    let path = format!("/v1/folders/{mine}");
    let to = |target: &str| format!("{path}?move_to_folder_id={target}");
    let same = "Conversations cannot move to the folder that is deleted";
    app.delete(&to(&mine)).await.refused(400, same);
    app.delete(&to(UNKNOWN_ID)).await.refused(404, "Target folder not found");
    app.delete("/v1/folders/work").await.refused(400, "System folders cannot be deleted");
    assert_eq!(conversations_in(&app, &mine).await, [one.as_str()], "a refusal moves nothing");
    let gone = app.delete(&to("travel")).await;
    assert_eq!((gone.status, gone.body), (204, Value::Null));
    assert_eq!(conversations_in(&app, "travel").await, [one.as_str()]);
    assert_eq!(app.delete(&format!("/v1/folders/{spare}")).await.status, 204);
    assert_eq!(conversations_in(&app, "other").await, [two.as_str()]);
    app.delete(&path).await.refused(404, "Folder not found");
}
