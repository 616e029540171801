//! Events: appointments with a day and a time.

use chrono::{DateTime, Utc};

use super::{ConversationInput, ExtractedEvent, overview};
use crate::{
    clauses,
    dates::{self, Grain, Locale},
    fillers::strip_opening,
    sentences::Sentence,
    stop_words::is_stop_word,
    words::{self, capitalize, normalize},
};

const MAX_EVENTS: usize = 5;

/// Nouns for events, and their usual duration in minutes.
const EVENT_NOUNS: &[(&[&str], u32)] = &[
    (&["call", "standup", "coffee", "check-in", "sync", "catch-up", "zoom"], 30),
    (
        &[
            "meeting",
            "appointment",
            "dinner",
            "lunch",
            "breakfast",
            "brunch",
            "party",
            "interview",
            "concert",
            "class",
            "lesson",
            "session",
            "game",
            "match",
            "movie",
            "show",
            "reservation",
            "conference",
            "presentation",
            "exam",
            "test",
            "drinks",
            "date",
            "wedding",
            "ceremony",
            "webinar",
            "demo",
            "review",
            "workshop",
            "hearing",
            "rehearsal",
            "recital",
            "flight",
            "train",
            "barbecue",
            "bbq",
            "picnic",
            "training",
            "event",
            "visit",
            "checkup",
        ],
        60,
    ),
];

/// Phrases for meeting without a noun for the event.
const MEETING_PHRASES: &[&str] = &["meet", "see you", "get together", "catch up", "come over", "hang out"];

/// Phrases that accept a proposal.
const AGREEMENT: &[&str] = &[
    "yes",
    "yeah",
    "sure",
    "sounds good",
    "works",
    "okay",
    "ok",
    "perfect",
    "great",
    "see you",
    "deal",
    "definitely",
    "absolutely",
    "that works",
    "i'd love",
];

/// The events of a conversation, in the order in which they came up.
pub(super) fn extract(input: &ConversationInput<'_>, sentences: &[Sentence]) -> Vec<ExtractedEvent> {
    let now = input.started_at.with_timezone(&input.time_zone);
    let locale = Locale::new(input.language);
    let mut events: Vec<ExtractedEvent> = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        if sentence.is_question() && !is_accepted(sentences, place) {
            continue;
        }
        for clause in clauses::split(&sentence.text) {
            let clause = strip_opening(&clause, &[]);
            let found = dates::find_future_date(clause, &now, locale).filter(|found| found.grain == Grain::Moment);
            let Some(found) = found else { continue };
            if is_past_or_negated(clause) || found.start <= input.started_at || is_duration(clause, &found.range) {
                continue;
            }
            let Some((title, duration_minutes)) = title_and_duration(clause, &found.range, sentence, sentences) else {
                continue;
            };
            if events.len() < MAX_EVENTS && !events.iter().any(|event| is_duplicate(event, &title, found.start)) {
                let description = description(input, sentence);
                events.push(ExtractedEvent { title, description, start: found.start, duration_minutes });
            }
        }
    }
    events
}

/// Whether an event was already extracted.
fn is_duplicate(event: &ExtractedEvent, title: &str, start: DateTime<Utc>) -> bool {
    event.start == start || event.title == title && (event.start - start).num_hours().abs() < 12
}

/// Whether a date is a duration: `in two hours` is a deadline rather than an appointment.
fn is_duration(clause: &str, range: &std::ops::Range<usize>) -> bool {
    let phrase = &clause[range.clone()].to_lowercase();
    phrase.contains("minute") || phrase.contains("hour")
}

/// Whether a clause is about the past, or negates the event.
fn is_past_or_negated(clause: &str) -> bool {
    let words = words::tokenize(clause);
    words.iter().any(|word| {
        [
            "not",
            "don't",
            "can't",
            "won't",
            "never",
            "was",
            "were",
            "had",
            "went",
            "did",
            "didn't",
            "cancelled",
            "canceled",
            "if",
            "couldn't",
            "missed",
            "wish",
            "usually",
            "every",
        ]
        .contains(&word.as_str())
    })
}

/// Whether the next turn accepts a proposal.
fn is_accepted(sentences: &[Sentence], place: usize) -> bool {
    let turn = sentences[place].turn;
    let answer: Vec<String> = sentences[place + 1..]
        .iter()
        .filter(|sentence| sentence.turn == turn + 1)
        .map(|sentence| sentence.text.to_lowercase())
        .collect();
    let answer = answer.join(" ");
    let refuses = answer.starts_with("no") || answer.contains("can't") || answer.contains("sorry");
    !refuses && AGREEMENT.iter().any(|word| words::tokenize(&answer).join(" ").contains(word))
}

/// The title of the event in a clause, and its duration in minutes.
fn title_and_duration(
    clause: &str,
    when: &std::ops::Range<usize>,
    sentence: &Sentence,
    sentences: &[Sentence],
) -> Option<(String, u32)> {
    let (before, after) = (&clause[..when.start], &clause[when.end..]);
    let text = format!("{} {}", before.trim_end_matches([',', ' ']), after.trim_start_matches([',', ' ']));
    let words: Vec<&str> = text.split_whitespace().collect();
    let cores: Vec<String> = words.iter().map(|word| normalize(word)).collect();
    let together = cores.iter().any(|word| matches!(word.as_str(), "we" | "let's" | "us" | "you" | "together"));
    let partner = partner(sentence, sentences).filter(|_| together);
    let with = |title: String| match partner.filter(|name| !title.contains(*name) && !title.contains(" with ")) {
        Some(partner) => format!("{title} with {partner}"),
        None => title,
    };
    for (names, minutes) in EVENT_NOUNS {
        let named = cores.iter().position(|word| names.contains(&word.as_str()));
        if let Some(at) = named.filter(|at| !is_verb(&cores, *at)) {
            return Some((with(noun_phrase(&words, at)), *minutes));
        }
    }
    let lower = format!(" {} ", cores.join(" "));
    MEETING_PHRASES.iter().any(|word| lower.contains(&format!(" {word} "))).then(|| (with("Meeting".to_owned()), 60))
}

/// The name of the other participant.
fn partner<'a>(sentence: &'a Sentence, sentences: &'a [Sentence]) -> Option<&'a str> {
    let other = sentences.iter().find(|other| other.by_user != sentence.by_user && !other.speaker.is_empty())?;
    let name = if sentence.by_user { &other.speaker } else { &sentence.speaker };
    (!name.is_empty()).then_some(name)
}

/// Whether `call` is a verb: `Call Ana at 5` is a task, `a call with Ana` an event.
fn is_verb(cores: &[String], at: usize) -> bool {
    let articles = ["a", "the", "our", "my", "video", "phone", "team"];
    cores[at] == "call" && at.checked_sub(1).is_none_or(|before| !articles.contains(&cores[before].as_str()))
}

/// The noun with its modifiers: `team dinner at Luigi's`.
fn noun_phrase(words: &[&str], at: usize) -> String {
    const VERBS: &[&str] = &["meet", "scheduled", "schedule", "book", "planned", "plan", "moved"];
    const JOINTS: &[&str] = &["with", "at", "for", "in", "about", "to"];
    let is_modifier = |word: &&&str| !is_stop_word(&normalize(word)) && !VERBS.contains(&normalize(word).as_str());
    let before: Vec<&str> = words[..at].iter().rev().take(2).take_while(is_modifier).copied().collect();
    let mut title: Vec<&str> = before.into_iter().rev().chain([words[at]]).collect();
    let joined = words.get(at + 1).is_some_and(|next| JOINTS.contains(&normalize(next).as_str()));
    if joined && !words[at].ends_with([',', '.']) {
        let ends = |word: &&&str| {
            !matches!(normalize(word).as_str(), "and" | "so" | "then" | "if" | "is" | "leaves" | "starts" | "begins")
        };
        title.extend(words[at + 1..].iter().take(5).take_while(ends));
        let loose = |word: &&str| {
            JOINTS.contains(&normalize(word).as_str()) || matches!(normalize(word).as_str(), "the" | "my" | "a" | "on")
        };
        while title.last().is_some_and(loose) {
            title.pop();
        }
    }
    capitalize(title.join(" ").trim_matches(|letter: char| !letter.is_alphanumeric()))
}

/// The sentence with its speaker.
fn description(input: &ConversationInput<'_>, sentence: &Sentence) -> String {
    match overview::speaker_name(input, sentence).filter(|_| !sentence.segments.is_empty()) {
        Some(name) => format!("{name}: “{}”", sentence.text),
        None => sentence.text.clone(),
    }
}
