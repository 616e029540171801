use chrono::{DateTime, TimeZone, Utc};
use chrono_tz::{America::New_York, Europe::Oslo, Tz};

use super::*;

/// A Friday.
fn friday() -> DateTime<Tz> {
    Oslo.with_ymd_and_hms(2026, 5, 8, 10, 0, 0).unwrap()
}

/// A Wednesday.
fn wednesday() -> DateTime<Tz> {
    Oslo.with_ymd_and_hms(2026, 5, 6, 10, 0, 0).unwrap()
}

fn local(time: DateTime<Utc>) -> String {
    time.with_timezone(&Oslo).format("%Y-%m-%d %H:%M").to_string()
}

fn check(now: DateTime<Tz>, table: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let found = find_future_date(text, &now, Locale::default());
        let said = found.as_ref().map_or_else(
            || "none".to_owned(),
            |found| local(if found.has_time { found.start } else { found.due_at() }),
        );
        if said != *expected {
            wrong.push(format!(
                "{text:?}: {said}, not {expected} ({:?})",
                found.map(|found| text[found.range].to_owned())
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn plans_on_a_friday() {
    check(
        friday(),
        &[
            ("Send it today", "2026-05-08 23:59"),
            ("Send it tomorrow", "2026-05-09 23:59"),
            ("the day after tomorrow", "2026-05-10 23:59"),
            ("See you Friday", "2026-05-08 23:59"),
            ("this Friday", "2026-05-08 23:59"),
            ("next Friday at 3", "2026-05-15 15:00"),
            ("next Friday", "2026-05-15 23:59"),
            ("last Friday", "2026-05-01 23:59"),
            ("this past Friday", "2026-05-01 23:59"),
            ("on Monday", "2026-05-11 23:59"),
            ("next Monday", "2026-05-11 23:59"),
            ("by Monday", "2026-05-11 23:59"),
            ("before Monday", "2026-05-10 23:59"),
            ("Monday next week", "2026-05-11 23:59"),
            ("in two weeks", "2026-05-22 23:59"),
            ("in 2 weeks at 10am", "2026-05-22 10:00"),
            ("in three days", "2026-05-11 23:59"),
            ("a week from now", "2026-05-15 23:59"),
            ("in a month", "2026-06-08 23:59"),
            ("in half an hour", "2026-05-08 10:30"),
            ("in an hour and a half", "2026-05-08 11:30"),
            ("in 20 minutes", "2026-05-08 10:20"),
            ("in about two hours", "2026-05-08 12:00"),
            ("tomorrow morning", "2026-05-09 09:00"),
            ("tomorrow afternoon", "2026-05-09 14:00"),
            ("tomorrow evening at 7", "2026-05-09 19:00"),
            ("tomorrow morning at 7", "2026-05-09 07:00"),
            ("tonight", "2026-05-08 20:00"),
            ("dinner tonight at 8", "2026-05-08 20:00"),
            ("this evening", "2026-05-08 18:00"),
            ("Saturday night", "2026-05-09 20:00"),
            ("at 3pm", "2026-05-08 15:00"),
            ("at 9 am", "2026-05-09 09:00"),
            ("at 15:30", "2026-05-08 15:30"),
            ("at noon", "2026-05-08 12:00"),
            ("3 o'clock on Tuesday", "2026-05-12 15:00"),
            ("half past four tomorrow", "2026-05-09 16:30"),
            ("a quarter to six", "2026-05-08 17:45"),
            ("at 7 p.m. on Saturday", "2026-05-09 19:00"),
            ("Dinner on Saturday at 7", "2026-05-09 19:00"),
            ("Thursday around 2:15", "2026-05-14 14:15"),
            ("on the 5th", "2026-06-05 23:59"),
            ("on the 15th at 10", "2026-05-15 10:00"),
            ("by the 31st", "2026-05-31 23:59"),
            ("May 8th", "2026-05-08 23:59"),
            ("May 7", "2027-05-07 23:59"),
            ("on 12 June", "2026-06-12 23:59"),
            ("June 12, 2027 at 4 pm", "2027-06-12 16:00"),
            ("the 12th of June", "2026-06-12 23:59"),
            ("Tuesday, June the 9th", "2026-06-09 23:59"),
            ("2026-07-01", "2026-07-01 23:59"),
            ("due on 7/4", "2026-07-04 23:59"),
            ("7/4/2026", "2026-07-04 23:59"),
            ("by the end of the month", "2026-05-31 23:59"),
            ("end of the week", "2026-05-08 23:59"),
            ("end of next week", "2026-05-15 23:59"),
            ("by the end of the year", "2026-12-31 23:59"),
            ("by end of day", "2026-05-08 23:59"),
            ("at the end of June", "2026-06-30 23:59"),
            ("this weekend", "2026-05-10 23:59"),
            ("next weekend", "2026-05-17 23:59"),
            ("next week", "2026-05-17 23:59"),
            ("next month", "2026-06-30 23:59"),
            ("in September", "2026-09-30 23:59"),
            ("on Christmas Eve", "2026-12-24 23:59"),
            ("within two days", "2026-05-10 23:59"),
            ("2026-13-45 or 99/99 or 31 February, else on Monday", "2026-05-11 23:59"),
        ],
    );
}

#[test]
fn plans_on_a_wednesday() {
    check(
        wednesday(),
        &[
            ("Friday", "2026-05-08 23:59"),
            ("this Friday", "2026-05-08 23:59"),
            ("this coming Friday", "2026-05-08 23:59"),
            ("next Friday", "2026-05-15 23:59"),
            ("last Friday", "2026-05-01 23:59"),
            ("Friday next week", "2026-05-15 23:59"),
            ("Monday", "2026-05-11 23:59"),
            ("Wednesday", "2026-05-06 23:59"),
            ("next Wednesday", "2026-05-13 23:59"),
            ("last Wednesday", "2026-04-29 23:59"),
            ("last weekend", "2026-05-03 23:59"),
        ],
    );
}

#[test]
fn texts_without_dates() {
    let texts = [
        "I may go",
        "They march for peace",
        "I bought 3 apples",
        "two of us",
        "It is second to none",
        "at 3 different shops",
        "10 may be too many",
        "the first time",
        "for three years",
        "A sunny day",
        "one day",
        "at last",
        "the week was long",
        "5/8 of the cake",
        "in the morning light of it all, nothing",
        "We are in this together",
        "day to day",
        "every day",
    ];
    let found: Vec<_> = texts
        .iter()
        .filter_map(|text| find_future_date(text, &friday(), Locale::default()).map(|found| (text, found.range)))
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn phrase_boundaries() {
    let cases = [
        ("Let's meet on Friday at 3, okay?", "on Friday at 3"),
        ("I need to call Tom tomorrow morning.", "tomorrow morning"),
        ("Send Ana the photos by Monday!", "by Monday"),
        ("It was great. In two weeks we fly.", "In two weeks"),
        ("Ich fliege um 3 pm ab", "3 pm"),
        ("Çay at 7pm tomorrow?", "at 7pm tomorrow"),
    ];
    for (text, phrase) in cases {
        assert_eq!(&text[find_future_date(text, &friday(), Locale::default()).unwrap().range], phrase);
    }
}

#[test]
fn questions_about_the_past() {
    let table = [
        ("What did I do yesterday evening?", "2026-05-05 17:00 - 2026-05-06 00:00"),
        ("yesterday", "2026-05-05 00:00 - 2026-05-06 00:00"),
        ("last night", "2026-05-05 18:00 - 2026-05-06 06:00"),
        ("Who did I meet last week?", "2026-04-27 00:00 - 2026-05-04 00:00"),
        ("this week", "2026-05-04 00:00 - 2026-05-11 00:00"),
        ("in May", "2026-05-01 00:00 - 2026-06-01 00:00"),
        ("in June", "2025-06-01 00:00 - 2025-07-01 00:00"),
        ("last May", "2025-05-01 00:00 - 2025-06-01 00:00"),
        ("on 8 May 2023", "2023-05-08 00:00 - 2023-05-09 00:00"),
        ("two days ago", "2026-05-04 00:00 - 2026-05-05 00:00"),
        ("two weeks ago", "2026-04-19 00:00 - 2026-04-26 00:00"),
        ("a month ago", "2026-04-01 00:00 - 2026-05-01 00:00"),
        ("a year ago", "2025-01-01 00:00 - 2026-01-01 00:00"),
        ("on Friday", "2026-05-01 00:00 - 2026-05-02 00:00"),
        ("last weekend", "2026-05-02 00:00 - 2026-05-04 00:00"),
        ("over the weekend", "2026-05-02 00:00 - 2026-05-04 00:00"),
        ("in the last three days", "2026-05-03 00:00 - 2026-05-07 00:00"),
        ("in 2024", "2024-01-01 00:00 - 2025-01-01 00:00"),
        ("in March 2024", "2024-03-01 00:00 - 2024-04-01 00:00"),
        ("last year", "2025-01-01 00:00 - 2026-01-01 00:00"),
        ("last summer", "2025-06-01 00:00 - 2025-09-01 00:00"),
        ("last winter", "2025-12-01 00:00 - 2026-03-01 00:00"),
        ("since Monday", "2026-05-04 00:00 - 2026-05-06 10:00"),
        ("before May 2026", "1970-01-01 01:00 - 2026-05-01 00:00"),
        ("after last Friday", "2026-05-02 00:00 - 2026-05-06 10:00"),
        ("between 3 March and 5 April 2026", "2026-03-03 00:00 - 2026-04-06 00:00"),
        ("from January to March", "2026-01-01 00:00 - 2026-04-01 00:00"),
        ("an hour ago", "2026-05-06 09:00 - 2026-05-06 10:00"),
        ("May 2nd", "2026-05-02 00:00 - 2026-05-03 00:00"),
        ("on the 20th", "2026-04-20 00:00 - 2026-04-21 00:00"),
        ("next week", "2026-05-11 00:00 - 2026-05-18 00:00"),
        ("yesterday at 3", "2026-05-05 15:00 - 2026-05-05 16:00"),
        ("this morning", "2026-05-06 05:00 - 2026-05-06 12:00"),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in table {
        let range = find_range(text, &wednesday(), Locale::default());
        let said =
            range.map_or_else(|| "none".into(), |range| format!("{} - {}", local(range.start), local(range.end)));
        if said != expected {
            wrong.push(format!("{text:?}: {said}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn clock_changes() {
    let now = New_York.with_ymd_and_hms(2026, 3, 6, 12, 0, 0).unwrap();
    let start = |text| find_future_date(text, &now, Locale::default()).unwrap().start.to_rfc3339();
    assert_eq!(start("on Sunday at 2:30 am"), "2026-03-08T07:30:00+00:00");
    assert_eq!(start("on Saturday at 9 am"), "2026-03-07T14:00:00+00:00");
    assert_eq!(start("on Monday at 9 am"), "2026-03-09T13:00:00+00:00");
    assert_eq!(start("on 1 November at 1:30 am"), "2026-11-01T05:30:00+00:00");
}

#[test]
fn absolute_phrases() {
    let absolute = |text| find_date(text, &friday(), Tense::Past, Locale::default()).unwrap().absolute_phrase();
    assert_eq!(absolute("last Friday"), "on 1 May 2026");
    assert_eq!(absolute("last week"), "in the week of 27 April 2026");
    assert_eq!(absolute("last month"), "in April 2026");
    assert_eq!(absolute("two years ago"), "in 2024");
    assert_eq!(absolute("two weeks ago"), "around 24 April 2026");
    assert_eq!(absolute("last weekend"), "on the weekend of 2 May 2026");
}

/// The outcome for a row of `phrases.tsv`, in its words.
fn outcome(now: &DateTime<Tz>, locale: Locale, phrase: &str) -> String {
    let local = |time: DateTime<Utc>| time.with_timezone(&now.timezone()).format("%Y-%m-%d %H:%M").to_string();
    if let Some(question) = phrase.strip_prefix('?') {
        let range = find_range(question, now, locale);
        return range
            .map_or_else(|| "none".to_owned(), |range| format!("{} - {}", local(range.start), local(range.end)));
    }
    match find_due_date(phrase, now, locale) {
        Some(found) => match &found.recurrence_rule {
            Some(rule) => format!("{} {rule}", local(found.due_at())),
            None => local(found.due_at()),
        },
        None => "none".to_owned(),
    }
}

#[test]
fn phrases_from_life() {
    let mut wrong = Vec::new();
    let rows = include_str!("phrases.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    for row in rows {
        let [moment, zone, language, phrase, expected] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {row}")
        };
        let zone: Tz = zone.parse().unwrap();
        let moment: NaiveDateTime = format!("{moment}:00").parse().unwrap();
        let now = zone.from_local_datetime(&moment).unwrap();
        let said = outcome(&now, Locale::new(Some(language)), phrase);
        if said != expected {
            wrong.push(format!("{language} {phrase:?}: {said}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn languages_are_detected() {
    let table = [
        ("What did I do yesterday?", "en"),
        ("Was habe ich gestern gemacht?", "de"),
        ("¿Qué hice ayer?", "es"),
        ("Qu'est-ce que j'ai fait hier ?", "fr"),
        ("O que fiz ontem?", "pt"),
        ("Cosa ho fatto ieri?", "it"),
        ("Wat heb ik gisteren gedaan?", "nl"),
        ("Who were the top 20 in the last 10 days?", "en"),
        ("Mit wem habe ich letzte Woche gesprochen?", "de"),
    ];
    for (text, code) in table {
        assert_eq!(Locale::detect(text, None).language, Locale::new(Some(code)).language, "{text}");
    }
    // What is not clear is in the user's language, and English of theirs in the order of theirs.
    assert_eq!(Locale::detect("21/8", Some("de")), Locale::new(Some("de")));
    assert_eq!(Locale::detect("Was that due on 5/8?", Some("en-GB")), Locale::new(Some("en-GB")));
    assert_eq!(Locale::detect("", None), Locale::default());
}

#[test]
fn long_and_strange_texts_take_no_time() {
    let texts = [
        "a Mar \n5 4\n4\n5 4".to_owned(),
        "MARCH THU FRI SAT SUN 19 20 21 22 TAKE THE DAY OFF ".repeat(2000),
        "a-".repeat(100_000),
        "easter ".repeat(50_000),
        "in 9999 years, in 9999 months, 9999 weeks ago, every 99 years, next 9999 days, 99/99/9999, 31.12.9999"
            .to_owned(),
        "9999-12-31 and a week after 9999-12-31 at 23:59 CET until the end of 2099".to_owned(),
        "🕐 at 🕑 on 🕒 день 明日の朝 tomorrow’s".repeat(1000),
        "every every every the the last of of ".repeat(5000),
        "d'".repeat(50_000),
        "vor vor vor de de de hace hace ".repeat(5000),
    ];
    for text in texts {
        for code in ["en", "de", "es", "fr", "pt", "it", "nl"] {
            let locale = Locale::new(Some(code));
            for found in find_all(&text, &friday(), Tense::Future, locale) {
                assert!(text.get(found.range).is_some());
            }
            find_range(&text, &friday(), locale);
            find_due_date(&text, &friday(), locale);
        }
        Locale::detect(&text, None);
    }
}
