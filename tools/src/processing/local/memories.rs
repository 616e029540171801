//! Memories: lasting facts about the user, from what the user said of himself or herself.

mod patterns;

use chrono::DateTime;
use chrono_tz::Tz;

use super::{
    clauses,
    sentences::Sentence,
    voice,
    words::{self, core},
};
use crate::{
    dates::{self, Grain, Lean},
    processing::understanding::{FactKind, FoundMemory, Material},
};

const MOST: usize = 4;
const WORDS: std::ops::RangeInclusive<usize> = 3..=20;

/// What a fact must be worth: see [`patterns::worth`].
const WORTH: f32 = 2.3;

/// Two that share this part of their words are one.
const SAME: f32 = 0.6;

/// Words that only stress a verb.
const STRESS: &[&str] = &["just", "also", "actually", "even", "finally", "totally", "absolutely", "definitely"];

/// A fact that could be kept.
struct Candidate<'a> {
    content: String,
    terms: Vec<String>,
    worth: f32,
    sentence: &'a Sentence,
}

/// The memories of a conversation: the most telling ones, in the order said.
pub(super) fn find(material: &Material<'_>, sentences: &[Sentence]) -> Vec<FoundMemory> {
    let now = material.started_at.with_timezone(&material.time_zone);
    let subject = material.user_name.unwrap_or("User");
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    for sentence in sentences.iter().filter(|sentence| sentence.by_user && !sentence.asks()) {
        for clause in clauses::split(&sentence.text) {
            let Some((content, worth)) = fact(&clause, subject, &now) else { continue };
            let terms = words::terms(&content);
            candidates.push(Candidate { content, terms, worth, sentence });
        }
    }
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|a, b| candidates[*b].worth.total_cmp(&candidates[*a].worth).then(a.cmp(b)));
    let mut taken: Vec<usize> = Vec::new();
    for at in order {
        let same = |other: &usize| words::overlap(&candidates[at].terms, &candidates[*other].terms) >= SAME;
        if taken.len() < MOST && !taken.iter().any(same) {
            taken.push(at);
        }
    }
    taken.sort_unstable();
    let memory = |at: usize| FoundMemory {
        content: candidates[at].content.clone(),
        kind: FactKind::System,
        segment_ids: candidates[at].sentence.segments.clone(),
    };
    taken.into_iter().map(memory).collect()
}

/// The fact that a clause states about the user, and what it is worth.
fn fact(clause: &str, subject: &str, now: &DateTime<Tz>) -> Option<(String, f32)> {
    let clause = words::without_opening(clause, &[]);
    let clause = clause.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != ')' && letter != '%');
    let clause = with_date_last(clause, now);
    let clause = with_subject(before_comment(&clause));
    let clause = without_emphasis(&clause);
    let clause = clause.as_str();
    let base = patterns::worth(&words::cores(clause))?;
    let (dated, has_date) = with_absolute_date(clause, now)?;
    let cores = words::cores(&dated);
    if points_elsewhere(&cores) || dated.contains(['"', '“', '(']) {
        return None;
    }
    let content = voice::third_person(&dated, subject)?;
    let telling = words::terms(&dated).len();
    let names = dated
        .split_whitespace()
        .skip(1)
        .filter(|word| word.starts_with(char::is_uppercase) && !core(word).starts_with("i'"))
        .count();
    let vague = cores.iter().filter(|word| patterns::is_vague(word)).count();
    let count = content.split_whitespace().count();
    let worth = base + 0.25 * telling.min(6) as f32 + 0.25 * names.min(3) as f32 + if has_date { 0.4 } else { 0.0 }
        - 0.5 * vague as f32
        - if count > 15 { 0.4 } else { 0.0 };
    (WORDS.contains(&count) && telling >= 1 && worth >= WORTH).then_some((content, worth))
}

/// The clause with the date that it begins with at its end: `Last week I met Ana` is `I met Ana last week`.
fn with_date_last(clause: &str, now: &DateTime<Tz>) -> String {
    let found =
        dates::find(clause, now, Lean::Past).filter(|found| found.range.start == 0 && found.range.end < clause.len());
    let Some(found) = found else { return clause.to_owned() };
    let rest = clause[found.range.end..].trim_start_matches([',', ' ']);
    let rest = before_comment(words::without_opening(rest, &[]));
    let phrase = &clause[found.range];
    let mut letters = phrase.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("{rest} {first}{}", letters.as_str())
}

/// The clause with the `I` that people leave out: `Started a course` is `I started a course`.
fn with_subject(clause: &str) -> String {
    let first = clause.split_whitespace().next().map(core).unwrap_or_default();
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

/// The clause without the words that only stress its verb: `I just love tea` is `I love tea`.
fn without_emphasis(clause: &str) -> String {
    let stress = |(at, word): &(usize, &str)| (1..4).contains(at) && STRESS.contains(&core(word).as_str());
    clause.split_whitespace().enumerate().filter(|row| !stress(row)).map(|(_, word)| word).collect::<Vec<_>>().join(" ")
}

/// The clause up to a comment that hangs on it: `…, and the view was great`, `…, it's my dream`.
fn before_comment(clause: &str) -> &str {
    let mut from = 0;
    while let Some(comma) = clause[from..].find([',', '!', ';']).map(|at| from + at) {
        let rest = words::cores(&clause[comma..]);
        let first = rest.first().map_or("", String::as_str);
        let list = clause[..comma].split_whitespace().count() > 3
            && (rest.len() <= 2 || rest.iter().take(4).any(|word| word == "and") && first != "and");
        if !list && !first.is_empty() && clause[..comma].split_whitespace().count() >= 4 {
            return &clause[..comma];
        }
        from = comma + 1;
    }
    let words = words::cores(clause);
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

/// The clause with a date that stays true in place of a relative one; `None` when it is about today's hours.
fn with_absolute_date(clause: &str, now: &DateTime<Tz>) -> Option<(String, bool)> {
    let Some(found) = dates::find(clause, now, lean(clause)) else { return Some((clause.to_owned(), false)) };
    let phrase = &clause[found.range.clone()];
    let fixed = phrase.chars().filter(char::is_ascii_digit).count() >= 4;
    if fixed {
        return Some((clause.to_owned(), true));
    }
    if found.grain <= Grain::PartOfDay && (found.start - now.to_utc()).num_hours().abs() < 6 {
        return None;
    }
    let before = clause[..found.range.start].split_whitespace().last().map(core).unwrap_or_default();
    let keeps = matches!(before.as_str(), "since" | "until" | "till" | "from" | "after" | "of" | "is" | "was");
    let birthday = phrase.chars().any(|letter| letter.is_ascii_digit()) && clause.to_lowercase().contains("birthday");
    if birthday {
        return Some((clause.to_owned(), true));
    }
    let absolute = found.absolute();
    let absolute = match absolute.split_once(' ') {
        Some((_, bare)) if keeps && before != "is" && before != "was" => bare.to_owned(),
        _ => absolute,
    };
    Some((format!("{}{absolute}{}", &clause[..found.range.start], &clause[found.range.end..]), true))
}

/// Whether a clause speaks of what is to come.
fn lean(clause: &str) -> Lean {
    let ahead = [
        "going to", "gonna", "will", "i'll", "planning", "plan to", "moving", "starting", "want to", "getting",
        "is on", "birthday",
    ];
    let lower = clause.to_lowercase();
    if ahead.iter().any(|words| lower.contains(words)) { Lean::Future } else { Lean::Past }
}

/// Whether a clause speaks of something that it does not name.
fn points_elsewhere(cores: &[String]) -> bool {
    let introduced = |at: usize| cores[..at].windows(2).any(|pair| pair[0] == "my" && patterns::is_person(&pair[1]));
    cores.iter().enumerate().any(|(at, word)| match word.as_str() {
        "it" | "it's" | "this" | "these" | "those" | "here" | "there" | "that's" | "itself" | "it'll" | "above" => true,
        "that" => {
            let next = cores.get(at + 1).map_or("", String::as_str);
            at > 0
                && (patterns::is_deed(&cores[at - 1])
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
