//! The processor that needs no language model: honest and deterministic, by rules, counts and embeddings.
//!
//! Title, overview, category and folder work in any language: they are drawn from what was said. Action items, events
//! and memories are found by rules for English; in another language there are none rather than wrong ones.

mod actions;
mod categories;
mod clauses;
mod discard;
mod events;
mod folders;
mod memories;
mod outline;
mod overview;
pub(crate) mod sentences;
#[cfg(test)]
mod tests;
mod title;
mod voice;
pub(crate) mod words;

use resources::{Embedder, Error, Resources};
use schemas::conversation::ConversationCategory;

use self::{outline::Outline, sentences::Sentence};
use super::understanding::{Manner, Material, Understanding};
use crate::Result;

/// How much the telling sentences count beside the words that come up most.
const CENTRE: f32 = 0.3;

/// How many sentences are embedded: enough to tell what it was about, few enough to stay quick.
const EMBEDDED: usize = 10;

/// Understands a conversation.
///
/// # Errors
/// What the embedder fails with, unless it is merely absent: then words decide.
pub async fn understand(material: &Material<'_>, resources: &Resources) -> Result<Understanding> {
    let english = is_english(material);
    let sentences = sentences::split(material, english);
    let mut outline = Outline::of(&sentences);
    let candidates = outline.candidates(EMBEDDED).into_iter().map(|at| head(&sentences[at].text));
    let texts = candidates.chain([outline.keywords(&sentences)]).collect();
    let mut gist = None;
    if let Some(mut vectors) = embed(&resources.embedder, texts).await? {
        gist = vectors.pop();
        outline.weigh(vectors);
    }
    let mut understanding = extract(material, &sentences, &outline, english);
    let meaning = outline.meaning().zip(gist.as_deref()).map(|(centre, gist)| middle(centre, gist));
    let meaning = meaning.as_deref();
    let about = format!("{}\n{}", understanding.title, understanding.overview);
    understanding.category = match meaning {
        Some(meaning) => categories::nearest(meaning, &outline, &resources.embedder).await?,
        None => categories::by_words(&about),
    };
    understanding.emoji = categories::emoji(understanding.category).to_owned();
    understanding.folder_id =
        folders::choose(material.folders, understanding.category, meaning, &resources.embedder).await?;
    Ok(understanding)
}

/// The beginning of a sentence, which tells enough of one that is long.
fn head(sentence: &str) -> String {
    sentence.split_whitespace().take(30).collect::<Vec<_>>().join(" ")
}

/// What lies between what the telling sentences mean and what the words mean that come up most.
fn middle(centre: &[f32], gist: &[f32]) -> Vec<f32> {
    let sum: Vec<f32> = centre.iter().zip(gist).map(|(centre, gist)| centre * CENTRE + gist * (1.0 - CENTRE)).collect();
    let length = outline::dot(&sum, &sum).sqrt().max(f32::EPSILON);
    sum.into_iter().map(|value| value / length).collect()
}

/// All that words alone tell; the category is left open.
fn extract(material: &Material<'_>, sentences: &[Sentence], outline: &Outline, english: bool) -> Understanding {
    let said = if english { sentences } else { &[] };
    let action_items = actions::find(material, said);
    let events = events::find(material, said);
    let memories = memories::find(material, said);
    let nothing = action_items.is_empty() && events.is_empty() && memories.is_empty();
    Understanding {
        discard: material.manner == Manner::Weighed && nothing && discard::is_idle(material, sentences),
        title: title::write(material, sentences, outline, english),
        overview: overview::write(material, sentences, outline, english),
        emoji: categories::emoji(ConversationCategory::Other).to_owned(),
        category: ConversationCategory::Other,
        action_items,
        events,
        memories,
        folder_id: None,
    }
}

/// The language as it was given, unless it says nothing: `multi` is any mixture.
fn is_english(material: &Material<'_>) -> bool {
    if let Some(language) = material.language.filter(|language| !matches!(*language, "" | "multi")) {
        return language.to_lowercase().starts_with("en");
    }
    let said = material.segments.iter().map(|segment| segment.text.as_str()).chain(material.text);
    words::looks_english(&said.collect::<Vec<_>>().join(" "))
}

/// The vectors of `texts`; `None` while there is no embedder.
async fn embed(embedder: &Embedder, texts: Vec<String>) -> Result<Option<Vec<Vec<f32>>>> {
    if texts.is_empty() {
        return Ok(None);
    }
    match embedder.embed_documents(texts).await {
        Ok(vectors) => Ok(Some(vectors)),
        Err(Error::Unavailable(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
