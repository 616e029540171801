//! A title: the most telling clause, shortened to a phrase.

use chrono::TimeZone;

use super::{
    clauses,
    outline::Outline,
    sentences::Sentence,
    voice,
    words::{self, capitalized, core},
};
use crate::{
    dates::{self, Lean},
    processing::understanding::Material,
};

const MOST_WORDS: usize = 8;
const MOST_LETTERS: usize = 60;

/// How many of the most telling sentences may give the title.
const CONSIDERED: usize = 8;

/// Words that a phrase can't end with.
const LOOSE: &[&str] = &[
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

/// Words of praise, which tell nothing at the end of a title.
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

/// Verbs of what may or may not be, after the subject.
const MODALS: &[&str] =
    &["can", "could", "would", "should", "might", "may", "must", "hope", "wish", "guess", "bet", "think"];

/// Openings of a clause that points to something said before.
const POINTING: &[&str] = &[
    "it", "both", "all", "it's", "that", "that's", "this", "these", "those", "they", "they're", "he", "he's", "she",
    "she's", "there", "there's", "you", "you're", "you've", "you'll", "your", "what", "how", "who", "which", "if",
    "when", "wish", "hope", "let", "can't", "can", "could", "would", "do", "did", "does", "have", "are", "is", "was",
];

/// Writes the title of a conversation.
pub(super) fn write(material: &Material<'_>, sentences: &[Sentence], outline: &Outline, english: bool) -> String {
    let ranked = outline.ranked();
    let names: Vec<String> =
        sentences.iter().map(|sentence| sentence.speaker.clone()).filter(|name| !name.is_empty()).collect();
    let phrases = ranked.iter().take(CONSIDERED).flat_map(|at| {
        let sentence = &sentences[*at];
        let parts = if english { clauses::split(&sentence.text) } else { vec![sentence.text.clone()] };
        let score = outline.score(*at) * if sentence.asks() { 0.3 } else { 1.0 };
        parts.into_iter().map(move |part| (sentence, part, score))
    });
    let mut best: Option<(f32, String)> = None;
    for (sentence, part, score) in phrases {
        let (phrase, fit) = if english { phrase(material, sentence, &part, &names) } else { (part, 1.0) };
        let (title, whole) = shorten(&phrase);
        let length = title.split_whitespace().count();
        let fit = fit
            * if (3..=MOST_WORDS).contains(&length) || !english { 1.0 } else { 0.2 }
            * if whole { 1.0 } else { 0.6 };
        let praise = title.rsplit(' ').next().is_some_and(|last| PRAISE.contains(&core(last).as_str()));
        let score = score * fit * outline.weight(&title) * if praise { 0.5 } else { 1.0 };
        if best.as_ref().is_none_or(|(most, _)| score > *most) && !title.is_empty() {
            best = Some((score, title));
        }
    }
    best.map_or_else(|| format!("Conversation on {}", local_day(material)), |(_, title)| title)
}

fn local_day(material: &Material<'_>) -> String {
    material.time_zone.from_utc_datetime(&material.started_at.naive_utc()).format("%-d %B %Y").to_string()
}

/// A clause without its date and its opening, and how well it stands alone, from 0 to 1.
fn phrase(material: &Material<'_>, sentence: &Sentence, clause: &str, names: &[String]) -> (String, f32) {
    let now = material.started_at.with_timezone(&material.time_zone);
    let mut clause = words::without_opening(clause, names).to_owned();
    let mut specific = 1.0;
    if let Some(found) = dates::find(&clause, &now, Lean::Past) {
        specific = 1.2;
        clause = format!("{}{}", &clause[..found.range.start].trim_end(), &clause[found.range.end..]);
    }
    let clause = words::without_opening(clause.trim(), names);
    let first = clause.split_whitespace().next().map(core).unwrap_or_default();
    if POINTING.contains(&first.as_str()) {
        return (clause.to_owned(), 0.15);
    }
    if ADVICE.contains(&first.as_str()) {
        return (clause.to_owned(), 0.4);
    }
    let second = clause.split_whitespace().nth(1).map(core).unwrap_or_default();
    let modal = if MODALS.contains(&second.as_str()) { 0.6 } else { 1.0 };
    let told = if sentence.speaker.is_empty() || sentence.by_user {
        None
    } else {
        voice::third_person(clause, &sentence.speaker)
    };
    let own = told.unwrap_or_else(|| without_subject(clause));
    let inner: Vec<String> = words::cores(&own);
    let pointing = inner
        .iter()
        .filter(|word| {
            matches!(word.as_str(), "it" | "that" | "this" | "you" | "your" | "them" | "those" | "these" | "i")
        })
        .count();
    // What somebody did or plans tells more than what is true of the world.
    let deed = if matches!(first.as_str(), "i" | "i'm" | "i've" | "we" | "we're" | "we've" | "i'll" | "my" | "our") {
        1.3
    } else {
        1.0
    };
    (own, 0.65f32.powi(pointing as i32) * specific * deed * modal)
}

/// Takes `I`, `I'm` or `we've` off.
fn without_subject(clause: &str) -> String {
    let words: Vec<&str> = clause.split_whitespace().collect();
    let cores: Vec<String> = words.iter().map(|word| core(word)).collect();
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
                core(word).as_str(),
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

fn is_loose(word: &str) -> bool {
    word.is_empty() || LOOSE.contains(&word)
}

/// At most eight words and sixty letters, with a capital; and whether they end where a phrase may.
fn shorten(phrase: &str) -> (String, bool) {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let mut kept: Vec<&str> = Vec::new();
    let (mut letters, mut whole) = (0, true);
    for word in &words {
        let long = letters + word.chars().count() + kept.len() > MOST_LETTERS;
        if kept.len() == MOST_WORDS || long {
            let place = (3..=kept.len()).rev().find(|place| BREAKS.contains(&core(words[*place]).as_str()));
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
        return (first.chars().take(MOST_LETTERS / 2).collect(), false);
    }
    let cut = kept.len();
    while kept.len() > 2 && kept.last().is_some_and(|last| is_loose(&core(last))) {
        kept.pop();
    }
    // A second verb that lost its object: `packed the bags and carried`.
    let lost = kept.len() < cut || cut < words.len();
    if lost && kept.len() > 4 && matches!(core(kept[kept.len() - 2]).as_str(), "and" | "or") {
        kept.truncate(kept.len() - 2);
    }
    let mut text = kept.join(" ");
    if text.matches('"').count() % 2 == 1 {
        text = text.replace('"', "");
    }
    let text = text.trim_matches(|letter: char| {
        !letter.is_alphanumeric() && !matches!(letter, ')' | '"' | '\'' | '%' | '+' | '#')
    });
    (capitalized(text), whole)
}
