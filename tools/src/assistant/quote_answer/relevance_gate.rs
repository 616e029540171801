//! Whether what was found has anything to do with the question.

use resources::{Embedder, Error};

use super::question::Question;
use crate::{
    Result,
    assistant::retrieval::{Passage, coverage},
};

/// The share of the question's words that is enough in itself.
const SHARED: f32 = 0.5;

/// How near in meaning a passage must be that shares fewer words, by the cosine of the vectors.
const NEAR: f32 = 0.3;

/// Whether one of these passages shares enough words with the question or is near to it in meaning. While there is no
/// embedding model, any word will do.
pub(super) async fn enough(embedder: &Embedder, question: &Question<'_>, chosen: &[&Passage]) -> Result<bool> {
    let most = chosen.iter().map(|passage| coverage(&question.topic, passage)).fold(0.0, f32::max);
    if chosen.is_empty() || question.terms.is_empty() || most >= SHARED {
        return Ok(true);
    }
    let quotes = chosen.iter().map(|passage| passage.citation.quote.clone()).collect();
    let vectors = async { Ok((embedder.embed_query(question.text).await?, embedder.embed_documents(quotes).await?)) };
    match vectors.await {
        Ok((asked, said)) => {
            let cosine = |said: &Vec<f32>| asked.iter().zip(said).map(|(one, other)| one * other).sum::<f32>();
            Ok(said.iter().map(cosine).any(|cosine| cosine >= NEAR))
        }
        Err(Error::Unavailable(_)) => Ok(most > 0.0),
        Err(error) => Err(error.into()),
    }
}
