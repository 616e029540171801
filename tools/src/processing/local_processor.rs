//! Conversation processing without a language model: by the rules of the crate `language`, and by embeddings.
//!
//! It is deterministic. While there is no embedding model, words decide.

mod categories;

use language::{
    extraction::{
        ConversationInput, Extraction,
        categories::{category_by_words, emoji},
        detect_language, extract,
        ranking::{SentenceRanking, dot},
    },
    sentences,
};
use resources::{Embedder, Error, Resources};

use crate::Result;

/// The weight of the highest-ranked sentences beside that of the keywords, in a conversation's vector.
const SENTENCES_WEIGHT: f32 = 0.3;

/// How many sentences are processed, from the beginning: more than are spoken in a day.
const MAX_SENTENCES: usize = 20_000;

/// How many sentences are embedded.
const MAX_EMBEDDED: usize = 10;

/// How many words of a long sentence are embedded.
const MAX_EMBEDDED_WORDS: usize = 30;

/// Processes a conversation.
///
/// # Errors
/// The embedder fails, other than by being unavailable.
pub async fn process(input: &ConversationInput<'_>, resources: &Resources) -> Result<Extraction> {
    let language = detect_language(input);
    let mut sentences = sentences::split(input, language);
    sentences.truncate(MAX_SENTENCES);
    let mut ranking = SentenceRanking::new(&sentences);
    let candidates = ranking.candidates(MAX_EMBEDDED).into_iter().map(|at| first_words(&sentences[at].text));
    let texts = candidates.chain([ranking.keywords(&sentences)]).collect();
    let mut keywords = None;
    if let Some(mut vectors) = embed(&resources.index.embedder, texts).await? {
        keywords = vectors.pop();
        ranking.add_vectors(vectors);
    }
    let mut extraction = extract(input, &sentences, &ranking, language);
    let vector = ranking.centroid().zip(keywords.as_deref()).map(|(centroid, keywords)| combine(centroid, keywords));
    let vector = vector.as_deref();
    let summary = format!("{}\n{}", extraction.title, extraction.overview);
    extraction.category = match vector {
        Some(vector) => categories::choose_category(vector, &ranking, &resources.index.embedder).await?,
        None => category_by_words(&summary),
    };
    extraction.emoji = emoji(extraction.category).to_owned();
    extraction.folder_id =
        categories::choose_folder(input.folders, extraction.category, vector, &resources.index.embedder).await?;
    Ok(extraction)
}

/// The beginning of a sentence, which is enough of a long one.
fn first_words(sentence: &str) -> String {
    sentence.split_whitespace().take(MAX_EMBEDDED_WORDS).collect::<Vec<_>>().join(" ")
}

/// The weighted mean of the vectors of the sentences and the keywords, of length 1.
fn combine(sentences: &[f32], keywords: &[f32]) -> Vec<f32> {
    let weighted =
        |(sentences, keywords): (&f32, &f32)| sentences * SENTENCES_WEIGHT + keywords * (1.0 - SENTENCES_WEIGHT);
    let sum: Vec<f32> = sentences.iter().zip(keywords).map(weighted).collect();
    let length = dot(&sum, &sum).sqrt().max(f32::EPSILON);
    sum.into_iter().map(|value| value / length).collect()
}

/// The vectors of `texts`; `None` while there is no embedding model.
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
