//! The prompt: instructions, the chat so far, and the retrieved passages, packed by relevance.

use language::{stemming::terms, truncate::excerpt};
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use resources::llm::Turn;
use schemas::chat::{Message, Sender};

use super::{question::Question, sources::Sources};
use crate::assistant::retrieval::{self, Passage, PassageKind};

const INSTRUCTIONS: &str = include_str!("instructions.md");

/// A note for when the passages may be irrelevant to the question; small models would use them anyway.
const DOUBT: &str = "None of what was found has a word in common with the question. Unless it answers it all the same, \
    say that the memory does not hold it.";

/// The maximum length of a passage, in characters; a longer one is cut around the terms of the question.
const MAX_PASSAGE: usize = 900;

/// The maximum length of a passage of a file.
const MAX_FILE_PASSAGE: usize = 4000;

/// The tokens of a passage beside its text: its number, date and speaker.
const PASSAGE_OVERHEAD: usize = 20;

/// The fractions of the context for passages (one third) and for earlier messages (one sixth).
const PASSAGES_DIVISOR: usize = 3;
const EARLIER_DIVISOR: usize = 6;

/// The contents of the prompt.
pub(super) struct PromptContext<'a> {
    /// The question.
    pub(super) asked: &'a str,
    /// The messages before it, oldest first.
    pub(super) earlier: &'a [Message],
    /// The retrieved passages, best first.
    pub(super) passages: &'a [Passage],
    /// Notes on what has just happened.
    pub(super) notes: &'a [String],
}

impl PromptContext<'_> {
    /// The turns before the model's first answer. The passages are numbered in `sources`.
    pub(super) fn turns(&self, question: &Question, sources: &mut Sources, context_tokens: usize) -> Vec<Turn> {
        let (now, zone) = (question.now.format("%A, %-d %B %Y, %H:%M"), question.now.timezone());
        let mut turns = vec![Turn::System(format!("{INSTRUCTIONS}\nIt is {now} where the user lives ({zone})."))];
        turns.extend(recent(self.earlier, context_tokens / EARLIER_DIVISOR));
        let found = found(question, self.passages, sources, context_tokens / PASSAGES_DIVISOR);
        let time = question.range.as_ref().map(|range| {
            let [start, end] =
                [range.start, range.end].map(|time| time.with_timezone(&zone).format("%-d %B %Y, %H:%M"));
            format!("The question speaks of the time from {start} to {end}.")
        });
        let shares = |passage: &Passage| retrieval::coverage(&question.query, passage) > 0.0;
        let is_doubtful = !self.passages.is_empty() && has_terms(&question.query);
        let doubt = (is_doubtful && !self.passages.iter().any(shares)).then(|| DOUBT.to_owned());
        let notes: String = self.notes.iter().chain(&time).chain(&doubt).map(|note| format!("({note})\n")).collect();
        turns.push(Turn::User(format!("<memory>\n{found}</memory>\n\n{notes}{}", self.asked)));
        turns
    }
}

/// Whether a question has terms; a greeting has none.
fn has_terms(question: &str) -> bool {
    !terms(question).is_empty()
}

/// The last messages that fit into `budget` tokens, oldest first. Many models require alternating turns that begin with
/// the user.
fn recent(earlier: &[Message], mut budget: usize) -> Vec<Turn> {
    let fits = |message: &&Message| budget.checked_sub(count_tokens(&message.text)).map(|left| budget = left).is_some();
    let mut kept: Vec<&Message> = earlier.iter().rev().take_while(fits).collect();
    kept.reverse();
    let said = kept.into_iter().skip_while(|message| message.sender == Sender::Ai).filter(|said| !said.text.is_empty());
    let mut turns: Vec<(Sender, String)> = Vec::new();
    for message in said {
        match turns.last_mut() {
            Some((sender, text)) if *sender == message.sender => *text = format!("{text}\n\n{}", message.text),
            _ => turns.push((message.sender, message.text.clone())),
        }
    }
    // An unanswered question would be followed by the next one.
    turns.pop_if(|(sender, _)| *sender == Sender::Human);
    turns.into_iter().map(turn).collect()
}

fn turn((sender, text): (Sender, String)) -> Turn {
    match sender {
        Sender::Human => Turn::User(text),
        Sender::Ai => Turn::Assistant { text, calls: Vec::new() },
    }
}

/// The passages that fit into `budget` tokens, best first; then ordered for reading.
fn found(question: &Question, passages: &[Passage], sources: &mut Sources, mut budget: usize) -> String {
    let fits = |passage: &&Passage| budget.checked_sub(cost(passage)).map(|left| budget = left).is_some();
    let kept: Vec<&Passage> = passages.iter().filter(fits).collect();
    if kept.is_empty() {
        return "(Nothing was found.)\n".into();
    }
    let mut list = PassageList { question, sources, text: String::new() };
    list.section("Memories", &kept, PassageKind::Memory);
    list.section("Action items", &kept, PassageKind::ActionItem);
    list.section("Files of this chat", &kept, PassageKind::File);
    list.conversations(&kept);
    list.text
}

fn cost(passage: &Passage) -> usize {
    let around: usize = passage.neighbours.iter().map(|line| count_tokens(&line.text) + PASSAGE_OVERHEAD / 2).sum();
    count_tokens(&passage.citation.quote).min(max_length(passage.kind) / 3) + around + PASSAGE_OVERHEAD
}

fn max_length(kind: PassageKind) -> usize {
    if kind == PassageKind::File { MAX_FILE_PASSAGE } else { MAX_PASSAGE }
}

/// The text of the passages while it is written.
struct PassageList<'a> {
    question: &'a Question,
    sources: &'a mut Sources,
    text: String,
}

impl PassageList<'_> {
    fn section(&mut self, heading: &str, passages: &[&Passage], kind: PassageKind) {
        let listed: Vec<&&Passage> = passages.iter().filter(|passage| passage.kind == kind).collect();
        if listed.is_empty() {
            return;
        }
        self.text.push_str(&format!("{heading}:\n"));
        for passage in listed {
            let number = self.sources.number(&passage.citation);
            let title =
                passage.citation.title.as_ref().map(|title| format!("{}: ", one_line(title))).unwrap_or_default();
            let said = one_line(&excerpt(&passage.citation.quote, &self.question.query, max_length(kind)));
            let note = passage.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
            let day = self.day(passage.citation.date);
            self.text.push_str(&format!("[{number}] {title}{said} ({day}{note})\n"));
        }
    }

    /// Each conversation with its summary and its lines, in chronological order.
    fn conversations(&mut self, passages: &[&Passage]) {
        let mut held: Vec<(&str, Vec<&Passage>)> = Vec::new();
        for passage in passages.iter().filter(|passage| passage.citation.kind == "conversation") {
            let id = passage.citation.id.as_str();
            match held.iter_mut().find(|(known, _)| *known == id) {
                Some((_, of_it)) => of_it.push(passage),
                None => held.push((id, vec![passage])),
            }
        }
        held.sort_by_key(|(_, of_it)| of_it.iter().map(|passage| passage.citation.date).min());
        held.into_iter().for_each(|(_, of_it)| self.conversation(&of_it));
    }

    fn conversation(&mut self, passages: &[&Passage]) {
        let Some(first) = passages.iter().min_by_key(|passage| passage.citation.date) else { return };
        let day = self.day(first.citation.date);
        match passages.iter().find_map(|passage| passage.citation.title.as_deref()) {
            Some(title) => self.text.push_str(&format!("Conversation “{}”, {day}:\n", one_line(title))),
            None => self.text.push_str(&format!("Conversation, {day}:\n")),
        }
        for summary in passages.iter().filter(|passage| passage.citation.segment.is_none()) {
            let number = self.sources.number(&summary.citation);
            let said = self.cut(&summary.citation.quote);
            self.text.push_str(&format!("[{number}] Summary: {said}\n"));
        }
        self.lines(passages);
    }

    /// The transcript lines with their neighbours, each once.
    fn lines(&mut self, passages: &[&Passage]) {
        let mut lines: BTreeMap<i64, String> = BTreeMap::new();
        for passage in passages {
            for line in &passage.neighbours {
                let said = self.cut(&line.text);
                lines.entry(line.position).or_insert_with(|| format!("{}: {said}", one_line(&line.speaker)));
            }
        }
        let mut said: Vec<&&Passage> = passages.iter().filter(|passage| passage.citation.segment.is_some()).collect();
        said.sort_by_key(|passage| passage.position);
        for passage in said {
            let number = self.sources.number(&passage.citation);
            let speaker = passage.citation.speaker.as_deref().unwrap_or("Somebody");
            let at = passage.citation.date.with_timezone(&self.question.now.timezone()).format("%H:%M");
            let text = self.cut(&passage.citation.quote);
            lines.insert(passage.position, format!("[{number}] {} ({at}): {text}", one_line(speaker)));
        }
        let mut last = None;
        for (place, line) in lines {
            if last.is_some_and(|last| last + 1 < place) {
                self.text.push_str("…\n");
            }
            self.text.push_str(&line);
            self.text.push('\n');
            last = Some(place);
        }
    }

    fn cut(&self, said: &str) -> String {
        one_line(&excerpt(said, &self.question.query, MAX_PASSAGE))
    }

    fn day(&self, time: DateTime<Utc>) -> String {
        day(time, self.question.now.timezone())
    }
}

/// A day, with its weekday, where the user lives.
fn day(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%A, %-d %B %Y").to_string()
}

/// A stored text, sanitized, on one line.
fn one_line(text: &str) -> String {
    sanitize(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A stored text without anything that could be taken for a citation marker, for the end of the passages, or for a turn
/// delimiter of the model.
pub(super) fn sanitize(text: &str) -> String {
    let text = text.replace('[', "(").replace(']', ")").replace("<|", "< |").replace("|>", "| >");
    text.replace("<memory>", "(memory)").replace("</memory>", "(/memory)")
}

/// An estimate of the number of tokens of a text. Few tokenizers need more than this for English, and for other scripts
/// a letter is at most one token.
pub(super) fn count_tokens(text: &str) -> usize {
    let (mut ascii, mut other) = (0, 0);
    for byte in text.bytes() {
        if byte.is_ascii() {
            ascii += 1;
        } else if byte & 0xC0 != 0x80 {
            other += 1;
        }
    }
    ascii / 4 + other + 1
}
