//! Parses phrases: their boundaries, and the combination of a day with an hour.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{
    Grain, Tense,
    clock::{self, HalfOfDay, PartOfDay},
    words::Word,
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
}

/// The time of day of a phrase.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hour {
    PartOfDay(PartOfDay),
    Time(NaiveTime),
}

impl<'a> Phrase<'a> {
    /// All of some days.
    pub(super) fn days(next: usize, grain: Grain, first: NaiveDate, last: NaiveDate) -> Self {
        Self { next, preposition: None, grain, first, last, time: None }
    }

    /// A single day.
    pub(super) fn day(next: usize, day: NaiveDate) -> Self {
        Self::days(next, Grain::Day, day, day)
    }

    /// A moment.
    pub(super) fn moment(next: usize, moment: NaiveDateTime) -> Self {
        let time = Some(Hour::Time(moment.time()));
        Self { next, preposition: None, grain: Grain::Moment, first: moment.date(), last: moment.date(), time }
    }

    /// Its start and end. A moment lasts an hour, so that questions about it find what happened around it.
    pub(super) fn bounds(&self) -> (NaiveDateTime, NaiveDateTime) {
        let midnight = self.first.and_time(NaiveTime::MIN);
        match self.time {
            None => (midnight, self.last.and_time(NaiveTime::MIN) + Days::new(1)),
            Some(Hour::Time(time)) => (self.first.and_time(time), self.first.and_time(time) + TimeDelta::hours(1)),
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
}

/// Parses the phrases among the words of a text, relative to a moment.
pub(super) struct Parser<'a> {
    pub(super) words: &'a [Word],
    pub(super) now: NaiveDateTime,
    pub(super) tense: Tense,
    half: HalfOfDay,
}

/// Prepositions that belong to a phrase.
const PREPOSITIONS: &[&str] = &["on", "in", "at", "by", "before", "around", "about", "over", "during", "for", "within"];

impl<'a> Parser<'a> {
    pub(super) fn new(words: &'a [Word], now: NaiveDateTime, tense: Tense) -> Self {
        Self { words, now, tense, half: clock::half_of(words.iter().map(|word| word.text.as_str())) }
    }

    /// The word at an index; empty beyond the end.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    /// Today.
    pub(super) fn today(&self) -> NaiveDate {
        self.now.date()
    }

    /// The first phrase, and the index of its first word.
    pub(super) fn first(&self) -> Option<(usize, Phrase<'a>)> {
        (0..self.words.len()).find_map(|at| Some((at, self.at(at)?)))
    }

    /// The longest phrase that begins at an index.
    pub(super) fn at(&self, at: usize) -> Option<Phrase<'a>> {
        let preposition = PREPOSITIONS.iter().find(|preposition| **preposition == self.word(at)).copied();
        let plain = self.body(at, None);
        let led = preposition.and_then(|preposition| {
            let phrase = self.body(at + 1, Some(preposition))?;
            // `In about an hour`, `by around noon`.
            Some(Phrase { preposition: Some(preposition), ..phrase })
        });
        let second = preposition.filter(|_| matches!(self.word(at + 1), "about" | "around"));
        let twice = second.and_then(|preposition| {
            Some(Phrase { preposition: Some(preposition), ..self.body(at + 2, Some(preposition))? })
        });
        [plain, led, twice].into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A phrase without its preposition: a day with or without an hour, or an hour with or without a day.
    fn body(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let day = self.day_or_span(at, preposition).map(|day| self.with_hour(day));
        let hour = self.hour_first(at, preposition);
        [day, hour].into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A day or a longer span, without an hour.
    fn day_or_span(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        [self.day(at, preposition), self.span(at, preposition), self.relative(at, preposition)]
            .into_iter()
            .flatten()
            .max_by_key(|phrase| phrase.next)
    }

    /// Adds the hour that follows a day: `tomorrow morning at 9`, `Friday at 3`, `on 8 May around noon`.
    fn with_hour(&self, mut day: Phrase<'a>) -> Phrase<'a> {
        if !matches!(day.grain, Grain::Day | Grain::PartOfDay) || self.words[day.next - 1].last {
            return day;
        }
        let part = match (self.word(day.next), self.word(day.next + 1), self.word(day.next + 2)) {
            ("in" | "during", "the", name) => clock::part_of_day(name).map(|part| (part, 3)),
            ("at", "night", _) => clock::part_of_day("night").map(|part| (part, 2)),
            (name, ..) => clock::part_of_day(name).map(|part| (part, 1)),
        };
        if let Some((part, taken)) = part.filter(|_| day.grain == Grain::Day) {
            day = Phrase { next: day.next + taken, grain: Grain::PartOfDay, time: Some(Hour::PartOfDay(part)), ..day };
        }
        let half = match day.time {
            Some(Hour::PartOfDay(part)) => part.half,
            _ => HalfOfDay::Unknown,
        };
        let mut at = day.next;
        let marked = matches!(self.word(at), "at" | "around" | "about" | "by");
        at += usize::from(marked);
        if matches!(self.word(at), "around" | "about") {
            at += 1;
        }
        match self.clock(at, (marked || at > day.next).then_some(half)) {
            Some((time, taken)) => {
                Phrase { next: at + taken, grain: Grain::Moment, time: Some(Hour::Time(time)), ..day }
            }
            None => day,
        }
    }

    /// An hour with the day that follows it; else today, or the nearest day in the given tense.
    fn hour_first(&self, at: usize, preposition: Option<&str>) -> Option<Phrase<'a>> {
        let marked = matches!(preposition, Some("at" | "by" | "around" | "about" | "before"));
        let (time, taken) = self.clock(at, marked.then_some(HalfOfDay::Unknown))?;
        let next = at + taken;
        let skip = usize::from(matches!(self.word(next), "on"));
        let part = match (self.word(next), self.word(next + 1), self.word(next + 2)) {
            ("in", "the", name) if clock::part_of_day(name).is_some() => 3,
            _ => 0,
        };
        let day = self.day(next + skip + part, (skip > 0).then_some("on")).filter(|_| !self.words[next - 1].last);
        if let Some(day) = day.filter(|day| matches!(day.grain, Grain::Day | Grain::PartOfDay)) {
            return Some(Phrase { grain: Grain::Moment, time: Some(Hour::Time(time)), ..self.part_after(day) });
        }
        let today = self.today();
        let day = match self.tense {
            Tense::Future if time < self.now.time() => today + Days::new(1),
            Tense::Past if time > self.now.time() => today - Days::new(1),
            _ => today,
        };
        Some(Phrase::moment(next + part, day.and_time(time)))
    }

    /// Extends a phrase by the part of the day after it: `at 7 tomorrow evening`.
    fn part_after(&self, day: Phrase<'a>) -> Phrase<'a> {
        let more = usize::from(clock::part_of_day(self.word(day.next)).is_some());
        Phrase { next: day.next + more, ..day }
    }

    /// The time of day at an index, within its sentence.
    fn clock(&self, at: usize, marked: Option<HalfOfDay>) -> Option<(NaiveTime, usize)> {
        let rest = self.words.get(at..)?;
        let rest = &rest[..rest.len().min(5)];
        let end = rest.iter().position(|word| word.last).map_or(rest.len(), |last| last + 1);
        let words: Vec<&str> = rest[..end].iter().map(|word| word.text.as_str()).collect();
        clock::parse_time(&words, marked, self.half)
    }
}
