//! Title: the highest-ranked clause, shortened to a phrase.

use chrono::TimeZone;

use super::{ConversationInput, Language, ranking::SentenceRanking};
use crate::{
    clauses,
    dates::{self, Locale, Tense},
    fillers::strip_opening,
    sentences::Sentence,
    third_person::third_person,
    words::{self, capitalize, normalize},
};

const MAX_WORDS: usize = 8;
const MAX_CHARS: usize = 60;

/// How many of the highest-ranked sentences are considered.
const MAX_CANDIDATES: usize = 8;

/// Words that a phrase cannot end with.
const DANGLING: &[&str] = &[
    "a", "an", "the", "of", "to", "in", "on", "at", "for", "with", "and", "or", "but", "my", "our", "your", "their",
    "his", "her", "its", "is", "are", "was", "were", "be", "been", "that", "this", "these", "those", "which", "who",
    "so", "as", "by", "from", "about", "into", "than", "then", "if", "when", "while", "some", "any", "i", "we", "it",
    "they", "he", "she", "very", "really", "it's", "i'm", "just", "also", "not", "has", "have", "had", "will", "would",
    "can", "could", "how", "what", "where", "like", "through", "between", "over", "after", "before", "during",
    "because", "lots", "such", "there", "there's", "too", "them", "us", "me", "what's", "it'll", "doing", "being",
    "up", "get", "got", "getting", "going", "make", "making", "and/or", "since", "until", "all", "more", "much", "new",
    "keep", "own",
];

/// Words before which a phrase may end.
const BREAKS: &[&str] = &[
    "and", "or", "but", "to", "for", "with", "that", "which", "who", "when", "where", "while", "by", "so", "because",
    "as", "if", "in", "on", "at", "from", "than", "about", "into", "through", "during", "after", "before", "since",
    "until", "using", "without", "just",
];

/// Words of praise, which say nothing at the end of a title.
const PRAISE: &[&str] = &[
    "awesome",
    "amazing",
    "key",
    "tough",
    "great",
    "rewarding",
    "priceless",
    "important",
    "incredible",
    "wonderful",
    "cool",
    "nice",
    "hard",
    "fun",
    "perfect",
    "fantastic",
    "beautiful",
    "special",
    "inspiring",
    "helped",
    "helps",
    "crucial",
    "necessary",
];

/// Openings of thanks, praise and advice.
const ADVICE: &[&str] = &[
    "stay",
    "keep",
    "believe",
    "follow",
    "enjoy",
    "take",
    "don't",
    "never",
    "congrats",
    "congratulations",
    "thanks",
    "thank",
    "glad",
    "especially",
    "just",
    "even",
    "only",
    "sounds",
    "looks",
    "seems",
    "good",
    "best",
    "remember",
    "try",
    "sending",
    "now",
    "wishing",
    "hopefully",
];

/// Modal verbs and verbs of opinion, after the subject.
const MODALS: &[&str] =
    &["can", "could", "would", "should", "might", "may", "must", "hope", "wish", "guess", "bet", "think"];

/// Openings of a clause that refers to something said before.
const REFERENCES: &[&str] = &[
    "it", "both", "all", "it's", "that", "that's", "this", "these", "those", "they", "they're", "he", "he's", "she",
    "she's", "there", "there's", "you", "you're", "you've", "you'll", "your", "what", "how", "who", "which", "if",
    "when", "wish", "hope", "let", "can't", "can", "could", "would", "do", "did", "does", "have", "are", "is", "was",
];

/// The title of a conversation.
pub(super) fn compose(
    input: &ConversationInput<'_>,
    sentences: &[Sentence],
    ranking: &SentenceRanking,
    language: Language,
) -> String {
    let ranked = ranking.ranked();
    let names: Vec<String> =
        sentences.iter().map(|sentence| sentence.speaker.clone()).filter(|name| !name.is_empty()).collect();
    let phrases = ranked.iter().take(MAX_CANDIDATES).flat_map(|at| {
        let sentence = &sentences[*at];
        let parts =
            if language == Language::English { clauses::split(&sentence.text) } else { vec![sentence.text.clone()] };
        let score = ranking.score(*at) * if sentence.is_question() { 0.3 } else { 1.0 };
        parts.into_iter().map(move |part| (sentence, part, score))
    });
    let mut best: Option<(f32, String)> = None;
    for (sentence, part, score) in phrases {
        let (phrase, fit) =
            if language == Language::English { phrase(input, sentence, &part, &names) } else { (part, 1.0) };
        let (title, whole) = shorten(&phrase);
        let length = title.split_whitespace().count();
        let fit = fit
            * if (3..=MAX_WORDS).contains(&length) || language != Language::English { 1.0 } else { 0.2 }
            * if whole { 1.0 } else { 0.6 };
        let praise = title.rsplit(' ').next().is_some_and(|last| PRAISE.contains(&normalize(last).as_str()));
        let score = score * fit * ranking.term_weight(&title) * if praise { 0.5 } else { 1.0 };
        if best.as_ref().is_none_or(|(most, _)| score > *most) && !title.is_empty() {
            best = Some((score, title));
        }
    }
    best.map_or_else(|| format!("Conversation on {}", local_day(input)), |(_, title)| title)
}

fn local_day(input: &ConversationInput<'_>) -> String {
    input.time_zone.from_utc_datetime(&input.started_at.naive_utc()).format("%-d %B %Y").to_string()
}

/// A clause without its date and its opening, and how well it stands alone, from 0 to 1.
fn phrase(input: &ConversationInput<'_>, sentence: &Sentence, clause: &str, names: &[String]) -> (String, f32) {
    let now = input.started_at.with_timezone(&input.time_zone);
    let mut clause = strip_opening(clause, names).to_owned();
    let mut specific = 1.0;
    if let Some(found) = dates::find_date(&clause, &now, Tense::Past, Locale::new(input.language)) {
        specific = 1.2;
        clause = format!("{}{}", &clause[..found.range.start].trim_end(), &clause[found.range.end..]);
    }
    let clause = strip_opening(clause.trim(), names);
    let first = clause.split_whitespace().next().map(normalize).unwrap_or_default();
    if REFERENCES.contains(&first.as_str()) {
        return (clause.to_owned(), 0.15);
    }
    if ADVICE.contains(&first.as_str()) {
        return (clause.to_owned(), 0.4);
    }
    let second = clause.split_whitespace().nth(1).map(normalize).unwrap_or_default();
    let modal = if MODALS.contains(&second.as_str()) { 0.6 } else { 1.0 };
    let third_person =
        if sentence.speaker.is_empty() || sentence.by_user { None } else { third_person(clause, &sentence.speaker) };
    let own = third_person.unwrap_or_else(|| without_subject(clause));
    let inner: Vec<String> = words::tokenize(&own);
    let references = inner
        .iter()
        .filter(|word| {
            matches!(word.as_str(), "it" | "that" | "this" | "you" | "your" | "them" | "those" | "these" | "i")
        })
        .count();
    // What the speaker did or plans is more specific than a general statement.
    let own_deed = if matches!(first.as_str(), "i" | "i'm" | "i've" | "we" | "we're" | "we've" | "i'll" | "my" | "our")
    {
        1.3
    } else {
        1.0
    };
    (own, 0.65f32.powi(references as i32) * specific * own_deed * modal)
}

/// The clause without `I`, `I'm` or `we've`.
fn without_subject(clause: &str) -> String {
    let words: Vec<&str> = clause.split_whitespace().collect();
    let cores: Vec<String> = words.iter().map(|word| normalize(word)).collect();
    let at = |place: usize| cores.get(place).map_or("", String::as_str);
    let taken = match (at(0), at(1), at(2)) {
        ("i" | "we", "have" | "had" | "am" | "are" | "was" | "were", "been") => 3,
        ("i've" | "we've", "been", _) => 2,
        (
            "i" | "we",
            "am" | "are" | "was" | "were" | "will" | "also" | "just" | "really" | "finally" | "recently",
            _,
        ) => 2,
        ("i" | "we" | "i'm" | "we're" | "i've" | "we've" | "i'll" | "we'll" | "let's" | "i'd" | "we'd", ..) => 1,
        _ => 0,
    };
    let adverbs = words[taken..].iter().take_while(|word| {
        taken > 0
            && matches!(
                normalize(word).as_str(),
                "just"
                    | "also"
                    | "really"
                    | "finally"
                    | "so"
                    | "always"
                    | "currently"
                    | "recently"
                    | "definitely"
                    | "actually"
                    | "still"
            )
    });
    let taken = taken + adverbs.count();
    words[taken..].join(" ")
}

fn is_dangling(word: &str) -> bool {
    word.is_empty() || DANGLING.contains(&word)
}

/// At most eight words and sixty letters, with a capital; and whether they end where a phrase may.
fn shorten(phrase: &str) -> (String, bool) {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let mut kept: Vec<&str> = Vec::new();
    let (mut letters, mut whole) = (0, true);
    for word in &words {
        let long = letters + word.chars().count() + kept.len() > MAX_CHARS;
        if kept.len() == MAX_WORDS || long {
            let place = (3..=kept.len()).rev().find(|place| BREAKS.contains(&normalize(words[*place]).as_str()));
            whole = place.is_some();
            kept.truncate(place.unwrap_or(kept.len()));
            break;
        }
        letters += word.chars().count();
        kept.push(word);
        let stops = word.ends_with([',', ';', ':', '!', '?', '…', '('])
            || matches!(*word, "-" | "–" | "—")
            || word.ends_with("...");
        if stops && kept.len() > 2 {
            break;
        }
    }
    if let (true, Some(first)) = (kept.is_empty(), words.first()) {
        // Scripts without spaces have whole sentences in a word.
        return (first.chars().take(MAX_CHARS / 2).collect(), false);
    }
    let cut = kept.len();
    while kept.len() > 2 && kept.last().is_some_and(|last| is_dangling(&normalize(last))) {
        kept.pop();
    }
    // A second verb without its object: `packed the bags and carried`.
    let lost = kept.len() < cut || cut < words.len();
    if lost && kept.len() > 4 && matches!(normalize(kept[kept.len() - 2]).as_str(), "and" | "or") {
        kept.truncate(kept.len() - 2);
    }
    let mut text = kept.join(" ");
    if text.matches('"').count() % 2 == 1 {
        text = text.replace('"', "");
    }
    let text = text.trim_matches(|letter: char| {
        !letter.is_alphanumeric() && !matches!(letter, ')' | '"' | '\'' | '%' | '+' | '#')
    });
    (capitalize(text), whole)
}
