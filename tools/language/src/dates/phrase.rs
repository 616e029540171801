//! Parses phrases: their boundaries, and the combination of a day with an hour.

use std::cell::RefCell;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    Grain, Locale, Tense,
    clock::{self, Clock, HalfOfDay, Hints, PartOfDay},
    days::weekday,
    holidays::FoundHoliday,
    words::Word,
    zones::{self, ZoneName},
};

/// A parsed phrase, in local time.
#[derive(Debug, Clone)]
pub(super) struct Phrase<'a> {
    /// The index of the word after it.
    pub(super) next: usize,
    /// The preposition that it begins with.
    pub(super) preposition: Option<&'a str>,
    pub(super) grain: Grain,
    /// The first day.
    pub(super) first: NaiveDate,
    /// The last day, inclusive.
    pub(super) last: NaiveDate,
    /// Its time of day, if any.
    pub(super) time: Option<Hour>,
    /// The time zone that it names.
    pub(super) zone: Option<Tz>,
    /// How it recurs, as an RRULE.
    pub(super) recurrence: Option<String>,
    /// The last day of the recurrence.
    pub(super) until: Option<NaiveDate>,
    /// Whether it contradicts itself or can be read in several ways: no date is better than a wrong one.
    pub(super) is_void: bool,
}

/// The time of day of a phrase.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hour {
    PartOfDay(PartOfDay),
    Time(NaiveTime),
    /// From one time to another: `between 2 and 4`.
    Between(NaiveDateTime, NaiveDateTime),
    /// Any time between two moments: `in the next 48 hours`.
    Within(NaiveDateTime, NaiveDateTime),
}

impl<'a> Phrase<'a> {
    /// All of some days.
    pub(super) fn days(next: usize, grain: Grain, first: NaiveDate, last: NaiveDate) -> Self {
        Self {
            next,
            preposition: None,
            grain,
            first,
            last,
            time: None,
            zone: None,
            recurrence: None,
            until: None,
            is_void: false,
        }
    }

    /// A single day.
    pub(super) fn day(next: usize, day: NaiveDate) -> Self {
        Self::days(next, Grain::Day, day, day)
    }

    /// A moment.
    pub(super) fn moment(next: usize, moment: NaiveDateTime) -> Self {
        let time = Some(Hour::Time(moment.time()));
        Self { grain: Grain::Moment, time, ..Self::day(next, moment.date()) }
    }

    /// A phrase that is no date, up to an index.
    pub(super) fn void(next: usize) -> Self {
        Self { is_void: true, ..Self::day(next, NaiveDate::MIN) }
    }

    /// Whether it is one day, to which an hour may be added.
    pub(super) fn is_day(&self) -> bool {
        matches!(self.grain, Grain::Day | Grain::PartOfDay) && !self.is_void
    }

    /// Its start and end. A moment lasts an hour, so that questions about it find what happened around it.
    pub(super) fn bounds(&self) -> (NaiveDateTime, NaiveDateTime) {
        let midnight = self.first.and_time(NaiveTime::MIN);
        match self.time {
            None => (midnight, self.last.and_time(NaiveTime::MIN) + Days::new(1)),
            Some(Hour::Time(time)) => (self.first.and_time(time), self.first.and_time(time) + TimeDelta::hours(1)),
            Some(Hour::Between(from, to) | Hour::Within(from, to)) => (from, to),
            Some(Hour::PartOfDay(part)) => {
                let (from, to) = part.span;
                (midnight + TimeDelta::hours(from.into()), midnight + TimeDelta::hours(to.into()))
            }
        }
    }

    /// The start of an event on that date; a part of the day has its usual start.
    pub(super) fn start(&self) -> NaiveDateTime {
        match self.time {
            Some(Hour::PartOfDay(part)) => self.first.and_time(NaiveTime::MIN) + TimeDelta::hours(part.hour.into()),
            _ => self.bounds().0,
        }
    }

    /// When a task for that date is due: at its hour, at the end of a span of hours, else at 23:59 of its last day, or of
    /// the day before the first: before Friday is Thursday at the latest.
    pub(super) fn due(&self) -> NaiveDateTime {
        match self.time {
            None if self.preposition == Some("before") => self.bounds().0 - TimeDelta::minutes(1),
            None => self.bounds().1 - TimeDelta::minutes(1),
            Some(Hour::Within(_, to)) => to,
            Some(_) => self.start(),
        }
    }

    /// The phrase on another day, with its time of day.
    pub(super) fn moved_to(self, next: usize, day: NaiveDate) -> Self {
        let by = day - self.first;
        let time = match self.time {
            Some(Hour::Between(from, to)) => Some(Hour::Between(from + by, to + by)),
            time => time,
        };
        Self { next, first: day, last: day, time, ..self }
    }
}

/// Parses the phrases among the words of a text, relative to a moment.
pub(super) struct Parser<'a> {
    pub(super) words: &'a [Word],
    pub(super) now: NaiveDateTime,
    pub(super) present: DateTime<Utc>,
    pub(super) tense: Tense,
    pub(super) locale: Locale,
    half: HalfOfDay,
    /// The holidays that were looked up, by the index of their first word.
    pub(super) holidays: RefCell<Vec<FoundHoliday>>,
}

/// Prepositions that belong to a phrase.
const PREPOSITIONS: &[&str] =
    &["on", "in", "at", "by", "before", "around", "about", "over", "during", "for", "within", "due"];

/// Prepositions that may follow another one: `in about an hour`, `due on Friday`.
const SECOND_PREPOSITIONS: &[&str] = &["about", "around", "on", "by", "in", "at", "before", "within"];

impl<'a> Parser<'a> {
    pub(super) fn new(
        words: &'a [Word],
        now: NaiveDateTime,
        present: DateTime<Utc>,
        tense: Tense,
        locale: Locale,
    ) -> Self {
        let half = clock::half_of(words.iter().map(|word| word.text.as_str()));
        Self { words, now, present, tense, locale, half, holidays: RefCell::default() }
    }

    /// The word at an index; empty beyond the end.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    /// The word before an index; empty at the beginning.
    pub(super) fn word_before(&self, at: usize) -> &'a str {
        at.checked_sub(1).map_or("", |before| self.word(before))
    }

    /// Whether nothing in the sentence follows the word before an index.
    pub(super) fn ends(&self, next: usize) -> bool {
        next >= self.words.len() || next > 0 && self.words[next - 1].last
    }

    /// Today.
    pub(super) fn today(&self) -> NaiveDate {
        self.now.date()
    }

    /// All phrases in order, each with the index of its first word.
    pub(super) fn all(&self) -> Vec<(usize, Phrase<'a>)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.words.len() && found.len() < MAX_PHRASES {
            match self.at(at) {
                Some(phrase) => {
                    let next = phrase.next.max(at + 1);
                    if !phrase.is_void {
                        found.push((at, phrase));
                    }
                    at = next;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The longest phrase that begins at an index.
    pub(super) fn at(&self, at: usize) -> Option<Phrase<'a>> {
        let preposition = PREPOSITIONS.iter().find(|preposition| **preposition == self.word(at)).copied();
        let plain = self.body(at, None);
        let led = preposition.and_then(|preposition| {
            Some(Phrase { preposition: Some(preposition), ..self.body(at + 1, Some(preposition))? })
        });
        let second = SECOND_PREPOSITIONS.iter().find(|second| preposition.is_some() && **second == self.word(at + 1));
        let twice = second.and_then(|second| {
            let first = preposition.filter(|first| *first != "due").unwrap_or(second);
            let inner =
                if preposition == Some("due") || *second != "about" && *second != "around" { second } else { first };
            Some(Phrase { preposition: Some(inner), ..self.body(at + 2, Some(inner))? })
        });
        [plain, led, twice].into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A phrase without its preposition: a day with or without an hour, or an hour with or without a day.
    fn body(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let day = self.day_or_span(at, preposition).map(|day| self.with_hour(day));
        let forms = [day, self.hour_first(at, preposition), self.recurring(at, preposition)];
        forms.into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A day or a longer span, without an hour.
    fn day_or_span(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        [self.day(at, preposition), self.span(at, preposition), self.relative(at, preposition)]
            .into_iter()
            .flatten()
            .max_by_key(|phrase| phrase.next)
    }

    /// Adds the hour that follows a day: `tomorrow morning at 9`, `Friday at 3`, `on 8 May around noon`.
    pub(super) fn with_hour(&self, mut day: Phrase<'a>) -> Phrase<'a> {
        if !day.is_day() || self.ends(day.next) {
            return day;
        }
        let part = match (self.word(day.next), self.word(day.next + 1), self.word(day.next + 2)) {
            ("in" | "during", "the", name) => clock::part_of_day(name).map(|part| (part, 3)),
            ("at", "night", _) => clock::part_of_day("night").map(|part| (part, 2)),
            ("at", "lunch" | "lunchtime", _) => clock::part_of_day("lunchtime").map(|part| (part, 2)),
            (name, ..) => clock::part_of_day(name).map(|part| (part, 1)),
        };
        if let Some((part, taken)) = part.filter(|_| day.grain == Grain::Day) {
            day = Phrase { next: day.next + taken, grain: Grain::PartOfDay, time: Some(Hour::PartOfDay(part)), ..day };
        }
        day = self.with_date(day);
        if self.ends(day.next) {
            return day;
        }
        let half = match day.time {
            Some(Hour::PartOfDay(part)) => part.half,
            _ => HalfOfDay::Unknown,
        };
        if let Some((from, to, next)) = self.clock_range(day.next, half) {
            return between(day, from, to, next);
        }
        let mut at = day.next;
        let marked = matches!(self.word(at), "at" | "around" | "about" | "by");
        at += usize::from(marked);
        if matches!(self.word(at), "around" | "about") {
            at += 1;
        }
        match self.clock(at, (marked || at > day.next).then_some(half)) {
            Some(clock) => {
                let time = clock.clock.time;
                let zoned = Phrase { next: at + clock.clock.taken, zone: clock.zone, is_void: clock.is_void, ..day };
                // After midnight, but the same night: `Saturday night at 1`.
                Phrase { grain: Grain::Moment, time: Some(Hour::Time(time)), ..zoned }
            }
            None => day,
        }
    }

    /// Adds the date that follows a weekday: `on Sunday night, 7th June`, `Friday the 15th`.
    fn with_date(&self, day: Phrase<'a>) -> Phrase<'a> {
        let of_part = usize::from(day.grain == Grain::PartOfDay);
        let named = (day.next.saturating_sub(1 + of_part)..day.next).any(|at| weekday(self.word(at)).is_some());
        if !named || day.recurrence.is_some() {
            return day;
        }
        let date = self.month_day(day.next).or_else(|| self.numeric_date(day.next)).or_else(|| {
            let of_month = self.day_of_month(day.next, Some("on"))?;
            (of_month.first.weekday() == day.first.weekday()).then_some(of_month)
        });
        let Some(date) = date else { return day };
        if date.first.weekday() == day.first.weekday() {
            day.moved_to(date.next, date.first)
        } else {
            Phrase::void(date.next)
        }
    }

    /// An hour with the day that follows it; else today, or the nearest day in the given tense.
    fn hour_first(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
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
    fn following_day(&self, next: usize) -> Option<Phrase<'a>> {
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
    fn clock(&self, at: usize, marked: Option<HalfOfDay>) -> Option<ZonedClock> {
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
    fn clock_range(&self, at: usize, half: HalfOfDay) -> Option<(NaiveTime, NaiveTime, usize)> {
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

/// The most phrases in a text.
const MAX_PHRASES: usize = 32;

/// A time of day with its zone.
struct ZonedClock {
    clock: Clock,
    zone: Option<Tz>,
    is_void: bool,
}

/// Some hours of a day.
fn between(day: Phrase<'_>, from: NaiveTime, to: NaiveTime, next: usize) -> Phrase<'_> {
    let start = day.first.and_time(from);
    let end = if to > from { day.first.and_time(to) } else { day.first.and_time(to) + Days::new(1) };
    Phrase { next, grain: Grain::Moment, time: Some(Hour::Between(start, end)), ..day }
}
