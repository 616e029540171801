//! What a question asks about: its words, those of the question before where it leans on that one, and its time.

use language::{dates, stemming::terms};
use std::ops::Range;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemas::chat::{Message, PageContext, Sender};

use crate::assistant::retrieval::Wanted;

/// How many words a question has at most that may tense on the one before by how it begins, and by a word in it.
const BEGINS_SHORT: usize = 9;
const REFERS_SHORT: usize = 14;

/// How a question begins that goes on from the one before.
const GOING_ON: &[&str] =
    &["and", "but", "so", "then", "or", "also", "what about", "how about", "anything else", "who else"];

/// Words that stand for something said before.
const REFERRING: &[&str] = &[
    "it", "its", "that", "this", "these", "those", "they", "them", "their", "he", "him", "his", "she", "her", "there",
    "then", "same", "again", "else",
];

/// A question as it is understood.
pub(super) struct Question {
    /// Its words, with those of the question that it leans on.
    pub(super) query: String,
    /// When what it asks about was.
    pub(super) range: Option<Range<DateTime<Utc>>>,
    /// What the user is looking at.
    pub(super) page: Option<PageContext>,
    /// The present, where the user lives.
    pub(super) now: DateTime<Tz>,
}

impl Question {
    /// Understands `text`, asked `now` after the messages `earlier`, oldest first.
    pub(super) fn read(text: &str, earlier: &[Message], page: Option<PageContext>, now: DateTime<Tz>) -> Self {
        let range = dates::find_range(text, &now);
        let (mut query, mut understood) = (text.to_owned(), range);
        if leans(text) {
            let before =
                earlier.iter().rev().filter(|message| message.sender == Sender::Human).map(|asked| &asked.text);
            for asked in before {
                query = format!("{asked}\n{query}");
                understood = understood.or_else(|| dates::find_range(asked, &now));
                if !leans(asked) {
                    break;
                }
            }
        }
        Self { query, range: understood, page, now }
    }

    /// What is looked for.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        let page = self.page.as_ref();
        let of_kind = |kind: &str| page.filter(|page| page.kind == kind).and_then(|page| page.id.as_deref());
        let (start, end) = (page.and_then(|page| page.start_date), page.and_then(|page| page.end_date));
        let bounded = start.is_some() || end.is_some();
        let only = start.unwrap_or(DateTime::<Utc>::MIN_UTC)..end.unwrap_or(DateTime::<Utc>::MAX_UTC);
        Wanted {
            query: &self.query,
            range: self.range.clone(),
            conversation: of_kind("conversation"),
            memory: of_kind("memory"),
            action_item: of_kind("task"),
            only: bounded.then_some(only),
        }
    }
}

/// Whether a question means something that was said before it: `and after that?`, `what did she say?`
pub(super) fn leans(text: &str) -> bool {
    let plain = text.trim().to_lowercase();
    let count = plain.split_whitespace().count();
    let begins =
        |opening: &str| plain.strip_prefix(opening).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let goes_on = count <= BEGINS_SHORT && GOING_ON.iter().any(|opening| begins(opening));
    let refers = || {
        let mut words = plain.split(|letter: char| !letter.is_alphanumeric());
        count <= REFERS_SHORT && words.any(|word| REFERRING.contains(&word)) && !names_somebody(text)
    };
    let says_nothing = || terms(text).is_empty() && dates::find_range(text, &resources::now()).is_none();
    goes_on || refers() || says_nothing()
}

/// Whether a name stands in the text: a capital within a sentence.
fn names_somebody(text: &str) -> bool {
    let mut words = text.split_whitespace().skip(1);
    words.any(|word| {
        word.starts_with(char::is_uppercase) && word.trim_matches(|letter: char| !letter.is_alphanumeric()) != "I"
    })
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn now() -> DateTime<Tz> {
        chrono_tz::Europe::Oslo.with_ymd_and_hms(2026, 5, 13, 10, 0, 0).unwrap()
    }

    fn asked(texts: &[&str]) -> Vec<Message> {
        let message = |text: &&str| Message::new("m".into(), now().to_utc(), Sender::Human, (*text).to_owned());
        texts.iter().map(message).collect()
    }

    #[test]
    fn a_question_that_leans_takes_the_one_before_along() {
        let read = |text: &str, before: &[&str]| Question::read(text, &asked(before), None, now());
        let question = read("And after that?", &["What did Ana plan for last week?"]);
        assert_eq!(question.query, "What did Ana plan for last week?\nAnd after that?");
        assert!(question.range.is_some(), "the time goes along too");
        assert_eq!(read("What did she say?", &["Who met Ana?"]).query, "Who met Ana?\nWhat did she say?");
        let twice = read("Why?", &["Where does Ben live?", "And since when?"]);
        assert_eq!(twice.query, "Where does Ben live?\nAnd since when?\nWhy?");
        for alone in ["Where does Ben live?", "What did I do yesterday?", "Does she still see Ana?"] {
            assert_eq!(read(alone, &["What colour is the car?"]).query, alone);
        }
    }

    #[test]
    fn times_are_those_of_the_users_clock() {
        let question = Question::read("What did I do yesterday evening?", &[], None, now());
        let range = question.range.unwrap();
        let zone = chrono_tz::Europe::Oslo;
        let at = |hour| zone.with_ymd_and_hms(2026, 5, 12, hour, 0, 0).unwrap().to_utc();
        assert!(range.contains(&at(20)) && !range.contains(&at(12)), "{range:?}");
    }
}
