//! Gathering what a processor is given.

use chrono::TimeDelta;
use chrono_tz::Tz;
use resources::{
    Resources,
    jobs::{Job, Manner},
};
use schemas::{
    conversation::{Conversation, TextSource},
    folder::Folder,
};

use super::understanding::{FolderChoice, Material};
use crate::Result;

/// How long open action items are told, so that they are not written down again, and how many.
const RECENT: TimeDelta = TimeDelta::days(2);
const OPEN_ITEMS: usize = 50;

/// What a server calls the one whom it was set up by, which is not their name.
const OWNER: &str = "owner";

/// A conversation with all that a processor is to know of it.
pub(super) struct Subject {
    pub(super) conversation: Conversation,
    pub(super) manner: Manner,
    text: Option<String>,
    text_source: TextSource,
    time_zone: Tz,
    user_name: Option<String>,
    open_items: Vec<String>,
    folders: Vec<FolderChoice>,
}

impl Subject {
    /// What there is to know of a job's conversation; `None` when that is gone.
    pub(super) async fn of(resources: &Resources, job: &Job) -> Result<Option<Self>> {
        let user = &job.user;
        let Some(conversation) = resources.conversations(user).get(&job.conversation).await? else { return Ok(None) };
        let (text, text_source) = handed_in(&conversation);
        let time_zone = resources.preferences(user).await?.time_zone.and_then(|name| name.parse().ok());
        let name = resources.users().find(user).await?.map(|user| user.name);
        let open = resources.action_items(user).recent(resources::now() - RECENT).await?.into_iter().rev();
        // Its own items are written anew with the rest.
        let of_others = open.filter(|item| !item.completed && item.conversation_id.as_ref() != Some(&job.conversation));
        Ok(Some(Self {
            manner: job.manner,
            text,
            text_source,
            time_zone: time_zone.unwrap_or(Tz::UTC),
            user_name: name.filter(|name| name != OWNER),
            open_items: of_others.map(|item| item.description).take(OPEN_ITEMS).collect(),
            folders: folders(resources, user, &conversation).await?,
            conversation,
        }))
    }

    pub(super) fn material(&self) -> Material<'_> {
        let segments = self.conversation.transcript_segments.as_deref().unwrap_or_default();
        let started_at = self.conversation.started_at.unwrap_or(self.conversation.created_at);
        let spoken = segments.last().map_or(0.0, |segment| segment.end.clamp(0.0, 1e7));
        let heard_until = started_at + TimeDelta::milliseconds((spoken * 1000.0) as i64);
        Material {
            segments,
            text: self.text.as_deref(),
            text_source: self.text_source,
            started_at,
            finished_at: self.conversation.finished_at.unwrap_or(heard_until).max(started_at),
            time_zone: self.time_zone,
            language: self.conversation.language.as_deref(),
            open_items: &self.open_items,
            folders: &self.folders,
            user_name: self.user_name.as_deref(),
            manner: self.manner,
        }
    }

    /// How many words were said, or handed in.
    pub(super) fn words(&self) -> usize {
        let said = self.conversation.transcript_segments.iter().flatten().map(|segment| segment.text.as_str());
        said.chain(self.text.as_deref()).flat_map(str::split_whitespace).count()
    }
}

/// The text that a conversation without a transcript was made from, and what that is; else what its photos show.
fn handed_in(conversation: &Conversation) -> (Option<String>, TextSource) {
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

/// The folders that a conversation can be filed in: none once it is in one.
async fn folders(resources: &Resources, user: &str, conversation: &Conversation) -> Result<Vec<FolderChoice>> {
    if conversation.folder_id.is_some() {
        return Ok(Vec::new());
    }
    let choice = |folder: Folder| FolderChoice {
        id: folder.id,
        name: folder.name,
        description: folder.description.unwrap_or_default(),
    };
    Ok(resources.folders(user).choices().await?.into_iter().map(choice).collect())
}
