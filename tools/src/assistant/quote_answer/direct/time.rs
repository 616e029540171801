//! When: the date in a passage, relative to the day on which it was said.

use chrono::{Datelike, TimeDelta, Timelike};
use language::{
    dates::{self, DateMatch, Grain, Tense},
    words::normalize,
};

use super::super::question::ParsedQuestion;
use super::{
    DirectAnswer, attributed,
    evidence::{self, Evidence},
};
use crate::assistant::retrieval::{Passage, PassageKind};

/// The score that a passage without a date needs for its own day to be the answer.
const MIN_SCORE_WITHOUT_DATE: f32 = 0.8;

/// Answers when it was, or when it was mentioned; `hour` asks for the time of day.
pub(super) fn find<'a>(
    question: &ParsedQuestion<'_>,
    evidence: &[Evidence<'a>],
    hour: bool,
) -> Option<DirectAnswer<'a>> {
    let tense = if asks_for_plan(question) { Tense::Future } else { Tense::Past };
    let found = evidence::best(evidence, 0.0, |passage, sentence| {
        let found = read(question, passage, sentence, tense)?;
        (!hour || found.grain == Grain::Moment).then(|| {
            let phrase = words_of(&sentence[found.range.clone()]);
            (found, phrase)
        })
    });
    if let Some(((found, phrase), passage)) = found {
        let when = if hour {
            let start = question.local(found.start);
            format!("at {}:{:02} {}", start.hour(), start.minute(), found.absolute_phrase())
        } else {
            season(question, &found, &phrase).unwrap_or_else(|| found.absolute_phrase())
        };
        let is_exact = phrase.split_whitespace().any(|word| normalize(word).len() == 4 && word.parse::<u32>().is_ok());
        let answer = if is_exact { when } else { format!("{when}: “{phrase}”") };
        return Some(attributed(question, &answer, passage));
    }
    // The date on which a plan was mentioned is not the date of the plan.
    let first = evidence.first().filter(|first| tense == Tense::Past && first.score >= MIN_SCORE_WITHOUT_DATE);
    let spoken = first.filter(|first| first.passage.kind == PassageKind::Segment)?;
    let date = spoken.passage.citation.date;
    let time = if hour { question.local(date).format(" at %-H:%M").to_string() } else { String::new() };
    let text = format!("it was spoken of on {}{time}", question.day(date));
    Some(DirectAnswer { text, passage: spoken.passage })
}

/// Whether the question is about the future.
fn asks_for_plan(question: &ParsedQuestion<'_>) -> bool {
    let has = |word: &str| question.words.iter().any(|other| other == word);
    has("do")
        || has("does")
        || has("shall")
        || has("will")
        || has("planning")
        || (has("is") || has("are")) && has("going")
        || has("plan")
        || has("plans")
}

/// The date in a sentence; in a memory, which may have been written later, the date must be absolute.
fn read(question: &ParsedQuestion<'_>, passage: &Passage, sentence: &str, tense: Tense) -> Option<DateMatch> {
    let said = question.local(passage.citation.date);
    let found = dates::find_date(sentence, &said, tense, question.locale)?;
    let before = sentence[..found.range.start].split_whitespace().next_back().map(normalize).unwrap_or_default();
    if matches!(before.as_str(), "every" | "each" | "most") {
        return None;
    }
    if passage.kind == PassageKind::Memory {
        let later = dates::find_date(sentence, &(said + TimeDelta::days(500)), tense, question.locale)?;
        return (later.start == found.start).then_some(found);
    }
    let tomorrow = passage.citation.date + TimeDelta::days(1);
    let fits = match tense {
        Tense::Past => found.start < tomorrow,
        Tense::Future => found.end > passage.citation.date,
    };
    fits.then_some(found)
}

/// A season with its year, which is clearer than a day in the middle of it.
fn season(question: &ParsedQuestion<'_>, found: &DateMatch, phrase: &str) -> Option<String> {
    let season = ["spring", "summer", "autumn", "fall", "winter"].into_iter().find(|season| phrase.contains(season))?;
    (found.grain == Grain::Days).then(|| format!("in the {season} of {}", question.local(found.start).year()))
}

fn words_of(phrase: &str) -> String {
    phrase.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase()
}
