//! Memories: lasting facts that the user states about themselves.

mod patterns;

use chrono::DateTime;
use schemas::memory::MemoryCategory;

use super::{ConversationInput, ExtractedMemory, FactKind};
use crate::{
    clauses,
    dates::{self, Grain, Locale, Tense},
    fillers::strip_opening,
    sentences::Sentence,
    stemming::{overlap, terms},
    stop_words::is_vague_word,
    third_person::third_person,
    words::{self, normalize},
    zone::UserZone,
};

const MAX_MEMORIES: usize = 4;
const WORDS: std::ops::RangeInclusive<usize> = 3..=20;

/// The score that a fact must reach: see [`patterns::score`].
const MIN_SCORE: f32 = 2.3;

/// Facts whose terms overlap by at least this share are duplicates.
const DUPLICATE_OVERLAP: f32 = 0.6;

/// Adverbs that only emphasize a verb.
const EMPHASIS: &[&str] = &["just", "also", "actually", "even", "finally", "totally", "absolutely", "definitely"];

/// A fact that may be kept.
struct FactCandidate<'a> {
    content: String,
    terms: Vec<String>,
    score: f32,
    sentence: &'a Sentence,
}

/// Openings of general advice and of second-hand knowledge.
const ADVICE_OPENINGS: &[&str] = &[
    "according to",
    "experts ",
    "research shows",
    "scientists ",
    "studies show",
    "tip:",
    "always ",
    "never ",
    "you should",
    "people should",
    "it is recommended",
    "the best way to",
];

/// The category of a memory that was created without one: about the user, unless it is clearly general advice.
pub fn category_of(content: &str) -> MemoryCategory {
    let content = content.to_lowercase();
    if ADVICE_OPENINGS.iter().any(|opening| content.starts_with(opening)) {
        MemoryCategory::Interesting
    } else {
        MemoryCategory::System
    }
}

/// The memories of a conversation: the facts with the best scores, in the order in which they were said.
pub(super) fn extract(input: &ConversationInput<'_>, sentences: &[Sentence]) -> Vec<ExtractedMemory> {
    let now = input.started_at.with_timezone(&input.time_zone);
    let locale = Locale::new(input.language);
    let subject = input.user_name.unwrap_or("User");
    let mut candidates: Vec<FactCandidate<'_>> = Vec::new();
    for sentence in sentences.iter().filter(|sentence| sentence.by_user && !sentence.is_question()) {
        for clause in clauses::split(&sentence.text) {
            let Some((content, score)) = fact(&clause, subject, &now, locale) else { continue };
            let terms = terms(&content);
            candidates.push(FactCandidate { content, terms, score, sentence });
        }
    }
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*b].score.total_cmp(&candidates[*a].score).then(a.cmp(b)));
    let mut taken: Vec<usize> = Vec::new();
    for at in order {
        let same = |other: &usize| overlap(&candidates[at].terms, &candidates[*other].terms) >= DUPLICATE_OVERLAP;
        if taken.len() < MAX_MEMORIES && !taken.iter().any(same) {
            taken.push(at);
        }
    }
    taken.sort_unstable();
    let memory = |at: usize| ExtractedMemory {
        content: candidates[at].content.clone(),
        kind: FactKind::System,
        segment_ids: candidates[at].sentence.segments.clone(),
    };
    taken.into_iter().map(memory).collect()
}

/// The fact that a clause states about the user, and its score.
fn fact(clause: &str, subject: &str, now: &DateTime<UserZone>, locale: Locale) -> Option<(String, f32)> {
    let clause = strip_opening(clause, &[]);
    let clause = clause.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != ')' && letter != '%');
    let clause = with_date_last(clause, now, locale);
    let clause = with_subject(before_comment(&clause));
    let clause = without_emphasis(&clause);
    let clause = clause.as_str();
    let base = patterns::score(&words::tokenize(clause))?;
    let (dated, has_date) = with_absolute_date(clause, now, locale)?;
    let cores = words::tokenize(&dated);
    if has_open_reference(&cores) || dated.contains(['"', '“', '(']) {
        return None;
    }
    let content = third_person(&dated, subject)?;
    let term_count = terms(&dated).len();
    let names = dated
        .split_whitespace()
        .skip(1)
        .filter(|word| word.starts_with(char::is_uppercase) && !normalize(word).starts_with("i'"))
        .count();
    let vague = cores.iter().filter(|word| is_vague_word(word)).count();
    let count = content.split_whitespace().count();
    let score = base + 0.25 * term_count.min(6) as f32 + 0.25 * names.min(3) as f32 + if has_date { 0.4 } else { 0.0 }
        - 0.5 * vague as f32
        - if count > 15 { 0.4 } else { 0.0 };
    (WORDS.contains(&count) && term_count >= 1 && score >= MIN_SCORE).then_some((content, score))
}

/// The clause with the date that it begins with at its end: `Last week I met Ana` is `I met Ana last week`.
fn with_date_last(clause: &str, now: &DateTime<UserZone>, locale: Locale) -> String {
    let found = dates::find_date(clause, now, Tense::Past, locale)
        .filter(|found| found.range.start == 0 && found.range.end < clause.len());
    let Some(found) = found else { return clause.to_owned() };
    let rest = clause[found.range.end..].trim_start_matches([',', ' ']);
    let rest = before_comment(strip_opening(rest, &[]));
    let phrase = &clause[found.range];
    let mut letters = phrase.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("{rest} {first}{}", letters.as_str())
}

/// The clause with the `I` that speakers leave out: `Started a course` is `I started a course`.
fn with_subject(clause: &str) -> String {
    let first = clause.split_whitespace().next().map(normalize).unwrap_or_default();
    let rest = clause.split_once(' ').map_or("", |(_, rest)| rest);
    match first.as_str() {
        "been" => format!("I've been {rest}"),
        "started" | "finished" | "joined" | "got" | "took" | "went" | "moved" | "bought" | "signed" | "finally" => {
            format!("I {first} {rest}")
        }
        "working" | "planning" | "learning" | "studying" => format!("I'm {first} {rest}"),
        _ => clause.to_owned(),
    }
}

/// The clause without adverbs that only emphasize its verb: `I just love tea` is `I love tea`.
fn without_emphasis(clause: &str) -> String {
    let stress = |(at, word): &(usize, &str)| (1..4).contains(at) && EMPHASIS.contains(&normalize(word).as_str());
    clause.split_whitespace().enumerate().filter(|row| !stress(row)).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// The clause up to a trailing comment: `…, and the view was great`, `…, it's my dream`.
fn before_comment(clause: &str) -> &str {
    let mut from = 0;
    while let Some(comma) = clause[from..].find([',', '!', ';']).map(|at| from + at) {
        let rest = words::tokenize(&clause[comma..]);
        let first = rest.first().map_or("", String::as_str);
        let list = clause[..comma].split_whitespace().count() > 3
            && (rest.len() <= 2 || rest.iter().take(4).any(|word| word == "and") && first != "and");
        if !list && !first.is_empty() && clause[..comma].split_whitespace().count() >= 4 {
            return &clause[..comma];
        }
        from = comma + 1;
    }
    let words = words::tokenize(clause);
    if words.len() > 14
        && let Some(at) = [" and ", " when ", " where ", " as "]
            .iter()
            .filter_map(|join| clause.rfind(join))
            .filter(|at| clause[..*at].split_whitespace().count() >= 6)
            .max()
    {
        return &clause[..at];
    }
    clause
}

/// The clause with its relative date made absolute; `None` when it is about the next or last few hours.
fn with_absolute_date(clause: &str, now: &DateTime<UserZone>, locale: Locale) -> Option<(String, bool)> {
    let found = dates::find_date(clause, now, tense(clause), locale);
    let Some(found) = found else { return Some((clause.to_owned(), false)) };
    let phrase = &clause[found.range.clone()];
    let fixed = phrase.chars().filter(char::is_ascii_digit).count() >= 4;
    if fixed {
        return Some((clause.to_owned(), true));
    }
    if found.grain <= Grain::PartOfDay && (found.start - now.to_utc()).num_hours().abs() < 6 {
        return None;
    }
    let before = clause[..found.range.start].split_whitespace().last().map(normalize).unwrap_or_default();
    let keeps = matches!(before.as_str(), "since" | "until" | "till" | "from" | "after" | "of" | "is" | "was");
    let birthday = phrase.chars().any(|letter| letter.is_ascii_digit()) && clause.to_lowercase().contains("birthday");
    if birthday {
        return Some((clause.to_owned(), true));
    }
    let absolute = found.absolute_phrase();
    let absolute = match absolute.split_once(' ') {
        Some((_, bare)) if keeps && before != "is" && before != "was" => bare.to_owned(),
        _ => absolute,
    };
    Some((format!("{}{absolute}{}", &clause[..found.range.start], &clause[found.range.end..]), true))
}

/// The tense of a clause.
fn tense(clause: &str) -> Tense {
    let future = [
        "going to", "gonna", "will", "i'll", "planning", "plan to", "moving", "starting", "want to", "getting",
        "is on", "birthday",
    ];
    let lower = clause.to_lowercase();
    if future.iter().any(|words| lower.contains(words)) { Tense::Future } else { Tense::Past }
}

/// Whether a clause refers to something that it does not name.
fn has_open_reference(cores: &[String]) -> bool {
    let introduced = |at: usize| cores[..at].windows(2).any(|pair| pair[0] == "my" && patterns::is_person(&pair[1]));
    cores.iter().enumerate().any(|(at, word)| match word.as_str() {
        "it" | "it's" | "this" | "these" | "those" | "here" | "there" | "that's" | "itself" | "it'll" | "above" => true,
        "that" => {
            let next = cores.get(at + 1).map_or("", String::as_str);
            at > 0
                && (patterns::is_deed_verb(&cores[at - 1])
                    || cores[at - 1].ends_with("ed")
                    || matches!(
                        cores[at - 1].as_str(),
                        "to" | "with" | "of" | "for" | "about" | "like" | "love" | "on" | "at" | "do" | "did"
                    ))
                || matches!(
                    next,
                    "" | "was" | "is" | "one" | "too" | "kind" | "day" | "place" | "time" | "way" | "for" | "with"
                )
        }
        "he" | "she" | "him" | "her" | "his" | "they" | "them" | "their" | "he's" | "she's" | "they're" | "hers" => {
            !introduced(at)
        }
        "one" | "ones" | "another" | "and" | "or" | "but" | "so" | "of" | "for" | "more" | "some" | "few" | "the"
        | "a" | "my" => at + 1 == cores.len(),
        "on" | "to" | "with" | "at"
            if matches!(cores.get(at + 1).map(String::as_str), None | Some("for" | "since" | "and")) =>
        {
            true
        }
        "together" => !cores[at..].contains(&"with".to_owned()),
        "if" | "wish" | "maybe" | "perhaps" | "might" | "would" | "could" | "same" => true,
        _ => false,
    })
}
