//! Times of the day.

use chrono::NaiveTime;

use super::words::number;

/// The half of the day of an hour without am or pm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HalfOfDay {
    Morning,
    Evening,
    /// Not stated.
    Unknown,
}

/// A part of the day: its usual start, and the hours that it spans, which may extend past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PartOfDay {
    pub(super) hour: u32,
    pub(super) span: (u32, u32),
    pub(super) half: HalfOfDay,
}

/// The part of the day that a word names.
pub(super) fn part_of_day(word: &str) -> Option<PartOfDay> {
    let (hour, span, half) = match word {
        "morning" => (9, (5, 12), HalfOfDay::Morning),
        "lunchtime" => (12, (11, 14), HalfOfDay::Evening),
        "afternoon" => (14, (12, 18), HalfOfDay::Evening),
        "evening" => (18, (17, 24), HalfOfDay::Evening),
        "night" | "tonight" => (20, (18, 30), HalfOfDay::Evening),
        _ => return None,
    };
    Some(PartOfDay { hour, span, half })
}

/// The half of the day that the words of a sentence suggest.
pub(super) fn half_of<'a>(words: impl Iterator<Item = &'a str>) -> HalfOfDay {
    let mut half = HalfOfDay::Unknown;
    for word in words {
        match word {
            "breakfast" | "morning" | "mornings" => return HalfOfDay::Morning,
            "dinner" | "supper" | "evening" | "tonight" | "night" | "drinks" | "concert" | "movie" | "movies"
            | "party" => {
                half = HalfOfDay::Evening;
            }
            _ => {}
        }
    }
    half
}

/// The time at the beginning of `words`, and how many words it takes. `marked` is given after `at` or a day, where a
/// bare number is an hour.
pub(super) fn parse_time(words: &[&str], marked: Option<HalfOfDay>, half: HalfOfDay) -> Option<(NaiveTime, usize)> {
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    match word(0) {
        "noon" | "midday" => return Some((NaiveTime::from_hms_opt(12, 0, 0)?, 1)),
        "midnight" => return Some((NaiveTime::from_hms_opt(23, 59, 0)?, 1)),
        _ => {}
    }
    let shifted = match (word(0), word(1), word(2)) {
        ("half", "past", hour) => Some((hour, 30, 3)),
        ("a", "quarter", _) => return parse_time(&words[1..], marked, half).map(|(time, taken)| (time, taken + 1)),
        ("quarter", "past", hour) => Some((hour, 15, 3)),
        ("quarter", "to", hour) => Some((hour, -15, 3)),
        (minutes, "past", hour) => number(minutes).filter(|_| marked.is_some()).map(|by| (hour, by as i32, 3)),
        _ => None,
    };
    if let Some((hour, minutes, taken)) = shifted {
        let hour = number(hour).filter(|hour| (1..=12).contains(hour))?;
        let (hour, more) = meridiem(hour, word(taken), half);
        let minutes = (hour as i32 * 60 + minutes).rem_euclid(24 * 60) as u32;
        return Some((NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0)?, taken + more));
    }
    let (digits, suffix) = split_suffix(word(0));
    let (hour, minute, clear) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour.parse().ok()?, minute.parse().ok()?, true),
        Some(_) => return None,
        None => (number(digits)?, 0, false),
    };
    let twelve = |hour: u32| (1..=12).contains(&hour);
    let next = word(1).replace('.', "");
    if !suffix.is_empty() || next == "am" || next == "pm" {
        let (hour, _) = twelve(hour).then(|| meridiem(hour, if suffix.is_empty() { &next } else { suffix }, half))?;
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, 1 + usize::from(suffix.is_empty())));
    }
    if next == "o'clock" {
        let (hour, more) = twelve(hour).then(|| meridiem(hour, word(2), half))?;
        return Some((NaiveTime::from_hms_opt(hour, 0, 0)?, 2 + more));
    }
    if clear && digits.contains(':') {
        let hour = if digits.starts_with('0') || !twelve(hour) { hour } else { meridiem(hour, "", half).0 };
        return Some((NaiveTime::from_hms_opt(hour, minute, 0)?, 1));
    }
    let bare = marked.filter(|_| twelve(hour) && !clear && (next.is_empty() || AFTER_BARE_HOUR.contains(&&*next)))?;
    let half = if bare == HalfOfDay::Unknown { half } else { bare };
    Some((NaiveTime::from_hms_opt(meridiem(hour, "", half).0, 0, 0)?, 1))
}

/// Words that may follow a bare hour; before any other word, a number is a quantity: `at 3 different shops`.
const AFTER_BARE_HOUR: &[&str] = &[
    "on",
    "in",
    "at",
    "and",
    "or",
    "but",
    "so",
    "to",
    "for",
    "with",
    "if",
    "then",
    "sharp",
    "today",
    "tomorrow",
    "tonight",
    "next",
    "this",
    "because",
    "before",
    "after",
    "until",
    "till",
    "please",
    "okay",
    "ok",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "right",
    "instead",
    "when",
    "from",
    "by",
    "i",
    "we",
    "you",
    "he",
    "she",
    "they",
    "is",
    "works",
    "the",
    "as",
    "maybe",
];

/// Splits `3pm` into `3` and `pm`.
fn split_suffix(word: &str) -> (&str, &str) {
    for (ending, meaning) in [("am", "am"), ("pm", "pm"), ("a.m", "am"), ("p.m", "pm")] {
        if let Some(digits) = word.strip_suffix(ending)
            && digits.ends_with(|last: char| last.is_ascii_digit())
        {
            return (digits, meaning);
        }
    }
    (word, "")
}

/// The hour of the day, 0 to 23, for an `hour` on a 12-hour clock, and how many words it takes (1 if `word` is am or
/// pm).
fn meridiem(hour: u32, word: &str, half: HalfOfDay) -> (u32, usize) {
    match word.replace('.', "").as_str() {
        "am" => (hour % 12, 1),
        "pm" => (hour % 12 + 12, 1),
        _ => match half {
            HalfOfDay::Morning => (hour, 0),
            HalfOfDay::Evening if hour < 12 => (hour + 12, 0),
            HalfOfDay::Unknown if hour < 8 => (hour + 12, 0),
            _ => (hour, 0),
        },
    }
}
