//! Translates the words of dates from other languages into the English that the rules know.
//!
//! Whatever is no phrase of the language's table becomes [`OPAQUE`], so that nothing is mistaken for English: the Italian
//! `due` is two. A few words of the tables are resolved by what stands around them, as in `vor zwei Tagen`, `vor Freitag`
//! and `zehn vor vier`.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    calendar::Unit,
    days::{month, weekday},
    locale::Language,
    words::{Word, number},
};

/// A word that was not translated.
pub(super) const OPAQUE: &str = "•";

/// The phrases of a language by their first word, the longest first: their words and the English for them.
type Table = HashMap<&'static str, Vec<(Vec<&'static str>, Vec<&'static str>)>>;

fn read_table(text: &'static str) -> Table {
    let mut table = Table::new();
    let rows = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    for (phrase, english) in rows {
        let words: Vec<&str> = phrase.split(' ').collect();
        table.entry(words[0]).or_default().push((words, english.split(' ').collect()));
    }
    for phrases in table.values_mut() {
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    table
}

static GERMAN: LazyLock<Table> = LazyLock::new(|| read_table(include_str!("lexicon/german.tsv")));
static SPANISH: LazyLock<Table> = LazyLock::new(|| read_table(include_str!("lexicon/spanish.tsv")));
static FRENCH: LazyLock<Table> = LazyLock::new(|| read_table(include_str!("lexicon/french.tsv")));
static PORTUGUESE: LazyLock<Table> = LazyLock::new(|| read_table(include_str!("lexicon/portuguese.tsv")));
static ITALIAN: LazyLock<Table> = LazyLock::new(|| read_table(include_str!("lexicon/italian.tsv")));
static DUTCH: LazyLock<Table> = LazyLock::new(|| read_table(include_str!("lexicon/dutch.tsv")));

fn table_of(language: Language) -> Option<&'static Table> {
    Some(match language {
        Language::English => return None,
        Language::German => &GERMAN,
        Language::Spanish => &SPANISH,
        Language::French => &FRENCH,
        Language::Portuguese => &PORTUGUESE,
        Language::Italian => &ITALIAN,
        Language::Dutch => &DUTCH,
    })
}

/// Whether a word, in lower case, begins a phrase of a language's table.
pub(super) fn is_known(word: &str, language: Language) -> bool {
    table_of(language).is_some_and(|table| table.contains_key(word))
}

/// The words of `text` in English; each keeps the byte range of what it stands for.
pub(super) fn translate(text: &str, words: Vec<Word>, language: Language) -> Vec<Word> {
    let Some(table) = table_of(language) else { return words };
    let words = split_elisions(words, table);
    let mut english: Vec<Word> = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let fits = |(phrase, _): &&(Vec<&str>, Vec<&str>)| {
            phrase.iter().enumerate().all(|(place, part)| words.get(at + place).is_some_and(|word| word.text == *part))
                && words[at..at + phrase.len() - 1].iter().all(|word| !word.last)
        };
        let found = table.get(words[at].text.as_str()).and_then(|phrases| phrases.iter().find(fits));
        let Some((phrase, translation)) = found else {
            english.push(untranslated(text, &words[at]));
            at += 1;
            continue;
        };
        let end = &words[at + phrase.len() - 1];
        let range = words[at].range.start..end.range.end;
        for (place, part) in translation.iter().enumerate() {
            let last = end.last && place + 1 == translation.len();
            english.push(Word { text: (*part).to_owned(), range: range.clone(), last });
        }
        at += phrase.len();
    }
    Resolver { words: english, language }.resolve()
}

/// A number, or an opaque word. `16h30` is `16:30`, and the German `3.` is `3th`.
fn untranslated(text: &str, word: &Word) -> Word {
    let of = |text: String| Word { text, range: word.range.clone(), last: word.last };
    let said = word.text.as_str();
    if !said.starts_with(|first: char| first.is_ascii_digit()) {
        return of(OPAQUE.to_owned());
    }
    let (hour, rest) = said.split_once('h').unwrap_or((said, "-"));
    let is_short = |part: &str, max: usize| part.len() <= max && part.bytes().all(|byte| byte.is_ascii_digit());
    match rest {
        "" if is_short(hour, 2) => of(format!("{hour}:00")),
        minute if minute.len() == 2 && is_short(hour, 2) && is_short(minute, 2) => of(format!("{hour}:{minute}")),
        _ if is_short(said, 2) && text[word.range.end..].starts_with('.') => of(format!("{said}th")),
        _ => of(said.trim_end_matches(['º', 'ª']).to_owned()),
    }
}

/// Splits `d'ici`, `l'été` and `un'ora`, unless the table has them whole.
fn split_elisions(words: Vec<Word>, table: &Table) -> Vec<Word> {
    let mut split = Vec::with_capacity(words.len());
    for word in words {
        let is_whole = table.get(word.text.as_str()).is_some();
        match word.text.find('\'').filter(|at| !is_whole && at + 1 < word.text.len()) {
            Some(at) if word.text.len() == word.range.len() || at < word.range.len() => {
                let (first, second) = word.text.split_at(at + 1);
                split.push(Word { text: first.to_owned(), range: word.range.clone(), last: false });
                split.push(Word { text: second.to_owned(), range: word.range.clone(), last: word.last });
            }
            _ => split.push(word),
        }
    }
    split
}

/// Resolves words that depend on those around them.
struct Resolver {
    words: Vec<Word>,
    language: Language,
}

impl Resolver {
    fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.text.as_str())
    }

    fn is_number(&self, at: usize) -> bool {
        let digits = self.text(at).split([':', '.']).next().unwrap_or_default();
        number(digits.trim_end_matches("th")).is_some()
    }

    fn before(&self, at: usize) -> Option<usize> {
        at.checked_sub(1)
    }

    /// The index after the number of units that begins at an index: `2 weeks`, `a week & half`.
    fn amount_end(&self, at: usize) -> Option<usize> {
        let counts = |at: usize| self.is_number(at) || matches!(self.text(at), "a" | "an" | "half" | "&" | "few");
        let unit = (at..at + 5).find(|at| !counts(*at)).filter(|unit| *unit > at)?;
        Unit::of(self.text(unit))?;
        let half = self.text(unit + 1) == "&" && self.text(unit + 2) == "half";
        Some(unit + 1 + if half { 2 } else { 0 })
    }

    fn resolve(mut self) -> Vec<Word> {
        let mut at = 0;
        while at < self.words.len() {
            let word = self.words[at].text.clone();
            match word.as_str() {
                "ago<" => self.resolve_ago(at),
                "from-today" => self.resolve_from_today(at),
                "from?" | "since?" => self.resolve_from(at, if word == "since?" { "since" } else { "of" }),
                "to?" => self.set(at, if month(self.text(at + 1)).is_some() { "in" } else { OPAQUE }),
                "in?" => self.set(at, if self.amount_end(at + 1).is_some() { "in" } else { "between" }),
                "over<" => {
                    let is_clock = at > 0 && self.is_number(at - 1) && self.is_hour(at + 1);
                    let is_amount = self.amount_end(at + 1).is_some();
                    self.set(
                        at,
                        if is_amount {
                            "in"
                        } else if is_clock {
                            "past"
                        } else {
                            OPAQUE
                        },
                    );
                }
                "before" | "after" if at > 0 && self.is_number(at - 1) && self.is_hour(at + 1) => {
                    self.set(at, if word == "before" { "to" } else { "past" });
                }
                "the#" => {
                    self.set(at, "the");
                    self.make_ordinal(at + 1);
                }
                "day#" => {
                    let is_date = self.is_number(at + 1);
                    self.set(at, if is_date { "the" } else { "day" });
                    self.make_ordinal(at + 1);
                }
                "next>" => self.resolve_adjective(at, "next"),
                "last>" => self.resolve_adjective(at, "last"),
                "and" if self.is_minutes(at) => self.set(at, "&"),
                "hours" | "o'clock" => self.resolve_hours(at),
                _ if word.ends_with("th") && self.is_number(at) && self.text(at).len() <= 4 => self.resolve_dotted(at),
                _ => {}
            }
            at += 1;
        }
        self.words
    }

    fn set(&mut self, at: usize, text: &str) {
        text.clone_into(&mut self.words[at].text);
    }

    fn is_hour(&self, at: usize) -> bool {
        self.text(at) == "halfto" || number(self.text(at)).is_some_and(|hour| hour <= 12)
    }

    /// Gives some words one range, once their order has changed.
    fn join(&mut self, range: Range<usize>) {
        let words = &self.words[range.clone()];
        let start = words.iter().map(|word| word.range.start).min().unwrap_or_default();
        let end = words.iter().map(|word| word.range.end).max().unwrap_or_default();
        let last = words.iter().any(|word| word.last);
        let length = range.len();
        for (place, word) in self.words[range].iter_mut().enumerate() {
            word.range = start..end;
            word.last = last && place + 1 == length;
        }
    }

    /// `Il y a deux jours` is `2 days ago`; `vor Freitag` is before Friday, `zehn vor vier` ten to four.
    fn resolve_ago(&mut self, at: usize) {
        if let Some(end) = self.amount_end(at + 1) {
            self.set(at, "ago");
            self.words[at..end].rotate_left(1);
            self.join(at..end);
        } else if self.before(at).is_some_and(|before| self.is_number(before)) && self.is_hour(at + 1) {
            self.set(at, "to");
        } else {
            self.set(at, if self.language == Language::German { "before" } else { OPAQUE });
        }
    }

    /// `Heute in einer Woche` is `a week from today`.
    fn resolve_from_today(&mut self, at: usize) {
        let Some(end) = self.amount_end(at + 1) else { return self.set(at, OPAQUE) };
        let from = Word { text: "from".to_owned(), range: self.words[at].range.clone(), last: false };
        self.set(at, "today");
        self.words.insert(at, from);
        self.words[at..=end].rotate_left(2);
        self.join(at..end + 1);
    }

    /// `De 14h à 16h` is `from 14:00 to 16:00`; else it is `of` or `since`.
    fn resolve_from(&mut self, at: usize, otherwise: &str) {
        let opens = self.is_number(at + 1) || weekday(self.text(at + 1)).is_some();
        let joint = (at + 2..at + 6).find(|at| matches!(self.text(*at), "at" | "to?" | "to" | "until"));
        let joins = |at: &usize| self.is_number(at + 1) || weekday(self.text(at + 1)).is_some();
        match joint.filter(joins).filter(|_| opens) {
            Some(joint) => {
                self.set(at, "from");
                self.set(joint, "to");
            }
            None => self.set(at, otherwise),
        }
    }

    /// `Vendredi prochain` is `next friday`, `10 derniers jours` are the `last 10 days`.
    fn resolve_adjective(&mut self, at: usize, word: &str) {
        self.set(at, word);
        let is_named = |word: &str| {
            Unit::of(word).is_some()
                || weekday(word).is_some()
                || month(word).is_some()
                || matches!(
                    word,
                    "weekend" | "quarter" | "spring" | "summer" | "autumn" | "winter" | "christmas" | "easter"
                )
        };
        let follows = is_named(self.text(at + 1));
        let Some(before) = self.before(at).filter(|before| !self.words[*before].last) else { return };
        let swaps = if follows { self.is_number(before) } else { is_named(self.text(before)) };
        if swaps {
            self.words.swap(before, at);
            self.join(before..at + 1);
        }
    }

    /// Whether an `and` at an index adds minutes to an hour: `a las tres y diez`.
    fn is_minutes(&self, at: usize) -> bool {
        let is_clock = at > 1 && self.is_hour(at - 1) && matches!(self.text(at - 2), "at" | "around");
        is_clock && number(self.text(at + 1)).is_some_and(|minutes| minutes % 5 == 0 && (5..60).contains(&minutes))
    }

    /// `15 Uhr 30` and `4 heures 30` are `15:30` and `4:30`; `à trois heures et demie` needs no `heures`.
    fn resolve_hours(&mut self, at: usize) {
        let Some(hour) = self.before(at).filter(|hour| number(self.text(*hour)).is_some_and(|hour| hour < 24)) else {
            return;
        };
        let minutes = number(self.text(at + 1)).filter(|minutes| *minutes < 60 && !self.words[at].last);
        let is_led = hour > 0 && matches!(self.text(hour - 1), "at" | "around" | "by" | "until" | "before");
        if let Some(minutes) = minutes.filter(|_| is_led || self.text(at) == "o'clock") {
            let text = format!("{}:{minutes:02}", self.text(hour));
            self.set(hour, &text);
            let end = &self.words[at + 1];
            let (end, last) = (end.range.end, end.last);
            self.words.drain(at..at + 2);
            (self.words[hour].range.end, self.words[hour].last) = (end, last);
        } else if is_led && matches!(self.text(at + 1), "&" | "less") {
            self.words.remove(at);
        }
    }

    fn make_ordinal(&mut self, at: usize) {
        if number(self.text(at)).is_some_and(|day| (1..=31).contains(&day)) && month(self.text(at + 1)).is_none() {
            let text = format!("{}th", self.text(at));
            self.set(at, &text);
        }
    }

    /// `Am 3. Oktober` is `on 3 october`, `am 3.` `on the 3th`; elsewhere, a full stop ends a sentence.
    fn resolve_dotted(&mut self, at: usize) {
        let before = self.before(at).map_or("", |before| self.text(before)).to_owned();
        let is_date = month(self.text(at + 1)).is_some();
        if !is_date && before == "on" && self.language == Language::German {
            let the = Word { text: "the".to_owned(), range: self.words[at].range.clone(), last: false };
            self.words.insert(at, the);
        } else if is_date || before != "the" {
            let plain = self.text(at).trim_end_matches("th").to_owned();
            self.set(at, &plain);
        }
    }
}
