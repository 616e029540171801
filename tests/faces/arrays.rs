//! What the Omi app decodes as a list is never null on its routes.

use serde_json::Value;
use tools::Audience;

use crate::support::{
    calls::{by_route, caller, name_of},
    server::Server,
    tables::NOUNS,
};

/// The fields that the contract has as lists which are never null.
const LISTS: &[&str] = &[
    "action_items",
    "apps_results",
    "attendee_emails",
    "attendees",
    "audio_files",
    "conversation_ids",
    "conversations",
    "decisions_made",
    "events",
    "files",
    "files_id",
    "highlights",
    "ids",
    "items",
    "knowledge_nuggets",
    "locations",
    "match_snippets",
    "memories",
    "memories_id",
    "messages",
    "pending_export",
    "people",
    "photos",
    "plugins_results",
    "speech_samples",
    "suggested_apps",
    "suggested_summarization_apps",
    "summaries",
    "synced_items",
    "tags",
    "tasks",
    "transcript_segments",
    "translations",
    "unresolved_questions",
    "vocabulary",
];

/// The lists within a value, and the pointers to those that are null.
fn find_lists(value: &Value, pointer: &str, lists: &mut usize, nulls: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_lists(item, pointer, lists, nulls)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let pointer = format!("{pointer}/{name}");
                if LISTS.contains(&name.as_str()) {
                    *lists += 1;
                    nulls.extend(field.is_null().then(|| pointer.clone()));
                }
                find_lists(field, &pointer, lists, nulls);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn lists_are_never_null_on_routes_of_omi() {
    let server = Server::shared().await;
    let user = server.user().await;
    let (mut lists, mut nulls) = (0, Vec::new());
    for noun in NOUNS {
        let seed = (noun.seed)(&user).await;
        for (name, arguments) in (noun.calls)(&seed) {
            let tool = tools::find(name).unwrap();
            let routes = tool
                .routes
                .iter()
                .filter(|route| matches!(route.audience, Audience::App | Audience::Public) && !route.is_ours());
            for route in routes.filter(|_| tool.behaviour().read_only) {
                let answer = by_route(&caller(&user, route.audience), route, &arguments).await;
                if answer.status == 200 {
                    find_lists(&answer.body, &name_of(route), &mut lists, &mut nulls);
                }
            }
        }
    }
    assert_eq!(nulls, Vec::<String>::new());
    assert!(lists > 50, "{lists} lists are too few: the routes were not read");
}
