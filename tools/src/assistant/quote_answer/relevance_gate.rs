//! Decides whether the selected passages are relevant to the question at all.

use resources::{Embedder, Error};

use super::question::ParsedQuestion;
use crate::{
    Result,
    assistant::retrieval::{Passage, coverage},
};

/// The share of the question's terms that suffices by itself.
const SUFFICIENT_COVERAGE: f32 = 0.5;

/// The least cosine between the question and a passage that shares fewer terms.
const MIN_SIMILARITY: f32 = 0.3;

/// Whether one of these passages shares enough terms with the question, or is similar to it. Without an embedding
/// model, one shared term suffices.
pub(super) async fn is_relevant(
    embedder: &Embedder,
    question: &ParsedQuestion<'_>,
    selected: &[&Passage],
) -> Result<bool> {
    let best = selected.iter().map(|passage| coverage(&question.topic, passage)).fold(0.0, f32::max);
    if selected.is_empty() || question.terms.is_empty() || best >= SUFFICIENT_COVERAGE {
        return Ok(true);
    }
    let quotes = selected.iter().map(|passage| passage.citation.quote.clone()).collect();
    let vectors = async { Ok((embedder.embed_query(question.text).await?, embedder.embed_documents(quotes).await?)) };
    match vectors.await {
        Ok((asked, said)) => {
            let cosine = |said: &Vec<f32>| asked.iter().zip(said).map(|(one, other)| one * other).sum::<f32>();
            Ok(said.iter().map(cosine).any(|cosine| cosine >= MIN_SIMILARITY))
        }
        Err(Error::Unavailable(_)) => Ok(best > 0.0),
        Err(error) => Err(error.into()),
    }
}
