//! Category and folder of a conversation, by embeddings where there are any.

use language::extraction::{
    FolderChoice,
    categories::{CATEGORIES, folder_by_category},
    ranking::{SentenceRanking, dot},
};
use resources::{Embedder, Error};
use schemas::conversation::ConversationCategory::{self, *};
use tokio::sync::OnceCell;

use super::embed;
use crate::Result;

/// The least cosine between a conversation and its category.
const MIN_CATEGORY_SIMILARITY: f32 = 0.15;

/// The least cosine between a conversation and its folder.
const MIN_FOLDER_SIMILARITY: f32 = 0.35;

/// What the terms of a category's description add to its similarity: a factor of their weights, and a maximum.
const TERM_FACTOR: f32 = 0.03;
const MAX_TERM_BONUS: f32 = 0.25;

/// Categories of feelings, which are similar to everything that is said with feeling, and what is subtracted for that.
const MOOD_CATEGORIES: &[ConversationCategory] = &[Inspiration, Romantic, Spiritual, Personal, Parenting];
const MOOD_PENALTY: f32 = 0.06;

/// The vectors of the descriptions, and the embedding model that they are from.
struct CategoryVectors {
    model: String,
    vectors: Vec<Vec<f32>>,
}

static CATEGORY_VECTORS: OnceCell<CategoryVectors> = OnceCell::const_new();

/// The category that is most similar to a conversation, by its vector and its terms.
pub(super) async fn choose_category(
    vector: &[f32],
    ranking: &SentenceRanking,
    embedder: &Embedder,
) -> Result<ConversationCategory> {
    let model = embedder.identity().unwrap_or_default();
    let known = CATEGORY_VECTORS.get_or_try_init(|| embed_categories(embedder)).await?;
    let other;
    let known = if known.model == model {
        known
    } else {
        other = embed_categories(embedder).await?;
        &other
    };
    let scored = CATEGORIES.iter().zip(&known.vectors).map(|(row, description)| {
        let bonus = (ranking.term_weight(row.2) * TERM_FACTOR).min(MAX_TERM_BONUS);
        let penalty = if MOOD_CATEGORIES.contains(&row.0) { MOOD_PENALTY } else { 0.0 };
        (row.0, dot(vector, description) + bonus - penalty)
    });
    let best = scored.filter(|(category, _)| *category != Other).max_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(best.filter(|(_, score)| *score >= MIN_CATEGORY_SIMILARITY).map_or(Other, |(category, _)| category))
}

async fn embed_categories(embedder: &Embedder) -> Result<CategoryVectors> {
    let texts = CATEGORIES.iter().map(|row| row.2.to_owned()).collect();
    let mut vectors = embed(embedder, texts).await?.unwrap_or_default();
    // What all descriptions have in common does not distinguish them.
    let count = vectors.len().max(1) as f32;
    let mut mean = vec![0.0; vectors.first().map_or(0, Vec::len)];
    vectors.iter().for_each(|vector| mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value / count));
    for vector in &mut vectors {
        vector.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
        let length = dot(vector, vector).sqrt().max(f32::EPSILON);
        vector.iter_mut().for_each(|value| *value /= length);
    }
    Ok(CategoryVectors { model: embedder.identity().unwrap_or_default().to_owned(), vectors })
}

/// The folder that fits a conversation, by its vector or by its category.
pub(super) async fn choose_folder(
    folders: &[FolderChoice],
    category: ConversationCategory,
    vector: Option<&[f32]>,
    embedder: &Embedder,
) -> Result<Option<String>> {
    let mut best: Option<(f32, &FolderChoice)> = None;
    for folder in folders {
        let Some(vector) = vector else { break };
        let description = &folder.description;
        let folder_vector =
            match embedder.embed_query(format!("{}: {description}", folder.name).trim_end_matches([':', ' '])).await {
                Ok(found) => found,
                Err(Error::Unavailable(_)) => break,
                Err(error) => return Err(error.into()),
            };
        let similarity = dot(vector, &folder_vector);
        if best.is_none_or(|(most, _)| similarity > most) {
            best = Some((similarity, folder));
        }
    }
    let similar = best.filter(|(similarity, _)| *similarity >= MIN_FOLDER_SIMILARITY).map(|(_, folder)| folder);
    Ok(similar.or_else(|| folder_by_category(folders, category)).map(|folder| folder.id.clone()))
}
