//! Hours with or without a day: `at 3 on Friday`, `between 2 and 4`, `9 Pacific`.

use chrono::{Days, NaiveTime, TimeDelta};
use chrono_tz::Tz;

use super::{
    Grain, Tense,
    clock::{self, Clock, HalfOfDay, Hints},
    phrase::{Hour, Parser, Phrase},
    zones::{self, ZoneName},
};

impl<'a> Parser<'a> {
    /// An hour with the day that follows it; else today, or the nearest day in the given tense.
    pub(super) fn hour_first(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        if let Some((from, to, next)) = self.clock_range(at, HalfOfDay::Unknown) {
            let day = self.following_day(next).unwrap_or_else(|| self.nearest(next, from));
            return Some(between(day.clone(), from, to, day.next));
        }
        let marked = matches!(preposition, Some("at" | "by" | "around" | "about" | "before"));
        let found = self.clock(at, marked.then_some(HalfOfDay::Unknown))?;
        let next = at + found.clock.taken;
        if found.is_void {
            return Some(Phrase::void(self.following_day(next).map_or(next, |day| day.next)));
        }
        let time = found.clock.time;
        if let Some(day) = self.following_day(next) {
            // `At 7 tomorrow evening`, `at 4 on Friday night`.
            let time = match day.time {
                Some(Hour::PartOfDay(part)) => self.clock(at, Some(part.half)).map_or(time, |clock| clock.clock.time),
                _ => time,
            };
            return Some(Phrase { grain: Grain::Moment, time: Some(Hour::Time(time)), zone: found.zone, ..day });
        }
        let part = match (self.word(next), self.word(next + 1), self.word(next + 2)) {
            ("in", "the", name) => clock::part_of_day(name).map(|part| (part, 3)),
            ("at", "night", _) => clock::part_of_day("night").map(|part| (part, 2)),
            _ => None,
        };
        let (time, taken) = match part {
            Some((part, taken)) => (self.clock(at, Some(part.half))?.clock.time, taken),
            None => (time, 0),
        };
        Some(match found.zone {
            Some(zone) => self.nearest_in_zone(next + taken, time, zone),
            None => self.nearest(next + taken, time),
        })
    }

    /// The day that follows an hour: `at 3 on Friday`, `at 9 tomorrow evening`, `at nine every Tuesday`.
    pub(super) fn following_day(&self, next: usize) -> Option<Phrase<'a>> {
        if self.ends(next) {
            return None;
        }
        let on = usize::from(self.word(next) == "on");
        let part = match (self.word(next), self.word(next + 1), self.word(next + 2)) {
            ("in", "the", name) if clock::part_of_day(name).is_some() => 3,
            _ => 0,
        };
        let at = next + on + part;
        let preposition = (on > 0).then_some("on");
        let recurring = self.recurring(at, preposition);
        let day = self.day(at, preposition).map(|day| {
            let more = clock::part_of_day(self.word(day.next)).filter(|_| !self.ends(day.next));
            let day = match more {
                Some(part) if day.grain == Grain::Day => {
                    Phrase { next: day.next + 1, time: Some(Hour::PartOfDay(part)), grain: Grain::PartOfDay, ..day }
                }
                _ => day,
            };
            self.with_date(day)
        });
        let found = [recurring, day].into_iter().flatten().max_by_key(|phrase| phrase.next)?;
        (found.is_day() || found.is_void).then_some(found)
    }

    /// A time of day on the nearest day in the given tense.
    fn nearest(&self, next: usize, time: NaiveTime) -> Phrase<'a> {
        let today = self.today();
        let day = match self.tense {
            Tense::Future if time < self.now.time() => today + Days::new(1),
            Tense::Past if time > self.now.time() => today - Days::new(1),
            _ => today,
        };
        Phrase::moment(next, day.and_time(time))
    }

    fn nearest_in_zone(&self, next: usize, time: NaiveTime, zone: Tz) -> Phrase<'a> {
        let there = self.present.with_timezone(&zone).naive_local();
        let day = match self.tense {
            Tense::Future if time < there.time() => there.date() + Days::new(1),
            Tense::Past if time > there.time() => there.date() - Days::new(1),
            _ => there.date(),
        };
        Phrase { zone: Some(zone), ..Phrase::moment(next, day.and_time(time)) }
    }

    /// The time of day at an index, within its sentence, with the time zone that follows it.
    pub(super) fn clock(&self, at: usize, marked: Option<HalfOfDay>) -> Option<ZonedClock> {
        let words = self.sentence_words(at)?;
        let hints = self.hints(marked);
        let zone_at =
            |at: usize| zones::parse_zone(words.get(at..).unwrap_or_default(), |next| clock::ends_hour(next, hints));
        // A bare hour may end before the name of a zone: `at 9 Pacific`.
        let bare = zone_at(1).and_then(|_| clock::parse_time(&words[..1], hints));
        let clock = bare.or_else(|| clock::parse_time(&words, hints))?;
        let Some((zone, taken)) = zone_at(clock.taken) else {
            return Some(ZonedClock { clock, zone: None, is_void: false });
        };
        let clock = Clock { taken: clock.taken + taken, ..clock };
        Some(match zone {
            ZoneName::Known(zone) => ZonedClock { clock, zone: Some(zone), is_void: false },
            ZoneName::Ambiguous => ZonedClock { clock, zone: None, is_void: true },
        })
    }

    fn hints(&self, marked: Option<HalfOfDay>) -> Hints {
        Hints { marked, half: self.half, is_24_hour: !self.locale.is_english() }
    }

    /// The next few words from an index, up to the end of the sentence.
    fn sentence_words(&self, at: usize) -> Option<Vec<&'a str>> {
        let rest = self.words.get(at..)?;
        let rest = &rest[..rest.len().min(8)];
        let end = rest.iter().position(|word| word.last).map_or(rest.len(), |last| last + 1);
        Some(rest[..end].iter().map(|word| word.text.as_str()).collect())
    }

    /// `Between 2 and 4`, `from 9 to 10:30`, `2 to 4pm`: two times, and the index after them.
    pub(super) fn clock_range(&self, at: usize, half: HalfOfDay) -> Option<(NaiveTime, NaiveTime, usize)> {
        let joint = match self.word(at) {
            "between" => Some(&["and", "to", "-"][..]),
            "from" => Some(&["to", "until", "till", "-", "and"][..]),
            _ => None,
        };
        let words = self.sentence_words(at)?;
        let from = usize::from(joint.is_some());
        let joints = joint.unwrap_or(&["to", "-"]);
        let middle = (from + 1..words.len()).find(|place| joints.contains(&words[*place]))?;
        let hints = self.hints(Some(half));
        // Times such as `ten to four` hold a `to` themselves.
        let second = clock::parse_time(&words[middle + 1..], hints)?;
        let end = words.get(middle + second.taken).copied().unwrap_or("");
        let is_exact = |word: &str| word.ends_with(|last: char| last.is_alphabetic()) || word.contains(':');
        if joint.is_none()
            && !(is_exact(end) && end.starts_with(|first: char| first.is_ascii_digit())
                || matches!(end, "am" | "pm" | "a.m" | "p.m"))
        {
            return None;
        }
        // `2 to 4pm`: the first has the half of the second, unless that is later: `11 to 2pm`.
        let first = clock::parse_time(&words[from..middle], hints).filter(|clock| clock.taken == middle - from)?;
        let (mut start, mut end) = (first.time, second.time);
        let other = |time: NaiveTime| time.overflowing_add_signed(TimeDelta::hours(12)).0;
        if first.is_guess && !second.is_guess && half == HalfOfDay::Unknown {
            let mut choices = [start, other(start)];
            choices.sort_unstable();
            start = choices.into_iter().rev().find(|start| *start < end).unwrap_or(start);
        } else if second.is_guess && end <= start && other(end) > start {
            end = other(end);
        }
        (start != end).then_some((start, end, at + middle + 1 + second.taken))
    }
}

/// A time of day with its zone.
pub(super) struct ZonedClock {
    pub(super) clock: Clock,
    pub(super) zone: Option<Tz>,
    pub(super) is_void: bool,
}

/// Some hours of a day.
pub(super) fn between(day: Phrase<'_>, from: NaiveTime, to: NaiveTime, next: usize) -> Phrase<'_> {
    let start = day.first.and_time(from);
    let end = if to > from { day.first.and_time(to) } else { day.first.and_time(to) + Days::new(1) };
    Phrase { next, grain: Grain::Moment, time: Some(Hour::Between(start, end)), ..day }
}
