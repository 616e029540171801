//! Export: all of a user's data as one JSON document, written page by page.

use std::sync::Arc;

use futures::Stream;
use resources::{Resources, Result};
use serde::Serialize;
use serde_json::{Value, json};

/// How many rows are read at a time.
const PAGE_SIZE: usize = 100;

/// How many conversations are read at a time, as they include transcripts and photos.
const CONVERSATIONS_PAGE_SIZE: usize = 10;

/// All data of `user`: a JSON object with a list for each kind of object, one row per line. The first six keys are
/// those of Omi's export, in its order. Rows are sorted by id and contain nothing specific to a server, so that equal
/// data give equal bytes.
pub fn export(resources: Arc<Resources>, user: String) -> impl Stream<Item = Result<Vec<u8>>> + Send + 'static {
    async_stream::try_stream! {
        let (resources, user) = (&*resources, user.as_str());
        let name = resources.users().find(user).await?.map(|user| user.name);
        yield [b"{\n\"profile\": ".to_vec(), line(&json!({ "name": name }))?].concat();

        yield opening("conversations");
        let conversations = resources.conversations(user);
        for (page, ids) in conversations.ids().await?.chunks(CONVERSATIONS_PAGE_SIZE).enumerate() {
            yield rows(page, &conversations.export(ids).await?)?;
        }
        yield opening_after_list("memories");
        let memories = resources.memories(user);
        for (page, ids) in memories.ids().await?.chunks(PAGE_SIZE).enumerate() {
            yield rows(page, &memories.export(ids).await?)?;
        }
        yield opening_after_list("people");
        yield rows(0, &resources.people(user).export().await?)?;
        yield opening_after_list("action_items");
        let action_items = resources.action_items(user);
        for (page, ids) in action_items.all_ids().await?.chunks(PAGE_SIZE).enumerate() {
            yield rows(page, &action_items.export(ids).await?)?;
        }
        yield opening_after_list("chat_messages");
        let messages = resources.messages(user);
        for (page, ids) in messages.ids().await?.chunks(PAGE_SIZE).enumerate() {
            yield rows(page, &messages.export(ids).await?)?;
        }
        yield opening_after_list("goals");
        yield rows(0, &resources.goals(user).export().await?)?;
        yield opening_after_list("folders");
        yield rows(0, &resources.folders(user).export().await?)?;
        yield opening_after_list("daily_summaries");
        yield rows(0, &resources.daily_summaries(user).export().await?)?;
        yield [b"\n],\n\"preferences\": ".to_vec(), line(&resources.preferences(user).get().await?)?, b"\n}\n".to_vec()].concat();
    }
}

/// The beginning of the first list.
fn opening(key: &str) -> Vec<u8> {
    format!(",\n\"{key}\": [").into_bytes()
}

/// The end of a list and the beginning of the next.
fn opening_after_list(key: &str) -> Vec<u8> {
    [b"\n]".to_vec(), opening(key)].concat()
}

/// The rows of a page, a line each.
fn rows(page: usize, rows: &[impl Serialize]) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        bytes.extend_from_slice(if page + place == 0 { b"\n" } else { b",\n" });
        bytes.extend(line(row)?);
    }
    Ok(bytes)
}

/// One row as JSON, without the user's id.
fn line(row: &impl Serialize) -> Result<Vec<u8>> {
    let mut value = serde_json::to_value(row).map_err(resources::Error::internal)?;
    if let Value::Object(fields) = &mut value {
        fields.shift_remove("uid");
    }
    serde_json::to_vec(&value).map_err(resources::Error::internal)
}
