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

/// A time of the day in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    pub(super) time: NaiveTime,
    /// How many words it takes.
    pub(super) taken: usize,
    /// Whether the half of the day is a guess.
    pub(super) is_guess: bool,
}

/// How a time is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hints {
    /// Given after `at` or a day, where a bare number is an hour: the half of the day that the phrase names.
    pub(super) marked: Option<HalfOfDay>,
    /// The half of the day that the sentence suggests.
    pub(super) half: HalfOfDay,
    /// Whether the day has 24 hours in this language: `at 16`, `15:30`.
    pub(super) is_24_hour: bool,
}

/// The time at the beginning of `words`.
pub(super) fn parse_time(words: &[&str], hints: Hints) -> Option<Clock> {
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let fixed =
        |hour, minute| Some(Clock { time: NaiveTime::from_hms_opt(hour, minute, 0)?, taken: 1, is_guess: false });
    match word(0) {
        "noon" | "midday" => return fixed(12, 0),
        "midnight" => return fixed(23, 59),
        "exactly" | "roughly" | "approximately" => {
            return parse_time(&words[1..], hints).map(|clock| Clock { taken: clock.taken + 1, ..clock });
        }
        _ => {}
    }
    parse_spoken(words, hints).or_else(|| parse_digits(words, hints))
}

/// `Half past four`, `half four`, `ten to four`, `a quarter past nine`, `four and a half` of other languages.
fn parse_spoken(words: &[&str], hints: Hints) -> Option<Clock> {
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let marked = hints.marked.is_some();
    let hour = |at: usize| number(word(at)).filter(|hour| (1..=12).contains(hour) || *hour < 24 && hints.is_24_hour);
    let minutes = |at: usize| match word(at) {
        "quarter" => Some(15),
        _ => number(word(at)).filter(|by| *by < 30 && *by > 0).map(|by| by as i32),
    };
    let from = usize::from(word(0) == "a" && word(1) == "quarter");
    let unit = usize::from(matches!(word(from + 1), "minute" | "minutes"));
    let at = from + 1 + unit;
    let round = |by: i32| by % 5 == 0 || unit > 0;
    let (shift, place) = match (word(from), word(at)) {
        ("half", "past") => (30, at + 1),
        ("quarter", "past" | "after") if hour(at + 1).is_some() => (15, at + 1),
        ("quarter", "to") => (-15, at + 1),
        // In Britain, and always after a preposition: `half four`.
        ("half", _) if marked || ends_hour(word(2), hints) => (30, 1),
        ("halfto", _) => (-30, 1),
        (_, direction @ ("past" | "to")) if word(at + 1) == "halfto" => {
            let by = minutes(from).filter(|by| round(*by))?;
            (if direction == "past" { by - 30 } else { -by - 30 }, at + 2)
        }
        (_, "past") if marked => (minutes(from).filter(|by| round(*by))?, at + 1),
        (_, "to") if marked && hour(at + 1).is_some_and(|hour| hour <= 12) => {
            (-minutes(from).filter(|by| round(*by))?, at + 1)
        }
        _ => {
            // `At 4 & half`, `at 4 & quarter`, `at 4 less quarter`: how the words of other languages are passed on.
            let sum = match (word(1), word(2)) {
                ("&", "half") => 30,
                ("&", _) => minutes(2)?,
                ("less", _) => -minutes(2)?,
                _ => return None,
            };
            let clock = shifted(hour(0)?, sum, word(3), hints)?;
            return Some(Clock { taken: 3 + clock.taken, ..clock });
        }
    };
    let clock = shifted(hour(place)?, shift, word(place + 1), hints)?;
    Some(Clock { taken: place + 1 + clock.taken, ..clock })
}

/// An hour and some minutes before or after it; `taken` counts the word of its half of the day.
fn shifted(hour: u32, minutes: i32, next: &str, hints: Hints) -> Option<Clock> {
    let (hour, taken, is_guess) = meridiem(hour, next, hints);
    let minutes = (hour as i32 * 60 + minutes).rem_euclid(24 * 60) as u32;
    Some(Clock { time: NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0)?, taken, is_guess })
}

/// `3pm`, `3:30`, `15 o'clock`; after `at` or a day also `3`.
fn parse_digits(words: &[&str], hints: Hints) -> Option<Clock> {
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let (digits, suffix) = split_suffix(word(0));
    let next = word(1).replace('.', "");
    let (hour, minute, clear) = match digits.split_once([':', '.']) {
        Some((hour, minute)) if minute.len() == 2 => (hour.parse().ok()?, minute.parse().ok()?, true),
        Some(_) => return None,
        None => (number(digits)?, 0, false),
    };
    let twelve = (1..=12).contains(&hour);
    let clock = |(hour, taken, is_guess): (u32, usize, bool)| {
        Some(Clock { time: NaiveTime::from_hms_opt(hour, minute, 0)?, taken: 1 + taken, is_guess })
    };
    if !suffix.is_empty() || next == "am" || next == "pm" {
        let (hour, taken, _) = twelve.then(|| meridiem(hour, if suffix.is_empty() { &next } else { suffix }, hints))?;
        return clock((hour, if suffix.is_empty() { taken } else { 0 }, false));
    }
    let half = hints.marked.filter(|half| *half != HalfOfDay::Unknown).unwrap_or(hints.half);
    let hints = Hints { half, ..hints };
    // `Hours` is the word for `o'clock` in other languages.
    if next == "o'clock" || hints.is_24_hour && matches!(&*next, "hour" | "hours") && hints.marked.is_some() {
        let (hour, taken, is_guess) = if twelve && !clear { meridiem(hour, word(2), hints) } else { (hour, 0, false) };
        return (hour < 24).then(|| clock((hour, taken + 1, is_guess)))?;
    }
    if clear && (digits.contains(':') || hints.marked.is_some() && ends_hour(&next, hints)) {
        let is_exact = digits.starts_with('0') || !twelve || hints.is_24_hour;
        let (hour, _, is_guess) = if is_exact { (hour, 0, false) } else { meridiem(hour, "", hints) };
        return clock((hour, 0, is_guess));
    }
    let is_hour = if hints.is_24_hour { hour < 24 && !digits.starts_with('0') } else { twelve };
    hints.marked.filter(|_| is_hour && !clear && ends_hour(&next, hints))?;
    if !twelve {
        return clock((hour, 0, false));
    }
    let (hour, _, is_guess) = meridiem(hour, "", hints);
    clock((hour, 0, is_guess))
}

/// Words that may follow a bare hour; before any other word, a number is a quantity: `at 3 different shops`.
const AFTER_BARE_HOUR: &str = " on in at and or but so to for with if then sharp today tomorrow tonight next this because \
    before after until till please okay ok monday tuesday wednesday thursday friday saturday sunday right instead when \
    from by i we you he she they is works the as maybe every each about - latest though let's that it can could his \
    her your their my ";

/// Whether a bare hour may end before this word.
pub(super) fn ends_hour(next: &str, hints: Hints) -> bool {
    // Words that were not translated are opaque.
    next.is_empty()
        || hints.is_24_hour && next == super::lexicon::OPAQUE
        || part_of_day(next).is_some()
        || AFTER_BARE_HOUR.split_ascii_whitespace().any(|word| word == next)
}

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

/// The hour of the day, 0 to 23, for an `hour` on a 12-hour clock, how many words it takes (1 if `word` is am or pm),
/// and whether it is a guess.
fn meridiem(hour: u32, word: &str, hints: Hints) -> (u32, usize, bool) {
    if hour > 12 {
        return (hour, 0, false);
    }
    let half = hints.marked.filter(|half| *half != HalfOfDay::Unknown).unwrap_or(hints.half);
    match word.replace('.', "").as_str() {
        "am" => (hour % 12, 1, false),
        "pm" => (hour % 12 + 12, 1, false),
        _ => match half {
            HalfOfDay::Morning => (hour, 0, false),
            HalfOfDay::Evening if hour < 12 => (hour + 12, 0, false),
            HalfOfDay::Unknown if hour < 8 => (hour + 12, 0, true),
            _ => (hour, 0, true),
        },
    }
}
