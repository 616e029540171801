//! Where: a place after a preposition.

use super::super::question::ParsedQuestion;
use super::{
    DirectAnswer, attributed,
    evidence::{self, Evidence},
};
use language::{dates, stop_words::is_stop_word, words::normalize};

/// The share of the question's terms that a sentence needs to say where.
const MIN_SHARE: f32 = 0.5;

/// Words before a place.
const PREPOSITIONS: &[&str] = &["in", "at", "to", "from", "near", "around", "through", "outside", "across", "into"];

/// Words between a preposition and a name or a noun.
const ARTICLES: &[&str] = &["the", "a", "an", "my", "our", "his", "her", "their", "this", "that"];

/// Nouns for places without a name.
const PLACES: &[&str] = &[
    "beach",
    "park",
    "mountains",
    "mountain",
    "lake",
    "forest",
    "woods",
    "office",
    "school",
    "university",
    "college",
    "hospital",
    "gym",
    "church",
    "museum",
    "library",
    "cafe",
    "café",
    "restaurant",
    "home",
    "house",
    "garden",
    "station",
    "airport",
    "hotel",
    "shelter",
    "farm",
    "theatre",
    "theater",
    "cinema",
    "market",
    "shop",
    "store",
    "bar",
    "pub",
    "club",
    "pool",
    "river",
    "sea",
    "island",
    "studio",
    "gallery",
    "bakery",
    "stadium",
    "kitchen",
    "basement",
    "attic",
    "drawer",
    "garage",
    "balcony",
    "backyard",
    "countryside",
    "coast",
    "valley",
    "desert",
];

/// Answers where it was.
pub(super) fn find<'a>(question: &ParsedQuestion<'_>, evidence: &[Evidence<'a>]) -> Option<DirectAnswer<'a>> {
    let (place, passage) = evidence::best(evidence, MIN_SHARE, |_, sentence| read(question, sentence))?;
    Some(attributed(question, &format!("“{place}”"), passage))
}

/// The place in a sentence; the one after the question's last preposition, if the question ends with one.
fn read(question: &ParsedQuestion<'_>, sentence: &str) -> Option<String> {
    let last = question.words.last().map_or("", String::as_str);
    let tokens: Vec<&str> = sentence.split_whitespace().collect();
    let places = (0..tokens.len()).filter(|at| PREPOSITIONS.contains(&tokens[*at].to_lowercase().as_str()));
    let found = places.filter_map(|at| Some((tokens[at].to_lowercase(), phrase(question, &tokens[at..])?)));
    let found: Vec<(String, String)> = found.collect();
    let wanted = PREPOSITIONS.contains(&last);
    let same = found.iter().find(|(preposition, _)| preposition == last);
    same.or_else(|| found.first().filter(|_| !wanted)).map(|(_, phrase)| phrase.clone())
}

/// A preposition with the place after it: `in the Old Town`, `at a lake`.
fn phrase(question: &ParsedQuestion<'_>, tokens: &[&str]) -> Option<String> {
    let article = usize::from(tokens.get(1).is_some_and(|word| ARTICLES.contains(&word.to_lowercase().as_str())));
    let mut taken = 1 + article;
    let following = tokens.get(taken..)?;
    let mut complete = false;
    for (at, token) in following.iter().enumerate().take(4) {
        let bare = normalize(token);
        let named = token.starts_with(char::is_uppercase) && bare != "i" && !bare.starts_with("i'");
        let known = question.words.contains(&bare) || !named && is_stop_word(&bare);
        if known || complete && !named || bare.is_empty() {
            break;
        }
        taken += 1;
        let ends = !token.ends_with(char::is_alphanumeric);
        // `Home country` is not a home.
        let alone = ends || following.get(at + 1).is_none_or(|next| is_stop_word(&normalize(next)));
        complete = named || alone && PLACES.contains(&bare.as_str());
        if ends || complete && !named {
            break;
        }
    }
    let text = tokens[..taken].join(" ");
    let text = text.trim_end_matches(|letter: char| !letter.is_alphanumeric());
    let dated = dates::find_future_date(text, &chrono::Utc::now(), dates::Locale::default()).is_some();
    (complete && !dated).then(|| text.to_owned())
}
