//! Where phrases of time begin and end, and how a day and an hour make one.

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use super::{
    Grain, Lean,
    clock::{self, Half, Part},
    words::Word,
};

/// A phrase that was understood, in local time.
#[derive(Debug, Clone)]
pub(super) struct Phrase<'a> {
    /// The place of the word after it.
    pub(super) next: usize,
    /// The preposition that it begins with.
    pub(super) lead: Option<&'a str>,
    pub(super) grain: Grain,
    /// The first day.
    pub(super) first: NaiveDate,
    /// The last day, itself included.
    pub(super) last: NaiveDate,
    /// What it says of the hour.
    pub(super) time: Option<Hour>,
}

/// What a phrase says of the hour.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hour {
    Part(Part),
    Time(NaiveTime),
}

impl<'a> Phrase<'a> {
    /// All of some days.
    pub(super) fn days(next: usize, grain: Grain, first: NaiveDate, last: NaiveDate) -> Self {
        Self { next, lead: None, grain, first, last, time: None }
    }

    /// A single day.
    pub(super) fn day(next: usize, day: NaiveDate) -> Self {
        Self::days(next, Grain::Day, day, day)
    }

    /// A moment.
    pub(super) fn moment(next: usize, moment: NaiveDateTime) -> Self {
        let time = Some(Hour::Time(moment.time()));
        Self { next, lead: None, grain: Grain::Moment, first: moment.date(), last: moment.date(), time }
    }

    /// When it begins and is over; a moment lasts an hour, so that questions about it find what was near.
    pub(super) fn bounds(&self) -> (NaiveDateTime, NaiveDateTime) {
        let midnight = self.first.and_time(NaiveTime::MIN);
        match self.time {
            None => (midnight, self.last.and_time(NaiveTime::MIN) + Days::new(1)),
            Some(Hour::Time(time)) => (self.first.and_time(time), self.first.and_time(time) + TimeDelta::hours(1)),
            Some(Hour::Part(part)) => {
                let (from, to) = part.span;
                (midnight + TimeDelta::hours(from.into()), midnight + TimeDelta::hours(to.into()))
            }
        }
    }

    /// When a plan for then begins: a part of the day has its hour.
    pub(super) fn begins(&self) -> NaiveDateTime {
        match self.time {
            Some(Hour::Part(part)) => self.first.and_time(NaiveTime::MIN) + TimeDelta::hours(part.hour.into()),
            _ => self.bounds().0,
        }
    }
}

/// Reads phrases among the words of a text, as said at a moment.
pub(super) struct Reader<'a> {
    pub(super) words: &'a [Word],
    pub(super) now: NaiveDateTime,
    pub(super) lean: Lean,
    half: Half,
}

/// Prepositions that belong to the phrase after them.
const LEADS: &[&str] = &["on", "in", "at", "by", "before", "around", "about", "over", "during", "for", "within"];

impl<'a> Reader<'a> {
    pub(super) fn new(words: &'a [Word], now: NaiveDateTime, lean: Lean) -> Self {
        Self { words, now, lean, half: clock::half_of(words.iter().map(|word| word.text.as_str())) }
    }

    /// The word at a place; empty beyond the end.
    pub(super) fn word(&self, at: usize) -> &'a str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    /// Today.
    pub(super) fn today(&self) -> NaiveDate {
        self.now.date()
    }

    /// The first phrase, and where it begins.
    pub(super) fn first(&self) -> Option<(usize, Phrase<'a>)> {
        (0..self.words.len()).find_map(|at| Some((at, self.at(at)?)))
    }

    /// The phrase that begins at a place, at its longest.
    pub(super) fn at(&self, at: usize) -> Option<Phrase<'a>> {
        let lead = LEADS.iter().find(|lead| **lead == self.word(at)).copied();
        let plain = self.body(at, None);
        let led = lead.and_then(|lead| {
            let phrase = self.body(at + 1, Some(lead))?;
            // `In about an hour`, `by around noon`.
            Some(Phrase { lead: Some(lead), ..phrase })
        });
        let second = lead.filter(|_| matches!(self.word(at + 1), "about" | "around"));
        let twice = second.and_then(|lead| Some(Phrase { lead: Some(lead), ..self.body(at + 2, Some(lead))? }));
        [plain, led, twice].into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A phrase without its preposition: a day with or without an hour, or an hour with or without a day.
    fn body(&self, at: usize, lead: Option<&str>) -> Option<Phrase<'a>> {
        let day = self.whole(at, lead).map(|day| self.with_hour(day));
        let hour = self.hour_first(at, lead);
        [day, hour].into_iter().flatten().max_by_key(|phrase| phrase.next)
    }

    /// A day or a longer span, without an hour.
    fn whole(&self, at: usize, lead: Option<&str>) -> Option<Phrase<'a>> {
        [self.day(at, lead), self.span(at, lead), self.relative(at, lead)]
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
            ("in" | "during", "the", name) => clock::part(name).map(|part| (part, 3)),
            ("at", "night", _) => clock::part("night").map(|part| (part, 2)),
            (name, ..) => clock::part(name).map(|part| (part, 1)),
        };
        if let Some((part, taken)) = part.filter(|_| day.grain == Grain::Day) {
            day = Phrase { next: day.next + taken, grain: Grain::PartOfDay, time: Some(Hour::Part(part)), ..day };
        }
        let half = match day.time {
            Some(Hour::Part(part)) => part.half,
            _ => Half::Open,
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

    /// An hour, and the day that follows it, else today, or the nearest day that fits.
    fn hour_first(&self, at: usize, lead: Option<&str>) -> Option<Phrase<'a>> {
        let marked = matches!(lead, Some("at" | "by" | "around" | "about" | "before"));
        let (time, taken) = self.clock(at, marked.then_some(Half::Open))?;
        let next = at + taken;
        let skip = usize::from(matches!(self.word(next), "on"));
        let part = match (self.word(next), self.word(next + 1), self.word(next + 2)) {
            ("in", "the", name) if clock::part(name).is_some() => 3,
            _ => 0,
        };
        let day = self.day(next + skip + part, (skip > 0).then_some("on")).filter(|_| !self.words[next - 1].last);
        if let Some(day) = day.filter(|day| matches!(day.grain, Grain::Day | Grain::PartOfDay)) {
            return Some(Phrase { grain: Grain::Moment, time: Some(Hour::Time(time)), ..self.part_after(day) });
        }
        let today = self.today();
        let day = match self.lean {
            Lean::Future if time < self.now.time() => today + Days::new(1),
            Lean::Past if time > self.now.time() => today - Days::new(1),
            _ => today,
        };
        Some(Phrase::moment(next + part, day.and_time(time)))
    }

    /// Takes in the part of the day that follows a day whose hour came before: `at 7 tomorrow evening`.
    fn part_after(&self, day: Phrase<'a>) -> Phrase<'a> {
        let more = usize::from(clock::part(self.word(day.next)).is_some());
        Phrase { next: day.next + more, ..day }
    }

    /// The time of day at a place, within the sentence that goes on there.
    fn clock(&self, at: usize, marked: Option<Half>) -> Option<(NaiveTime, usize)> {
        let rest = self.words.get(at..)?;
        let rest = &rest[..rest.len().min(5)];
        let end = rest.iter().position(|word| word.last).map_or(rest.len(), |last| last + 1);
        let words: Vec<&str> = rest[..end].iter().map(|word| word.text.as_str()).collect();
        clock::read(&words, marked, self.half)
    }
}
