//! The files of a chat: those that come with the question, and those that came with the questions before it.

use resources::chat_files::FileHit;
use schemas::chat::{ChatFile, Citation, Message};

use super::question::Question;
use crate::{
    Context, Error, Result,
    assistant::retrieval::{Kind, Passage},
};

/// How much of the beginning of a file that comes with the question is shown, in characters.
const OPENING: usize = 3000;

/// How many passages of the chat's files are looked at.
const PASSAGES: usize = 6;

/// How well the beginning of a file fits the question that it comes with: better than anything found.
const ENCLOSED: f32 = 2.0;

/// The files that an answer may rest on, by their ids.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// Those that come with the question.
    enclosed: Vec<String>,
    /// Those, and those of the chat before.
    all: Vec<String>,
}

/// Makes the files called `ids` part of the chat with this app; gives them in that order.
pub(super) async fn attach(context: &Context, app_id: Option<&str>, ids: &[String]) -> Result<Vec<ChatFile>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let files = context.resources.chat_files(&context.caller.user);
    let found = files.get_many(ids).await?;
    if let Some(missing) = ids.iter().find(|id| found.iter().all(|file| file.id != **id)) {
        return Err(Error::NotFound(format!("file_ids: there is no file called {missing}")));
    }
    files.join(app_id, ids).await?;
    Ok(found)
}

impl Files {
    /// The files of a question, and of the messages before it.
    pub(super) fn of(enclosed: &[String], earlier: &[Message]) -> Self {
        let before = earlier.iter().flat_map(|message| &message.files_id);
        Self { enclosed: enclosed.to_owned(), all: enclosed.iter().chain(before).cloned().collect() }
    }

    /// What the files say that bears on the question.
    pub(super) async fn recall(&self, context: &Context, question: &Question) -> Result<Vec<Passage>> {
        if self.all.is_empty() {
            return Ok(Vec::new());
        }
        let files = context.resources.chat_files(&context.caller.user);
        let openings = files.opening(&self.enclosed, OPENING).await?;
        let mut passages: Vec<Passage> = Vec::new();
        for opening in openings {
            let text = if opening.text.is_empty() { "(a picture)".to_owned() } else { opening.text };
            let citation = cite(opening.file.id, opening.file.name, 0, text, opening.file.created_at);
            passages.push(Passage::new(Kind::File, citation, ENCLOSED));
        }
        for hit in files.search(&question.query, &self.all, PASSAGES).await? {
            // The beginning of a file is shown already.
            let shown = passages
                .iter()
                .any(|passage| passage.citation.id == hit.file_id && passage.citation.quote.contains(&hit.text));
            if !shown {
                let FileHit { file_id, name, place, text, uploaded_at, score, .. } = hit;
                let citation = cite(file_id, name, place, text, uploaded_at);
                passages.push(Passage { place: place.into(), ..Passage::new(Kind::File, citation, score) });
            }
        }
        Ok(passages)
    }
}

fn cite(id: String, name: String, place: u32, quote: String, date: chrono::DateTime<chrono::Utc>) -> Citation {
    let (kind, segment) = ("file".to_owned(), Some(place.to_string()));
    Citation { kind, id, segment, title: Some(name), speaker: None, quote, date }
}
