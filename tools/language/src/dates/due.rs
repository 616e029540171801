//! The due date of a task, of all dates in its sentence.

use chrono::{DateTime, TimeZone};

use super::{DateMatch, Grain, Locale, Tense, parser, phrase::Phrase, range_of, words_of};

/// Words that a deadline follows.
const DEADLINES: &[&str] = &["by", "due", "before", "until", "till", "than", "latest"];

/// Verbs that move something from one date to another.
const MOVES: &[&str] =
    &["move", "reschedule", "change", "postpone", "push", "shift", "delay", "moved", "rescheduled", "changed"];

/// The date at which the task that `text` speaks of is due: its deadline, else the first date that is not over.
///
/// Of dates to choose from, `Friday or Monday`, none is taken; `from Monday to Wednesday` is due on Wednesday.
pub fn find_due_date<Tz: TimeZone>(text: &str, now: &DateTime<Tz>, locale: Locale) -> Option<DateMatch> {
    let words = words_of(text, locale);
    let parser = parser(&words, now, Tense::Future, locale);
    let zone = now.timezone();
    let present = now.to_utc();
    let found = parser.all();
    let ahead = |phrase: &Phrase<'_>| phrase.moment_of(phrase.due(), &zone) > present;
    let is_deadline = |at: usize, phrase: &Phrase<'_>| {
        DEADLINES.contains(&phrase.preposition.unwrap_or_default()) || DEADLINES.contains(&parser.word_before(at))
    };
    let (place, (at, phrase)) = {
        let mut open = found.iter().enumerate().filter(|(_, (_, phrase))| ahead(phrase));
        let deadline = open.clone().find(|(_, (at, phrase))| is_deadline(*at, phrase));
        deadline.or_else(|| open.next())?
    };
    let follows =
        |first: &Phrase<'_>, second: usize, word: &str| parser.word(first.next) == word && second == first.next + 1;
    let next = found.get(place + 1).filter(|(at, _)| follows(phrase, *at, "or"));
    let before = place.checked_sub(1).and_then(|before| found.get(before));
    if next.is_some() || before.is_some_and(|(_, before)| follows(before, *at, "or")) {
        return None;
    }
    if let Some(other) = parser.joined(*at, phrase) {
        if words.iter().any(|word| MOVES.contains(&word.text.as_str())) {
            return None;
        }
        let start = at.saturating_sub(1);
        let last = other.date_match(range_of(&words, start, other.next), &zone);
        let first = phrase.date_match(0..0, &zone);
        return Some(DateMatch { start: first.start, grain: Grain::Days, first: first.first, ..last });
    }
    Some(phrase.date_match(range_of(&words, *at, phrase.next), &zone))
}
