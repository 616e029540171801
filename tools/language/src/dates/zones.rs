//! Named time zones: `3pm CET`, `9 Pacific`, `noon London time`.
//!
//! A name stands for the clock of its region on that day: `3pm CET` in May is 15:00 in Paris, as is meant in speech.

use chrono_tz::Tz;

/// What some words say about the time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ZoneName {
    Known(Tz),
    /// A zone that cannot be told, such as `IST` or `your time`.
    Ambiguous,
}

/// Abbreviations and names that stand for a zone by themselves.
const NAMES: &[(&[&str], Tz)] = &[
    (&["utc", "gmt", "zulu"], Tz::UTC),
    (&["bst"], Tz::Europe__London),
    (&["wet", "west"], Tz::Europe__Lisbon),
    (&["cet", "cest", "mez", "mesz"], Tz::Europe__Paris),
    (&["eet", "eest"], Tz::Europe__Athens),
    (&["msk"], Tz::Europe__Moscow),
    (&["est", "edt", "et", "eastern"], Tz::America__New_York),
    (&["cdt", "ct", "central"], Tz::America__Chicago),
    (&["mst", "mdt", "mt", "mountain"], Tz::America__Denver),
    (&["pst", "pdt", "pt", "pacific"], Tz::America__Los_Angeles),
    (&["akst", "akdt"], Tz::America__Anchorage),
    (&["hst"], Tz::Pacific__Honolulu),
    (&["brt"], Tz::America__Sao_Paulo),
    (&["jst"], Tz::Asia__Tokyo),
    (&["kst"], Tz::Asia__Seoul),
    (&["hkt"], Tz::Asia__Hong_Kong),
    (&["sgt"], Tz::Asia__Singapore),
    (&["aest", "aedt"], Tz::Australia__Sydney),
    (&["acst", "acdt"], Tz::Australia__Adelaide),
    (&["awst"], Tz::Australia__Perth),
    (&["nzst", "nzdt"], Tz::Pacific__Auckland),
];

/// Places that name a zone before `time`.
const PLACES: &[(&[&str], Tz)] = &[
    (&["uk", "british", "london"], Tz::Europe__London),
    (&["paris", "french"], Tz::Europe__Paris),
    (&["berlin", "german"], Tz::Europe__Berlin),
    (&["oslo", "norwegian"], Tz::Europe__Oslo),
    (&["madrid", "spanish"], Tz::Europe__Madrid),
    (&["rome", "italian"], Tz::Europe__Rome),
    (&["lisbon"], Tz::Europe__Lisbon),
    (&["amsterdam", "dutch"], Tz::Europe__Amsterdam),
    (&["york", "boston"], Tz::America__New_York),
    (&["chicago"], Tz::America__Chicago),
    (&["denver"], Tz::America__Denver),
    (&["california", "seattle", "francisco", "angeles"], Tz::America__Los_Angeles),
    (&["tokyo", "japan"], Tz::Asia__Tokyo),
    (&["singapore"], Tz::Asia__Singapore),
    (&["india", "indian", "mumbai", "delhi"], Tz::Asia__Kolkata),
    (&["sydney"], Tz::Australia__Sydney),
];

/// Names that are also ordinary words, so that nothing but a word that goes on from an hour may follow.
const WORDS: &[&str] = &["eastern", "central", "mountain", "pacific", "west", "wet", "et", "pt", "mt", "ct", "est"];

/// The zone at the beginning of `words`, and how many words it takes. `goes_on` tells whether a word may follow an hour.
pub(super) fn parse_zone(words: &[&str], goes_on: impl Fn(&str) -> bool) -> Option<(ZoneName, usize)> {
    let word = |at: usize| words.get(at).copied().unwrap_or("");
    let find = |table: &[(&[&str], Tz)], name: &str| {
        table.iter().find(|(names, _)| names.contains(&name)).map(|(_, zone)| *zone)
    };
    let timed = |zone, at: usize| match (word(at), word(at + 1)) {
        ("standard" | "daylight", "time") => (zone, at + 2),
        ("time", _) => (zone, at + 1),
        _ => (zone, at),
    };
    match (word(0), word(1), word(2)) {
        ("ist" | "cst" | "ast" | "sst", ..) => return Some((ZoneName::Ambiguous, 1)),
        ("your" | "their" | "his" | "her", "time", _) => return Some((ZoneName::Ambiguous, 2)),
        ("new", "york", "time") | ("san", "francisco", "time") | ("los", "angeles", "time") => {
            return Some((ZoneName::Known(find(PLACES, word(1))?), 3));
        }
        (place, "time", _) if find(PLACES, place).is_some() => {
            return Some((ZoneName::Known(find(PLACES, place)?), 2));
        }
        _ => {}
    }
    let (zone, taken) = timed(find(NAMES, word(0))?, 1);
    let is_clear = taken > 1 || !WORDS.contains(&word(0)) || goes_on(word(1));
    is_clear.then_some((ZoneName::Known(zone), taken))
}
