//! Which folder a conversation belongs in.

use resources::{Embedder, Error};
use schemas::conversation::ConversationCategory::{self, *};

use super::{outline::dot, words};
use crate::{Result, processing::understanding::FolderChoice};

/// How near a conversation must be to a folder, by the cosine of their vectors.
const NEAR: f32 = 0.35;

/// Which categories belong in folders that have one of these words in their name.
const BY_NAME: &[(&[ConversationCategory], &[&str])] = &[
    (&[Work, Business, Entrepreneurship, Legal], &["work", "business", "job", "career", "office"]),
    (&[Health, Psychology, Sports], &["health", "fitness", "wellness", "medical"]),
    (&[Finance, Economics], &["finance", "money", "finances", "budget"]),
    (&[Education, Science, Literature, History], &["education", "learning", "school", "study", "studies"]),
    (&[Travel], &["travel", "trips", "vacation"]),
    (&[Technology], &["technology", "tech", "coding"]),
    (&[Family, Parenting], &["family", "kids", "home"]),
    (&[Entertainment, Music, Sports, Literature], &["entertainment", "fun"]),
    (&[Social, Romantic], &["social", "friends"]),
    (&[Personal, Inspiration, Spiritual, Family, Parenting, Romantic], &["personal", "private", "life"]),
];

/// The folder that fits, if one does.
pub(super) async fn choose(
    folders: &[FolderChoice],
    category: ConversationCategory,
    meaning: Option<&[f32]>,
    embedder: &Embedder,
) -> Result<Option<String>> {
    let mut best: Option<(f32, &FolderChoice)> = None;
    for folder in folders {
        let Some(meaning) = meaning else { break };
        let description = &folder.description;
        let vector =
            match embedder.embed_query(format!("{}: {description}", folder.name).trim_end_matches([':', ' '])).await {
                Ok(vector) => vector,
                Err(Error::Unavailable(_)) => break,
                Err(error) => return Err(error.into()),
            };
        let near = dot(meaning, &vector);
        if best.is_none_or(|(most, _)| near > most) {
            best = Some((near, folder));
        }
    }
    let near = best.filter(|(near, _)| *near >= NEAR).map(|(_, folder)| folder);
    Ok(near.or_else(|| by_name(folders, category)).map(|folder| folder.id.clone()))
}

/// The folder whose name is that of the category, or of its kind.
pub(super) fn by_name(folders: &[FolderChoice], category: ConversationCategory) -> Option<&FolderChoice> {
    let own = format!("{category:?}").to_lowercase();
    let kinds = BY_NAME.iter().filter(|(categories, _)| categories.contains(&category));
    let names = kinds.flat_map(|(_, names)| names.iter().copied());
    let has = |folder: &FolderChoice, name: &str| words::cores(&folder.name).iter().any(|word| word == name);
    let named = |name: &str| folders.iter().find(|folder| has(folder, name));
    if category == Other { None } else { named(&own).or_else(|| names.into_iter().find_map(named)) }
}
