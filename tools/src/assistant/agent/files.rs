//! The files of a chat: those attached to the question, and those attached to the questions before it.

use resources::chat_files::FileHit;
use schemas::chat::{ChatFile, Citation, Message};

use super::question::Question;
use crate::{
    Context, Error, Result,
    assistant::retrieval::{Passage, PassageKind},
};

/// How much of the beginning of an attached file is shown, in characters.
const MAX_OPENING: usize = 3000;

/// How many passages of the chat's files are retrieved.
const MAX_PASSAGES: usize = 6;

/// The score of the beginning of an attached file: higher than that of any search result.
const ATTACHED_SCORE: f32 = 2.0;

/// The ids of the files that an answer may cite.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The files attached to the question.
    attached: Vec<String>,
    /// These, and the files attached to earlier messages.
    all: Vec<String>,
}

/// Adds files to the chat with this app. Returns them in the order of `ids`.
pub(super) async fn attach(context: &Context, app_id: Option<&str>, ids: &[String]) -> Result<Vec<ChatFile>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let files = context.resources.chat_files(&context.caller.user);
    let found = files.get_many(ids).await?;
    if let Some(missing) = ids.iter().find(|id| found.iter().all(|file| file.id != **id)) {
        return Err(Error::NotFound(format!("file_ids: file {missing} not found")));
    }
    files.attach_to_chat(app_id, ids).await?;
    Ok(found)
}

impl Files {
    /// The files of a question, and of the messages before it.
    pub(super) fn of(attached: &[String], earlier: &[Message]) -> Self {
        let before = earlier.iter().flat_map(|message| &message.files_id);
        Self { attached: attached.to_owned(), all: attached.iter().chain(before).cloned().collect() }
    }

    /// The passages of the files that are relevant to the question.
    pub(super) async fn retrieve(&self, context: &Context, question: &Question) -> Result<Vec<Passage>> {
        if self.all.is_empty() {
            return Ok(Vec::new());
        }
        let files = context.resources.chat_files(&context.caller.user);
        let openings = files.opening(&self.attached, MAX_OPENING).await?;
        let mut passages: Vec<Passage> = Vec::new();
        for opening in openings {
            let text = if opening.text.is_empty() { "(a picture)".to_owned() } else { opening.text };
            let citation = cite(opening.file.id, opening.file.name, 0, text, opening.file.created_at);
            passages.push(Passage::new(PassageKind::File, citation, ATTACHED_SCORE));
        }
        for hit in files.search(&question.query, &self.all, MAX_PASSAGES).await? {
            // The beginning of a file is already there.
            let is_known = passages
                .iter()
                .any(|passage| passage.citation.id == hit.file_id && passage.citation.quote.contains(&hit.text));
            if !is_known {
                let FileHit { file_id, name, place, text, uploaded_at, score, .. } = hit;
                let citation = cite(file_id, name, place, text, uploaded_at);
                passages.push(Passage { position: place.into(), ..Passage::new(PassageKind::File, citation, score) });
            }
        }
        Ok(passages)
    }
}

fn cite(id: String, name: String, place: u32, quote: String, date: chrono::DateTime<chrono::Utc>) -> Citation {
    let (kind, segment) = ("file".to_owned(), Some(place.to_string()));
    Citation { kind, id, segment, title: Some(name), speaker: None, quote, date }
}
