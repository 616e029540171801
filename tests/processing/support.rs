//! A user with a conversation, and a scripted language model.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};
use resources::{
    Resources,
    action_items::Selection,
    conversations::{Created, NewConversation},
    jobs::Job,
    memories,
};
use schemas::{
    action_item::ActionItem,
    conversation::{Conversation, ConversationSource, ConversationStatus, TranscriptSegment},
    memory::{Memory, MemorySort},
};
use serde_json::{Value, json};
use server::Config;
use tempfile::TempDir;
use tools::processing::{self, Outcome};

use crate::support::{
    model::{Act, ScriptedModel},
    server::models_folder,
};

/// The first line of conversations, under which the model's script stands.
pub(super) const ABOUT: &str = "We talk about the honey.";

/// Resources without a server, so that no worker interferes.
pub(super) struct Setup {
    pub(super) resources: Arc<Resources>,
    pub(super) user: String,
    pub(super) model: ScriptedModel,
    pub(super) folder: TempDir,
}

impl Setup {
    /// With a model that plays these acts.
    pub(super) async fn with(acts: impl IntoIterator<Item = Act>) -> Self {
        let (model, folder) = (ScriptedModel::start().await, TempDir::new().unwrap());
        model.script(ABOUT, acts);
        let resources =
            Resources::open(&config(folder.path(), Some(model.url.clone())).await.settings()).await.unwrap();
        let user = resources.users().add("Ana").await.unwrap().user.id;
        Self { resources, user, model, folder }
    }

    /// Without any model.
    pub(super) async fn alone() -> Self {
        let folder = TempDir::new().unwrap();
        let resources = Resources::open(&config(folder.path(), None).await.settings()).await.unwrap();
        let user = resources.users().add("Ana").await.unwrap().user.id;
        Self { resources, user, model: ScriptedModel::start().await, folder }
    }

    /// The acts of the model from now on; what it was asked before is forgotten.
    pub(super) fn set_script(&self, acts: impl IntoIterator<Item = Act>) {
        self.model.script(ABOUT, acts);
    }

    /// How often the model was asked.
    pub(super) fn request_count(&self) -> usize {
        self.model.requests(ABOUT).len()
    }

    /// Creates a conversation of these lines that waits for processing; its segments are `s1`, `s2` …
    pub(super) async fn add_conversation(&self, lines: &[&str]) -> String {
        let segments = (1..).zip(lines).map(|(number, line)| segment(number, line)).collect();
        self.create(conversation(segments)).await
    }

    pub(super) async fn create(&self, new: NewConversation) -> String {
        let id = new.id.clone();
        assert_eq!(self.resources.conversations(&self.user).create(new).await.unwrap(), Created::New);
        id
    }

    pub(super) async fn run(&self, id: &str) -> Outcome {
        processing::run(&self.resources, &self.user, id).await.unwrap()
    }

    pub(super) async fn conversation(&self, id: &str) -> Conversation {
        self.resources.conversations(&self.user).get(id).await.unwrap().unwrap()
    }

    pub(super) async fn job(&self, id: &str) -> Job {
        self.resources.jobs(&self.user).get(id).await.unwrap().unwrap()
    }

    pub(super) async fn items(&self) -> Vec<ActionItem> {
        let selection = Selection { limit: 100, ..Selection::default() };
        let listed = self.resources.action_items(&self.user).list(&selection).await.unwrap();
        listed.into_iter().map(|(item, _)| item).collect()
    }

    pub(super) async fn memories(&self) -> Vec<Memory> {
        let selection =
            memories::Selection { limit: 100, sort: MemorySort::CreatedDesc, ..memories::Selection::default() };
        let mut listed = self.resources.memories(&self.user).list(&selection).await.unwrap();
        listed.sort_by(|a, b| a.content.cmp(&b.content));
        listed
    }
}

/// The configuration of a server in `folder`, with a model or without.
pub(super) async fn config(folder: &Path, model: Option<String>) -> Config {
    let mut config = Config::in_folder(folder);
    config.server.port = 0;
    config.embedder.sources.folder = Some(models_folder().await.to_owned());
    config.model.name = model.as_ref().map(|_| "scripted".into());
    config.model.url = model;
    config.model.timeout_seconds = 2;
    config
}

/// When the conversations begin: a Friday, in the afternoon in Oslo.
pub(super) fn began() -> DateTime<Utc> {
    "2026-05-08T13:00:00Z".parse().unwrap()
}

pub(super) fn conversation(segments: Vec<TranscriptSegment>) -> NewConversation {
    NewConversation {
        id: uuid::Uuid::new_v4().to_string(),
        started_at: Some(began()),
        utc_offset: None,
        finished_at: None,
        source: ConversationSource::Omi,
        language: Some("en".into()),
        geolocation: None,
        external_data: None,
        client_device_id: None,
        client_platform: None,
        status: ConversationStatus::Processing,
        segments,
    }
}

fn segment(number: i64, text: &str) -> TranscriptSegment {
    let speaker_id = number % 2;
    TranscriptSegment {
        id: format!("s{number}"),
        text: text.to_owned(),
        speaker: format!("SPEAKER_{speaker_id:02}"),
        speaker_id,
        speaker_name: String::new(),
        is_user: speaker_id == 1,
        person_id: None,
        start: 10.0 * number as f64,
        end: 10.0 * number as f64 + 9.0,
        translations: Vec::new(),
        speech_profile_processed: true,
        stt_provider: None,
    }
}

/// A model's answer for a conversation, with some fields replaced.
pub(super) fn model_answer(otherwise: Value) -> Value {
    let mut answer = json!({
        "discard": false,
        "title": "Honey for the market",
        "overview": "Ana and Bo talked about the honey for the market.",
        "emoji": "🍯",
        "category": "business",
        "action_items": [
            { "description": "Send Bo the labels", "due_at": "2026-05-15T15:00:00+02:00", "segment_ids": ["1"] },
        ],
        "events": [{
            "title": "Market day", "description": "", "start": "2026-05-16T08:00:00+02:00", "duration_minutes": 240,
        }],
        "memories": [{ "content": "Ana keeps forty hives.", "kind": "system", "segment_ids": ["2", "1"] }],
        "folder_id": null,
    });
    answer.as_object_mut().unwrap().extend(otherwise.as_object().unwrap().clone());
    answer
}

/// The act that answers with this JSON.
pub(super) fn say(answer: Value) -> Act {
    Act::Text(answer.to_string())
}
