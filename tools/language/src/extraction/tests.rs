mod due_dates;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Oslo;
use schemas::conversation::{TextSource, TranscriptSegment};

use super::*;
use crate::{sentences, third_person::third_person};

/// A Friday morning in Oslo.
fn now() -> DateTime<Utc> {
    Oslo.with_ymd_and_hms(2026, 5, 8, 10, 0, 0).unwrap().to_utc()
}

fn segment(place: usize, speaker: &str, text: &str) -> TranscriptSegment {
    TranscriptSegment {
        id: format!("s{place}"),
        text: text.to_owned(),
        speaker: "SPEAKER_00".to_owned(),
        speaker_id: 0,
        speaker_name: speaker.to_owned(),
        is_user: speaker == "User",
        person_id: None,
        start: 0.0,
        end: 1.0,
        translations: Vec::new(),
        speech_profile_processed: true,
        stt_provider: None,
    }
}

/// A input of nothing.
fn blank<'a>() -> ConversationInput<'a> {
    ConversationInput {
        segments: &[],
        text: None,
        text_source: TextSource::OtherText,
        started_at: now(),
        finished_at: now() + TimeDelta::seconds(60),
        time_zone: UserZone::Named(Oslo),
        language: Some("en"),
        open_items: &[],
        folders: &[],
        can_discard: true,
        user_name: None,
    }
}

/// What is extracted from a dialogue.
fn extracted(turns: &[(&str, &str)], adjust: impl FnOnce(&mut ConversationInput<'_>)) -> Extraction {
    let segments: Vec<_> =
        turns.iter().enumerate().map(|(place, (speaker, text))| segment(place, speaker, text)).collect();
    let mut input = ConversationInput { segments: &segments, ..blank() };
    adjust(&mut input);
    let sentences = sentences::split(&input, detect_language(&input));
    extract(&input, &sentences, &SentenceRanking::new(&sentences), detect_language(&input))
}

fn extracted_from_text(text: &str) -> Extraction {
    let input = ConversationInput { text: Some(text), ..blank() };
    let sentences = sentences::split(&input, detect_language(&input));
    extract(&input, &sentences, &SentenceRanking::new(&sentences), detect_language(&input))
}

fn items(turns: &[(&str, &str)]) -> Vec<String> {
    extracted(turns, |_| {}).action_items.into_iter().map(|item| item.description).collect()
}

fn facts(text: &str) -> Vec<String> {
    extracted(&[("User", text)], |_| {}).memories.into_iter().map(|memory| memory.content).collect()
}

fn local(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "none".to_owned(), |time| time.with_timezone(&Oslo).format("%Y-%m-%d %H:%M").to_string())
}

#[test]
fn what_the_user_has_to_do() {
    let table = [
        ("I'll send you the photos tomorrow.", "Send Ana the photos", "2026-05-09 23:59"),
        ("I need to call the dentist on Monday at 9.", "Call the dentist", "2026-05-11 09:00"),
        ("Um, remind me to, to water the plants tonight.", "Water the plants", "2026-05-08 20:00"),
        ("Oh, and I have to renew my passport by the end of the month!", "Renew my passport", "2026-05-31 23:59"),
        ("Don't forget to pay the rent.", "Pay the rent", "none"),
        ("We should book the hotel before Friday.", "Book the hotel", "2026-05-14 23:59"),
        ("Let's order the cake next Tuesday.", "Order the cake", "2026-05-12 23:59"),
        ("I'm going to email Tom the contract in two hours.", "Email Tom the contract", "2026-05-08 12:00"),
        ("I really should fix the kitchen sink this weekend.", "Fix the kitchen sink", "2026-05-10 23:59"),
        ("Tomorrow I need to submit the tax return.", "Submit the tax return", "2026-05-09 23:59"),
        ("Sure, I'll call Tom.", "Call Tom", "none"),
        ("I have to renew my passport before that.", "Renew my passport", "none"),
    ];
    for (text, description, due) in table {
        let found = extracted(&[("Ana", "Anything to do?"), ("User", text)], |_| {}).action_items;
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!(found[0].description, description, "{text}");
        assert_eq!(local(found[0].due_at), due, "{text}");
        assert_eq!(found[0].segment_ids, ["s1"]);
    }
}

#[test]
fn what_is_nothing_to_do() {
    let texts = [
        "I don't need to call the dentist.",
        "Should I call the dentist?",
        "I had to call the dentist yesterday.",
        "If I have to, I'll call the dentist.",
        "I'll never forget the photos.",
        "I have to say the photos are great.",
        "I'll keep that in mind.",
        "I need to relax.",
        "I'll do it.",
        "Check out this photo!",
        "Send me the photos.",
        "I sent Ana the photos.",
        "I will be at home.",
        "Let me know what you think.",
    ];
    for text in texts {
        assert_eq!(items(&[("Ana", "Hi there."), ("User", text)]), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_others_ask_of_the_user() {
    let asked = |text, answer| items(&[("User", "How is it going?"), ("Ana", text), ("User", answer)]);
    assert_eq!(asked("Can you send me the report by Monday?", "Sure."), ["Send Ana the report"]);
    assert_eq!(asked("Please book my flight.", "Okay."), ["Book Ana's flight"]);
    assert_eq!(asked("Don't forget to pick up the kids at 4!", "Right."), ["Pick up the kids"]);
    assert_eq!(asked("Can you send me the report by Monday?", "Sorry, I can't."), Vec::<String>::new());
    assert_eq!(asked("I'll send you the report.", "Great."), Vec::<String>::new(), "that is Ana's");
    assert_eq!(asked("Can you believe the report?", "No way."), Vec::<String>::new());
}

#[test]
fn items_come_once() {
    let turns =
        [("User", "I need to call the dentist. I have to call the dentist tomorrow."), ("User", "I need to buy milk.")];
    assert_eq!(items(&turns), ["Call the dentist", "Buy milk"]);
    let open = [OpenItem { description: "call THE dentist".to_owned(), due_at: None }];
    let segments = [segment(0, "User", turns[0].1)];
    let input = ConversationInput { segments: &segments, open_items: &open, ..blank() };
    assert!(action_items::extract(&input, &sentences::split(&input, detect_language(&input))).is_empty());
}

#[test]
fn without_a_user_everybody_counts() {
    assert_eq!(
        items(&[("Bo", "I need to call the bank."), ("Speaker 1", "I have to buy paint.")]),
        ["Call the bank", "Buy paint"]
    );
    assert_eq!(facts("I live in Oslo."), ["User lives in Oslo"]);
    assert!(extracted(&[("Bo", "I live in Oslo."), ("Ana", "Nice.")], |_| {}).memories.is_empty());
}

#[test]
fn meetings() {
    let table = [
        ("Let's meet Friday next week at 3.", "Meeting with Ana", "2026-05-15 15:00", 60),
        ("Dinner on Saturday at 7 pm then!", "Dinner", "2026-05-09 19:00", 60),
        (
            "I have an appointment with Dr. Berg on Tuesday at 10:30.",
            "Appointment with Dr. Berg",
            "2026-05-12 10:30",
            60,
        ),
        ("I have a dentist appointment tomorrow at 2pm.", "Dentist appointment", "2026-05-09 14:00", 60),
        ("We have a call with the team on Monday at 9 am.", "Call with the team", "2026-05-11 09:00", 30),
    ];
    for (text, title, start, minutes) in table {
        let found = extracted(&[("Ana", "When?"), ("User", text)], |_| {}).events;
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].title.as_str(), local(Some(found[0].start)).as_str()), (title, start), "{text}");
        assert_eq!(found[0].duration_minutes, minutes, "{text}");
    }
    let proposed = |answer| extracted(&[("Ana", "Can we meet on Monday at 3?"), ("User", answer)], |_| {}).events.len();
    assert_eq!((proposed("Sounds good!"), proposed("No, I can't.")), (1, 0));
    for text in [
        "We met yesterday at 3.",
        "Dinner was great on Saturday at 7.",
        "I can't meet on Monday at 3.",
        "Dinner on Saturday.",
    ] {
        assert!(extracted(&[("Ana", "Hm."), ("User", text)], |_| {}).events.is_empty(), "{text}");
    }
}

#[test]
fn facts_about_the_user() {
    let table = [
        ("Well, I live in Oslo, you know.", "User lives in Oslo"),
        ("I work as a nurse at the city hospital.", "User works as a nurse at the city hospital"),
        ("My wife is a teacher.", "User's wife is a teacher"),
        ("I'm allergic to peanuts!", "User is allergic to peanuts"),
        ("I've been playing the violin for ten years.", "User has been playing the violin for ten years"),
        ("I love hiking with my dog.", "User loves hiking with their dog"),
        ("I just moved to Bergen last week.", "User moved to Bergen in the week of 27 April 2026"),
        ("I started a pottery class yesterday.", "User started a pottery class on 7 May 2026"),
        ("I hate olives.", ""),
        (
            "We got a puppy and I adopted a cat named Momo two weeks ago.",
            "User adopted a cat named Momo around 24 April 2026",
        ),
        ("My birthday is on May 20th.", "User's birthday is on May 20th"),
        ("Last year, I ran a marathon in Berlin.", "User ran a marathon in Berlin in 2025"),
        ("I'm vegetarian, so please order a special meal.", "User is vegetarian"),
        ("I don't eat meat.", "User doesn't eat meat"),
        ("I study biology at the university.", "User studies biology at the university"),
        ("I'm planning a trip to Japan next month.", "User is planning a trip to Japan in June 2026"),
    ];
    for (text, fact) in table {
        let expected: Vec<&str> = if fact.is_empty() { vec![] } else { vec![fact] };
        let found = facts(text);
        assert!(found == expected || fact.is_empty() && found == ["User hates olives"], "{text}: {found:?}");
    }
}

#[test]
fn what_is_no_fact_about_the_user() {
    let texts = [
        "Do I live in Oslo?",
        "I love it!",
        "I love your painting.",
        "I live there.",
        "I would move to Oslo if I could.",
        "I think so too.",
        "She loves hiking.",
        "I'm so happy for you.",
        "I'm here.",
        "I went there with him.",
        "My goodness, what a day.",
        "I started it today.",
        "I've been busy.",
        "If I moved to Oslo, I would ski.",
    ];
    for text in texts {
        assert_eq!(facts(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn memories_have_names_and_segments() {
    let turns = [("Speaker 1", "Hello."), ("User", "I live in"), ("User", "Oslo with my two sons.")];
    let found = extracted(&turns, |input| input.user_name = Some("Kim")).memories;
    assert_eq!(found[0].content, "Kim lives in Oslo with their two sons");
    assert_eq!(found[0].segment_ids, ["s1", "s2"]);
}

#[test]
fn what_is_discarded() {
    let discarded =
        |turns: &[(&str, &str)], can_discard| extracted(turns, |input| input.can_discard = can_discard).discard;
    assert!(discarded(&[("Speaker 0", "Hmm. Okay. Yeah."), ("Speaker 1", "Hi! How are you?")], true));
    assert!(discarded(&[("Speaker 0", "la la la la la la")], true));
    assert!(discarded(&[], true));
    assert!(!discarded(&[("Speaker 0", "Hmm.")], false));
    assert!(!discarded(&[("User", "Call mom tomorrow.")], true));
    assert!(!discarded(&[("Speaker 0", "The garage code is 4711.")], true));
    let long = "we went on and on ".repeat(21);
    assert!(!discarded(&[("Speaker 0", &long)], true));
    let slow = extracted(&[("Speaker 0", "The garage.")], |input| input.finished_at = now() + TimeDelta::minutes(5));
    assert!(!slow.discard);
}

#[test]
fn titles_are_phrases() {
    let turns = [
        ("Ana", "Hey! How are you?"),
        ("User", "Good! So, I signed up for a pottery class at the community centre yesterday, and it was great."),
        ("Ana", "Wow, a pottery class! Was it hard?"),
        ("User", "Not at all. The pottery teacher showed us how to make a bowl."),
    ];
    let extraction = extracted(&turns, |_| {});
    assert_eq!(extraction.title, "Signed up for a pottery class");
    assert!(extraction.overview.contains("User signed up for a pottery class"), "{}", extraction.overview);
    assert!(extraction.overview.chars().count() <= 600);
    for text in ["Ok.", "Speaker 1: hello there my friend", &"word ".repeat(300), "日本に行きます。楽しみです。"]
    {
        let title = extracted_from_text(text).title;
        assert!(!title.is_empty() && title.split_whitespace().count() <= 8 && title.chars().count() <= 60, "{title}");
        assert!(!title.contains("Speaker"), "{title}");
    }
    assert_eq!(extracted(&[], |_| {}).title, "Conversation on 8 May 2026");
}

#[test]
fn texts_of_any_shape() {
    let endless = "and then we went to the harbour to see the boats ".repeat(400);
    let dense = "今日は会議がありましたので新しい製品について話しました".repeat(20);
    let odd = [
        "Ünï – “ß”… ’tis!",
        "a\u{301}b, I live in Ål, my \u{1F600} dog is İ",
        "- - -",
        "I\u{2019}ll pay Zoë 5/8, 25:99 at 13:61 pm!",
    ];
    for text in odd.into_iter().chain([endless.as_str(), dense.as_str()]) {
        let extraction = extracted_from_text(text);
        let title = extraction.title.chars().count();
        assert!((1..=60).contains(&title) && extraction.overview.chars().count() <= 600, "{extraction:?}");
    }
    assert!(extracted_from_text(&endless).overview.starts_with("And then we went"));
    let brief =
        extracted(&[("Speaker 0", "今日は会議がありました。")], |input| input.language = Some("ja"));
    assert!(!brief.discard);
}

#[test]
fn other_languages() {
    let turns = [
        ("User", "Ich muss morgen meine Mutter anrufen und ich wohne in Berlin."),
        ("Bo", "Wir treffen uns am Freitag um drei Uhr im Restaurant am Alexanderplatz."),
    ];
    for language in [Some("de"), None] {
        let extraction = extracted(&turns, |input| input.language = language);
        assert!(extraction.action_items.is_empty() && extraction.memories.is_empty() && extraction.events.is_empty());
        assert!(!extraction.title.is_empty() && !extraction.discard);
        assert!(extraction.overview.contains("am Freitag um drei Uhr"), "{}", extraction.overview);
    }
}

#[test]
fn texts_with_and_without_speakers() {
    let own = extracted_from_text("I live in Oslo.\n- I need to call the bank tomorrow.");
    assert_eq!(own.memories[0].content, "User lives in Oslo");
    assert_eq!(own.action_items[0].description, "Call the bank");
    let note = extracted_from_text("Note to self, call the landlord tomorrow at noon.");
    assert_eq!(
        (note.title.as_str(), note.action_items[0].description.as_str()),
        ("Call the landlord", "Call the landlord")
    );
    let named = extracted_from_text("Ana: I live in Oslo.\nMe: I work as a nurse.\nAna: Can you call the bank?");
    assert_eq!(named.memories.len(), 1);
    assert_eq!(named.memories[0].content, "User works as a nurse");
    assert_eq!(named.action_items[0].description, "Call the bank");
}

#[test]
fn categories_and_folders_by_words() {
    assert_eq!(
        categories::category_by_words("The doctor gave me medicine for my symptoms"),
        ConversationCategory::Health
    );
    assert_eq!(categories::category_by_words("We played the guitar at a concert"), ConversationCategory::Music);
    assert_eq!(categories::category_by_words("So it goes"), ConversationCategory::Other);
    assert_eq!(categories::emoji(ConversationCategory::Work), "💼");
    let folder =
        |name: &str| FolderChoice { id: name.to_lowercase(), name: name.to_owned(), description: String::new() };
    let folders = [folder("Work"), folder("Personal"), folder("Health & Fitness")];
    let chosen = |category| categories::folder_by_category(&folders, category).map(|folder| folder.id.as_str());
    assert_eq!(chosen(ConversationCategory::Business), Some("work"));
    assert_eq!(chosen(ConversationCategory::Psychology), Some("health & fitness"));
    assert_eq!(chosen(ConversationCategory::Weather), None);
}

#[test]
fn sentences_keep_abbreviations_and_drop_hesitations() {
    let segments =
        [segment(0, "Ana", "I saw Dr. Berg at 3 p.m. Um, it it was fine."), segment(1, "Ana", "Right? \"Yes.\" Good")];
    let input = ConversationInput { segments: &segments, ..blank() };
    let texts: Vec<String> =
        sentences::split(&input, detect_language(&input)).into_iter().map(|sentence| sentence.text).collect();
    assert_eq!(texts, ["I saw Dr. Berg at 3 p.m. it was fine.", "Right?", "\"Yes.\"", "Good"]);
}

#[test]
fn from_the_first_person_to_the_third() {
    let rewritten = |text| third_person(text, "Ana");
    assert_eq!(rewritten("I carry my bag and I am glad").as_deref(), Some("Ana carries their bag and they are glad"));
    assert_eq!(
        rewritten("I've lost my keys, so I was late").as_deref(),
        Some("Ana has lost their keys, so they were late")
    );
    assert_eq!(rewritten("I don't know").as_deref(), Some("Ana doesn't know"));
    assert_eq!(rewritten("I usually go there by myself").as_deref(), Some("Ana usually goes there by themselves"));
    assert_eq!(rewritten("I like you"), None);
    assert_eq!(rewritten("You like me"), None);
}
