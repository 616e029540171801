//! Loads the input of a processing job.

use chrono::{FixedOffset, TimeDelta};
use language::{
    extraction::{ConversationInput, FolderChoice, OpenItem},
    zone::UserZone,
};
use resources::{
    Resources,
    jobs::{Job, ProcessMode},
};
use schemas::{
    conversation::{Conversation, TextSource},
    folder::Folder,
};

use crate::Result;

/// The age and number of open action items that are passed on, so that they are not extracted again.
const MAX_OPEN_ITEM_AGE: TimeDelta = TimeDelta::days(2);
const MAX_OPEN_ITEMS: usize = 50;

/// The default name of the server's first user, which is not a real name.
const DEFAULT_OWNER_NAME: &str = "owner";

/// A conversation with everything that a processor needs.
pub(super) struct JobInput {
    pub(super) conversation: Conversation,
    pub(super) mode: ProcessMode,
    text: Option<String>,
    text_source: TextSource,
    time_zone: UserZone,
    user_name: Option<String>,
    open_items: Vec<OpenItem>,
    folders: Vec<FolderChoice>,
}

impl JobInput {
    /// Loads the conversation of a job; `None` when it was deleted.
    pub(super) async fn load(resources: &Resources, job: &Job) -> Result<Option<Self>> {
        let user = &job.user;
        let Some(conversation) = resources.conversations(user).get(&job.conversation).await? else { return Ok(None) };
        let (text, text_source) = submitted_text(&conversation);
        let named = resources.preferences(user).get().await?.time_zone.and_then(|name| name.parse().ok());
        let time_zone = match named.map(UserZone::Named) {
            Some(zone) => zone,
            None => {
                let offset = resources.conversations(user).utc_offset(&job.conversation).await?;
                offset.and_then(FixedOffset::east_opt).map_or_else(UserZone::default, UserZone::Offset)
            }
        };
        let name = resources.users().find(user).await?.map(|user| user.name);
        let open = resources.action_items(user).recent(resources::now() - MAX_OPEN_ITEM_AGE).await?.into_iter().rev();
        // The conversation's own items are replaced by this run.
        let of_others = open.filter(|item| !item.completed && item.conversation_id.as_ref() != Some(&job.conversation));
        Ok(Some(Self {
            mode: job.mode,
            text,
            text_source,
            time_zone,
            user_name: name.filter(|name| name != DEFAULT_OWNER_NAME),
            open_items: of_others
                .map(|item| OpenItem { description: item.description, due_at: item.due_at })
                .take(MAX_OPEN_ITEMS)
                .collect(),
            folders: folders(resources, user, &conversation).await?,
            conversation,
        }))
    }

    /// The input as the processors take it.
    pub(super) fn conversation_input(&self) -> ConversationInput<'_> {
        let segments = self.conversation.transcript_segments.as_deref().unwrap_or_default();
        let started_at = self.conversation.started_at.unwrap_or(self.conversation.created_at);
        let spoken = segments.last().map_or(0.0, |segment| segment.end.clamp(0.0, 1e7));
        let end_of_speech = started_at + TimeDelta::milliseconds((spoken * 1000.0) as i64);
        ConversationInput {
            segments,
            text: self.text.as_deref(),
            text_source: self.text_source,
            started_at,
            finished_at: self.conversation.finished_at.unwrap_or(end_of_speech).max(started_at),
            time_zone: self.time_zone,
            language: self.conversation.language.as_deref(),
            open_items: &self.open_items,
            folders: &self.folders,
            user_name: self.user_name.as_deref(),
            can_discard: self.mode == ProcessMode::Automatic,
        }
    }

    /// The number of words in the transcript, or in the submitted text.
    pub(super) fn word_count(&self) -> usize {
        let said = self.conversation.transcript_segments.iter().flatten().map(|segment| segment.text.as_str());
        said.chain(self.text.as_deref()).flat_map(str::split_whitespace).count()
    }
}

/// The text that a conversation without a transcript was created from, with its kind; else the descriptions of its
/// photos.
fn submitted_text(conversation: &Conversation) -> (Option<String>, TextSource) {
    if conversation.transcript_segments.as_ref().is_some_and(|segments| !segments.is_empty()) {
        return (None, TextSource::default());
    }
    let part = |name: &str| conversation.external_data.as_ref().and_then(|data| data.get(name));
    let source = part("text_source").and_then(|source| serde_json::from_value(source.clone()).ok());
    let text = part("text").and_then(|text| text.as_str()).map(str::to_owned);
    let shown: Vec<&str> = conversation.photos.iter().filter_map(|photo| photo.description.as_deref()).collect();
    let text = text.or_else(|| (!shown.is_empty()).then(|| shown.join("\n")));
    (text, source.unwrap_or_default())
}

/// The folders to choose from; none when the conversation is already in one.
async fn folders(resources: &Resources, user: &str, conversation: &Conversation) -> Result<Vec<FolderChoice>> {
    if conversation.folder_id.is_some() {
        return Ok(Vec::new());
    }
    let choice = |folder: Folder| FolderChoice {
        id: folder.id,
        name: folder.name,
        description: folder.description.unwrap_or_default(),
    };
    Ok(resources.folders(user).list_or_create().await?.into_iter().map(choice).collect())
}
