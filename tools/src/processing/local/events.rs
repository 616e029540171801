//! Events: meetings fixed for a day and an hour.

use chrono::{DateTime, Utc};

use super::{
    clauses, overview,
    sentences::Sentence,
    words::{self, capitalized, core},
};
use crate::{
    dates::{self, Grain},
    processing::understanding::{FoundEvent, Material},
};

const MOST: usize = 5;

/// What people meet for, how long it takes, in minutes, and what it is called.
const KINDS: &[(&[&str], u32)] = &[
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

/// Words that say that people will be together, without a name for it.
const MEETING: &[&str] = &["meet", "see you", "get together", "catch up", "come over", "hang out"];

/// Words that agree to a proposal.
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

/// The events of a conversation, in the order that they came up.
pub(super) fn find(material: &Material<'_>, sentences: &[Sentence]) -> Vec<FoundEvent> {
    let now = material.started_at.with_timezone(&material.time_zone);
    let mut events: Vec<FoundEvent> = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        if sentence.asks() && !agreed(sentences, place) {
            continue;
        }
        for clause in clauses::split(&sentence.text) {
            let clause = words::without_opening(&clause, &[]);
            let Some(found) = dates::find_time(clause, &now).filter(|found| found.grain == Grain::Moment) else {
                continue;
            };
            if denied(clause) || found.start <= material.started_at || is_duration(clause, &found.range) {
                continue;
            }
            let Some((title, duration_minutes)) = name(clause, &found.range, sentence, sentences) else { continue };
            if events.len() < MOST && !events.iter().any(|event| same(event, &title, found.start)) {
                let description = description(material, sentence);
                events.push(FoundEvent { title, description, start: found.start, duration_minutes });
            }
        }
    }
    events
}

/// Whether an event was found already.
fn same(event: &FoundEvent, title: &str, start: DateTime<Utc>) -> bool {
    event.start == start || event.title == title && (event.start - start).num_hours().abs() < 12
}

/// `In two hours` says when something is due, not when people meet, unless they say so.
fn is_duration(clause: &str, range: &std::ops::Range<usize>) -> bool {
    let phrase = &clause[range.clone()].to_lowercase();
    phrase.contains("minute") || phrase.contains("hour")
}

/// Whether a clause is of the past, or says that something will not be.
fn denied(clause: &str) -> bool {
    let words = words::cores(clause);
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

/// Whether the other's next words agree.
fn agreed(sentences: &[Sentence], place: usize) -> bool {
    let turn = sentences[place].turn;
    let answer: Vec<String> = sentences[place + 1..]
        .iter()
        .filter(|sentence| sentence.turn == turn + 1)
        .map(|sentence| sentence.text.to_lowercase())
        .collect();
    let answer = answer.join(" ");
    let refuses = answer.starts_with("no") || answer.contains("can't") || answer.contains("sorry");
    !refuses && AGREEMENT.iter().any(|word| words::cores(&answer).join(" ").contains(word))
}

/// What a clause calls the event, and how long such a thing takes.
fn name(
    clause: &str,
    when: &std::ops::Range<usize>,
    sentence: &Sentence,
    sentences: &[Sentence],
) -> Option<(String, u32)> {
    let (before, after) = (&clause[..when.start], &clause[when.end..]);
    let text = format!("{} {}", before.trim_end_matches([',', ' ']), after.trim_start_matches([',', ' ']));
    let words: Vec<&str> = text.split_whitespace().collect();
    let cores: Vec<String> = words.iter().map(|word| core(word)).collect();
    let together = cores.iter().any(|word| matches!(word.as_str(), "we" | "let's" | "us" | "you" | "together"));
    let partner = partner(sentence, sentences).filter(|_| together);
    let with = |title: String| match partner.filter(|name| !title.contains(*name) && !title.contains(" with ")) {
        Some(partner) => format!("{title} with {partner}"),
        None => title,
    };
    for (names, minutes) in KINDS {
        let named = cores.iter().position(|word| names.contains(&word.as_str()));
        if let Some(at) = named.filter(|at| !is_order(&cores, *at)) {
            return Some((with(noun_phrase(&words, at)), *minutes));
        }
    }
    let lower = format!(" {} ", cores.join(" "));
    MEETING.iter().any(|word| lower.contains(&format!(" {word} "))).then(|| (with("Meeting".to_owned()), 60))
}

/// The other one, by name.
fn partner<'a>(sentence: &'a Sentence, sentences: &'a [Sentence]) -> Option<&'a str> {
    let other = sentences.iter().find(|other| other.by_user != sentence.by_user && !other.speaker.is_empty())?;
    let name = if sentence.by_user { &other.speaker } else { &sentence.speaker };
    (!name.is_empty()).then_some(name)
}

/// `Call Ana at 5` is a task, `a call with Ana` an event.
fn is_order(cores: &[String], at: usize) -> bool {
    let articles = ["a", "the", "our", "my", "video", "phone", "team"];
    cores[at] == "call" && at.checked_sub(1).is_none_or(|before| !articles.contains(&cores[before].as_str()))
}

/// The event with what belongs to it, before and after: `team dinner at Luigi's`.
fn noun_phrase(words: &[&str], at: usize) -> String {
    const VERBS: &[&str] = &["meet", "scheduled", "schedule", "book", "planned", "plan", "moved"];
    const JOINTS: &[&str] = &["with", "at", "for", "in", "about", "to"];
    let telling = |word: &&&str| !words::is_common(&core(word)) && !VERBS.contains(&core(word).as_str());
    let before: Vec<&str> = words[..at].iter().rev().take(2).take_while(telling).copied().collect();
    let mut title: Vec<&str> = before.into_iter().rev().chain([words[at]]).collect();
    let joined = words.get(at + 1).is_some_and(|next| JOINTS.contains(&core(next).as_str()));
    if joined && !words[at].ends_with([',', '.']) {
        let ends = |word: &&&str| {
            !matches!(core(word).as_str(), "and" | "so" | "then" | "if" | "is" | "leaves" | "starts" | "begins")
        };
        title.extend(words[at + 1..].iter().take(5).take_while(ends));
        let loose = |word: &&str| {
            JOINTS.contains(&core(word).as_str()) || matches!(core(word).as_str(), "the" | "my" | "a" | "on")
        };
        while title.last().is_some_and(loose) {
            title.pop();
        }
    }
    capitalized(title.join(" ").trim_matches(|letter: char| !letter.is_alphanumeric()))
}

/// The sentence itself, with who said it.
fn description(material: &Material<'_>, sentence: &Sentence) -> String {
    match overview::subject(material, sentence).filter(|_| !sentence.segments.is_empty()) {
        Some(name) => format!("{name}: “{}”", sentence.text),
        None => sentence.text.clone(),
    }
}
