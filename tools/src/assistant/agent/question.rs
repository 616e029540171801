//! Interprets a question: its words, those of the previous question for a follow-up, and its time range.

use language::{
    dates::{self, Locale},
    stemming::terms,
};
use std::ops::Range;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemas::chat::{Message, PageContext, Sender};

use crate::assistant::retrieval::Query;

/// The maximum length of a follow-up in words, when it begins like one, and when it contains a reference.
const MAX_WORDS_WITH_OPENING: usize = 9;
const MAX_WORDS_WITH_REFERENCE: usize = 14;

/// The beginnings of follow-ups.
const FOLLOW_UP_OPENINGS: &[&str] =
    &["and", "but", "so", "then", "or", "also", "what about", "how about", "anything else", "who else"];

/// Words that refer to something said before.
const REFERENCES: &[&str] = &[
    "it", "its", "that", "this", "these", "those", "they", "them", "their", "he", "him", "his", "she", "her", "there",
    "then", "same", "again", "else",
];

/// An interpreted question.
pub(super) struct Question {
    /// Its words, after those of the questions that it follows up.
    pub(super) query: String,
    /// The time range that it asks about.
    pub(super) range: Option<Range<DateTime<Utc>>>,
    /// The page that the user is looking at.
    pub(super) page: Option<PageContext>,
    /// The current time in the user's time zone.
    pub(super) now: DateTime<Tz>,
    /// The language in which it was asked.
    pub(super) locale: Locale,
}

impl Question {
    /// Interprets `text`, asked `now` after the messages `earlier`, oldest first, by a user of this language.
    pub(super) fn read(
        text: &str,
        earlier: &[Message],
        page: Option<PageContext>,
        now: DateTime<Tz>,
        language: Option<&str>,
    ) -> Self {
        let locale = Locale::detect(text, language);
        let range = dates::find_range(text, &now, locale);
        let (mut query, mut time_range) = (text.to_owned(), range);
        if is_follow_up(text, locale) {
            let before =
                earlier.iter().rev().filter(|message| message.sender == Sender::Human).map(|asked| &asked.text);
            for asked in before {
                query = format!("{asked}\n{query}");
                time_range = time_range.or_else(|| dates::find_range(asked, &now, locale));
                if !is_follow_up(asked, locale) {
                    break;
                }
            }
        }
        Self { query, range: time_range, page, now, locale }
    }

    /// The query for retrieval.
    pub(super) fn retrieval_query(&self) -> Query<'_> {
        let page = self.page.as_ref();
        let of_kind = |kind: &str| page.filter(|page| page.kind == kind).and_then(|page| page.id.as_deref());
        let (start, end) = (page.and_then(|page| page.start_date), page.and_then(|page| page.end_date));
        let is_bounded = start.is_some() || end.is_some();
        let bounds = start.unwrap_or(DateTime::<Utc>::MIN_UTC)..end.unwrap_or(DateTime::<Utc>::MAX_UTC);
        Query {
            text: &self.query,
            time_range: self.range.clone(),
            conversation: of_kind("conversation"),
            memory: of_kind("memory"),
            action_item: of_kind("task"),
            bounds: is_bounded.then_some(bounds),
        }
    }
}

/// Whether a question refers to something said before it: `and after that?`, `what did she say?`
pub(super) fn is_follow_up(text: &str, locale: Locale) -> bool {
    let plain = text.trim().to_lowercase();
    let count = plain.split_whitespace().count();
    let begins =
        |opening: &str| plain.strip_prefix(opening).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    let goes_on = count <= MAX_WORDS_WITH_OPENING && FOLLOW_UP_OPENINGS.iter().any(|opening| begins(opening));
    let refers = || {
        let mut words = plain.split(|letter: char| !letter.is_alphanumeric());
        count <= MAX_WORDS_WITH_REFERENCE && words.any(|word| REFERENCES.contains(&word)) && !has_name(text)
    };
    let has_no_content = || terms(text).is_empty() && dates::find_range(text, &resources::now(), locale).is_none();
    goes_on || refers() || has_no_content()
}

/// Whether a text contains a name: a capitalized word within a sentence.
fn has_name(text: &str) -> bool {
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
    fn follow_ups_include_the_previous_question() {
        let read = |text: &str, before: &[&str]| Question::read(text, &asked(before), None, now(), None);
        let question = read("And after that?", &["What did Ana plan for last week?"]);
        assert_eq!(question.query, "What did Ana plan for last week?\nAnd after that?");
        assert!(question.range.is_some(), "the time range is taken over");
        assert_eq!(read("What did she say?", &["Who met Ana?"]).query, "Who met Ana?\nWhat did she say?");
        let twice = read("Why?", &["Where does Ben live?", "And since when?"]);
        assert_eq!(twice.query, "Where does Ben live?\nAnd since when?\nWhy?");
        let question = Question::read("Und was war letzte Woche?", &[], None, now(), Some("de"));
        assert!(question.range.is_some(), "the language of the question");
        for alone in ["Where does Ben live?", "What did I do yesterday?", "Does she still see Ana?"] {
            assert_eq!(read(alone, &["What colour is the car?"]).query, alone);
        }
    }

    #[test]
    fn times_are_in_the_users_time_zone() {
        let question = Question::read("What did I do yesterday evening?", &[], None, now(), None);
        let range = question.range.unwrap();
        let zone = chrono_tz::Europe::Oslo;
        let at = |hour| zone.with_ymd_and_hms(2026, 5, 12, hour, 0, 0).unwrap().to_utc();
        assert!(range.contains(&at(20)) && !range.contains(&at(12)), "{range:?}");
    }
}
