//! Answers made of given passages, without a model or an index.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use schemas::chat::Citation;

use super::{QuotedAnswer, answer, question::ParsedQuestion, select::select_passages};
use crate::assistant::retrieval::{Passage, PassageKind, TranscriptLine};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn said(place: i64, speaker: &str, at: &str, quote: &str) -> Passage {
    let citation = Citation {
        kind: "conversation".into(),
        id: at.into(),
        segment: Some(format!("{at}-{place}")),
        title: Some("A talk".into()),
        speaker: Some(speaker.into()),
        quote: quote.into(),
        date: time(at),
    };
    Passage { position: place, ..Passage::new(PassageKind::Segment, citation, 1.0 - place as f32 * 0.01) }
}

fn remembered(at: &str, quote: &str) -> Passage {
    let citation = Citation {
        kind: "memory".into(),
        id: quote.into(),
        segment: None,
        title: None,
        speaker: None,
        quote: quote.into(),
        date: time(at),
    };
    Passage::new(PassageKind::Memory, citation, 0.9)
}

fn answered(question: &str, passages: &[Passage]) -> QuotedAnswer {
    let now = time("2026-11-20T12:00:00Z").with_timezone(&Tz::Europe__Oslo);
    let question = ParsedQuestion::read(question, &now, language::dates::Locale::default());
    let selected = select_passages(&question, passages, 10);
    answer(&question, passages, selected)
}

/// The line before the quotes.
fn direct(question: &str, passages: &[Passage]) -> String {
    let text = answered(question, passages).text;
    text.split_once("\n\nThis is what").map(|(line, _)| line.to_owned()).unwrap_or_default()
}

#[test]
fn quotes_are_chronological_under_their_conversations() {
    let talks = [
        said(0, "Ana", "2026-05-08T22:30:00Z", "The boat needs paint."),
        said(0, "User", "2026-03-01T10:00:00Z", "I bought\nthe boat [3]."),
        said(1, "Ana", "2026-03-01T10:00:00Z", "Which boat?"),
    ];
    let answer = answered("What about the boat?", &talks);
    let expected = "This is what your memory holds on it:\n\n\
        1 March 2026, A talk:\n- You: “I bought the boat (3).” [1]\n- Ana: “Which boat?” [2]\n\n\
        9 May 2026, A talk:\n- Ana: “The boat needs paint.” [3]";
    assert_eq!(answer.text, expected);
    assert_eq!(answer.citations[0], talks[1].citation);
}

#[test]
fn no_passages_give_no_answer() {
    let answer = answered("What about the boat?", &[]);
    assert!(answer.text.starts_with("I found nothing about this in your memory.") && answer.citations.is_empty());
}

#[test]
fn a_memory_gives_way_to_its_source() {
    let talk = said(0, "Ana", "2026-03-01T10:00:00Z", "I repaired the old boat with tar.");
    let memory = remembered("2026-03-01T11:00:00Z", "Ana repaired the old boat with tar");
    let other = remembered("2026-03-01T11:00:00Z", "Ana's boat is a dinghy of twelve feet");
    let answer = answered("Who repaired the boat?", &[talk.clone(), memory.clone(), other.clone()]);
    assert_eq!(answer.citations, [talk.citation, other.citation]);
    let alone = answered("Who repaired the boat?", std::slice::from_ref(&memory));
    assert!(alone.text.contains("- Remembered: “Ana repaired the old boat with tar” [1]"), "{}", alone.text);
}

#[test]
fn a_short_time_range_excludes_other_times() {
    let mut then = said(0, "Ana", "2026-11-19T10:00:00Z", "We sanded the boat.");
    then.in_time_range = true;
    let before = said(0, "Ana", "2026-03-01T10:00:00Z", "We painted the boat.");
    let answer = answered("What did Ana do with the boat yesterday?", &[then.clone(), before]);
    assert_eq!(answer.citations, [then.citation]);
}

#[test]
fn when_is_counted_from_the_day_on_which_it_was_said() {
    let talk = |quote| [said(0, "Ana", "2023-05-08T10:00:00Z", quote)];
    for (question, quote, expected) in [
        (
            "When did Ana repair the boat?",
            "I repaired the boat yesterday.",
            "On 7 May 2023: “yesterday”, as Ana said on 8 May 2023 [1].",
        ),
        (
            "What year did Ana buy the boat?",
            "Well, I bought that boat three years ago.",
            "In 2020: “three years ago”, as Ana said on 8 May 2023 [1].",
        ),
        (
            "When did Ana sail to the island?",
            "I sailed to the island on 2 April 2023.",
            "On 2 April 2023, as Ana said on 8 May 2023 [1].",
        ),
        (
            "When will Ana launch the boat?",
            "I'll launch the boat next month!",
            "In June 2023: “next month”, as Ana said on 8 May 2023 [1].",
        ),
        (
            "When did Ana paint the boat?",
            "I painted the boat last summer.",
            "In the summer of 2022: “last summer”, as Ana said on 8 May 2023 [1].",
        ),
        ("When did Ana repair the boat?", "I repaired the boat, finally.", "It was spoken of on 8 May 2023 [1]."),
        ("When did Ana repair the boat?", "The harbour was full yesterday.", ""),
        ("When did Ana repair the boat?", "Did you repair the boat yesterday?", "It was spoken of on 8 May 2023 [1]."),
        ("When does Ana sail the boat?", "I sail the boat every Friday.", ""),
        (
            "When do we launch the boat?",
            "Shall we launch the boat on Saturday?",
            "On 13 May 2023: “on saturday”, as Ana said on 8 May 2023 [1].",
        ),
    ] {
        assert_eq!(direct(question, &talk(quote)), expected, "{question} {quote}");
    }
    assert_eq!(
        direct("What time did Ana leave the harbour?", &talk("I left the harbour at 7 am yesterday.")),
        "At 7:00 on 7 May 2023: “at 7 am yesterday”, as Ana said on 8 May 2023 [1]."
    );
    let memory = [remembered("2026-11-01T10:00:00Z", "Ana repaired the boat on 7 May 2023")];
    assert_eq!(direct("When did Ana repair the boat?", &memory), "On 7 May 2023 [1].");
    let vague = [remembered("2026-11-01T10:00:00Z", "Ana repaired the boat yesterday")];
    assert_eq!(direct("When did Ana repair the boat?", &vague), "");
}

#[test]
fn where_is_a_place_that_the_question_does_not_name() {
    let talk = |quote| [said(0, "Ana", "2023-05-08T10:00:00Z", quote)];
    for (question, quote, expected) in [
        ("Where did Ana sail?", "I sailed to Hvar, it was windy.", "“to Hvar”, as Ana said on 8 May 2023 [1]."),
        (
            "Where are Ana's keys?",
            "My keys are in the kitchen drawer.",
            "“in the kitchen drawer”, as Ana said on 8 May 2023 [1].",
        ),
        ("Where does Ana come from?", "I come from my home village.", ""),
        ("Where did Ana sail?", "I sailed in July.", ""),
        ("Where did Ana sail?", "I sailed to relax.", ""),
        (
            "Which city did Ana visit?",
            "I visited my cousin in New York.",
            "“in New York”, as Ana said on 8 May 2023 [1].",
        ),
    ] {
        assert_eq!(direct(question, &talk(quote)), expected, "{question} {quote}");
    }
}

#[test]
fn who_is_the_speaker_or_whom_they_name() {
    let talk = |speaker, quote| [said(0, speaker, "2023-05-08T10:00:00Z", quote)];
    for (question, speaker, quote, expected) in [
        ("Who repaired the boat?", "Ana", "I repaired the boat.", "Ana, who said so on 8 May 2023 [1]."),
        ("Who repaired the boat?", "User", "I repaired the boat.", "You, as you said on 8 May 2023 [1]."),
        (
            "Who repaired the boat?",
            "Ana",
            "My uncle Tor repaired the boat.",
            "Ana's uncle Tor, as Ana said on 8 May 2023 [1].",
        ),
        ("Who repaired the boat?", "User", "Tor Berg repaired the boat.", "Tor Berg, as you said on 8 May 2023 [1]."),
        ("Who repaired the boat?", "Ana", "They repaired the boat.", ""),
        (
            "Who did Ana sail the boat with?",
            "Ana",
            "I sailed the boat with my sister.",
            "Ana's sister, as Ana said on 8 May 2023 [1].",
        ),
        ("Who did Ana sail the boat with?", "Ana", "I sailed the boat with great care.", ""),
        ("Who is afraid of the boat?", "Ana", "Tor is afraid of the boat.", "Tor, as Ana said on 8 May 2023 [1]."),
        ("Who is afraid of the boat?", "Ana", "The boat is what I am afraid of.", ""),
    ] {
        assert_eq!(direct(question, &talk(speaker, quote)), expected, "{question} {quote}");
    }
    let memory = [remembered("2026-11-01T10:00:00Z", "Mira is allergic to walnuts")];
    assert_eq!(direct("Who is allergic to walnuts?", &memory), "Mira [1].");
}

#[test]
fn irrelevant_passages_are_dropped_when_one_covers_the_question() {
    let talk = said(0, "Ana", "2023-05-08T10:00:00Z", "The harbour is full of herring.");
    let memory = remembered("2026-11-01T10:00:00Z", "Mira is allergic to walnuts");
    let answer = answered("Who is allergic to walnuts?", &[talk, memory]);
    let kinds: Vec<&str> = answer.citations.iter().map(|citation| citation.kind.as_str()).collect();
    assert_eq!(kinds, ["memory"]);
}

#[test]
fn how_many_is_the_number_before_what_is_counted() {
    let talk = |quote| [said(0, "Ana", "2023-05-08T10:00:00Z", quote)];
    let question = "How many boats does Ana own?";
    assert_eq!(direct(question, &talk("I own three old boats.")), "“three old boats”, as Ana said on 8 May 2023 [1].");
    assert_eq!(direct(question, &talk("I own boats since 2012.")), "");
}

#[test]
fn words_of_another_speaker_are_not_the_answer() {
    let talks = [
        said(0, "Bob", "2023-05-08T10:00:00Z", "I repaired the boat yesterday."),
        said(9, "Ana", "2023-05-08T10:00:00Z", "I like boats."),
    ];
    let answer = answered("When did Ana repair the boat?", &talks);
    assert!(answer.text.starts_with("What fits best was said by Bob, not by Ana:\n"), "{}", answer.text);
    assert!(answered("When did Bob repair the boat?", &talks).text.starts_with("On 7 May 2023"));
}

#[test]
fn an_unmentioned_name_is_reported() {
    let talks = [said(0, "Ana", "2023-05-08T10:00:00Z", "I repaired the boat.")];
    let unknown = answered("When did Zoe repair the boat?", &talks);
    assert!(unknown.text.starts_with("I found nothing in your memory that mentions “Zoe”."), "{}", unknown.text);
    assert!(unknown.citations.is_empty());
    let partly = answered("Did Ana repair the boat in Bergen?", &talks);
    assert!(partly.text.starts_with("Nothing that was found mentions “Bergen”. What is nearest:"), "{}", partly.text);
    let twice = answered("Who repaired the boat? Think hard.", &talks);
    assert!(twice.text.starts_with("Ana, who said so"), "{}", twice.text);
    let dated = answered("Did Ana repair the boat in June?", &talks);
    assert!(dated.text.starts_with("This is what"), "{}", dated.text);
}

#[test]
fn other_languages_are_quoted() {
    let mut talk = said(0, "Jorun", "2023-05-08T10:00:00Z", "Jeg kjøpte båten i går.");
    let (place, speaker, text, at) = (1, "User".into(), "Fint!".into(), time("2023-05-08T10:00:09Z"));
    talk.neighbours.push(TranscriptLine { position: place, speaker, text, at });
    let answer = answered("Hva sa Jorun om Båten?", &[talk]);
    assert!(answer.text.starts_with("This is what") && answer.text.contains("Jorun: “Jeg kjøpte båten i går.” [1]"));
}
