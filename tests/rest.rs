//! Every route over HTTP, as the Omi contract words it.

mod action_items;
mod ask;
mod audit;
mod charts;
mod conversations;
mod create;
pub(crate) mod daily_summaries;
mod delete;
mod edit;
pub(crate) mod files;
mod folders;
mod goals;
mod keys;
mod lists;
mod messages;
mod paging;
mod people;
mod preferences;
mod protocol;
mod search;
mod sign_in;
mod transcripts;
mod voice;
pub(crate) mod webhooks;

use serde_json::{Value, json};

use crate::harness::{Answer, Caller};

/// The fields of a memory on the app routes.
const APP: &[&str] = &[
    "app_id",
    "category",
    "content",
    "conversation_id",
    "created_at",
    "data_protection_level",
    "edited",
    "id",
    "is_locked",
    "kg_extracted",
    "manually_added",
    "memory_id",
    "provenance",
    "reviewed",
    "scoring",
    "tags",
    "uid",
    "updated_at",
    "user_review",
    "visibility",
];

/// The fields of a memory on the developer API: the contract's twelve, and how it came to be.
const DEVELOPER: &[&str] = &[
    "category",
    "content",
    "created_at",
    "edited",
    "id",
    "manually_added",
    "provenance",
    "reviewed",
    "scoring",
    "tags",
    "updated_at",
    "user_review",
    "visibility",
];

/// The names of an object's fields, sorted.
fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// These names and more, sorted.
fn with<'a>(names: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut names = [names, more].concat();
    names.sort_unstable();
    names
}

/// One field of each object in a list.
fn column<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap()).collect()
}

/// Writes these facts, one call each, so that each is younger than the one before; gives their ids.
async fn remember<const N: usize>(developer: &Caller, contents: [&str; N]) -> [String; N] {
    let mut ids = Vec::new();
    for content in contents {
        let memory = developer.post("/v1/dev/user/memories", json!({ "content": content })).await.ok();
        ids.push(memory["id"].as_str().unwrap().to_owned());
    }
    ids.try_into().unwrap()
}

/// Sees to it that a request was refused with 422 for just these reasons, each with its type and place.
#[track_caller]
fn invalid(answer: &Answer, expected: &[(&str, Value)]) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let issues = answer.body["detail"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    let found: Vec<_> = issues.iter().map(|issue| (issue["type"].as_str().unwrap(), issue["loc"].clone())).collect();
    assert_eq!(found, expected);
    for issue in issues {
        assert!(issue["msg"].as_str().is_some_and(|text| !text.is_empty()), "{issue}");
        assert!(issue.get("input").is_some(), "{issue}");
    }
}
