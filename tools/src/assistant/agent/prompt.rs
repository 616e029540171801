//! What the model is told: who it is, what was said in the chat, and what the memory holds, packed by relevance.

use language::{stemming::terms, truncate::excerpt};
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use resources::llm::Turn;
use schemas::chat::{Message, Sender};

use super::{question::Question, sources::Sources, tokens};
use crate::assistant::retrieval::{self, Kind, Passage};

const INSTRUCTIONS: &str = include_str!("instructions.md");

/// What the model is told when what was found may have nothing to do with the question: small ones make do with anything.
const DOUBT: &str = "None of what was found has a word in common with the question. Unless it answers it all the same, say \
    that the memory does not hold it.";

/// The longest text of a single passage, in characters; a longer one is cut around what the question asks for.
const LONGEST: usize = 900;

/// The same of a file: what comes with a question is meant to be read.
const LONGEST_OF_FILE: usize = 4000;

/// What a passage takes beside its text, in tokens: its number, date and speaker.
const FRAME: usize = 20;

/// The share of the context that what was found may take, and that the messages before may take.
const FOUND: usize = 3;
const EARLIER: usize = 6;

/// What the model is told besides its instructions.
pub(super) struct Told<'a> {
    /// The question.
    pub(super) asked: &'a str,
    /// The messages before it, oldest first.
    pub(super) earlier: &'a [Message],
    /// What was found, best first.
    pub(super) passages: &'a [Passage],
    /// What has just happened.
    pub(super) notes: &'a [String],
}

impl Told<'_> {
    /// All that the model is told before its first word. What was found is numbered in `sources`.
    pub(super) fn turns(&self, question: &Question, sources: &mut Sources, context_tokens: usize) -> Vec<Turn> {
        let (now, zone) = (question.now.format("%A, %-d %B %Y, %H:%M"), question.now.timezone());
        let mut turns = vec![Turn::System(format!("{INSTRUCTIONS}\nIt is {now} where the user lives ({zone})."))];
        turns.extend(recent(self.earlier, context_tokens / EARLIER));
        let found = found(question, self.passages, sources, context_tokens / FOUND);
        let time = question.range.as_ref().map(|range| {
            let [start, end] =
                [range.start, range.end].map(|time| time.with_timezone(&zone).format("%-d %B %Y, %H:%M"));
            format!("The question speaks of the time from {start} to {end}.")
        });
        let shares = |passage: &Passage| retrieval::coverage(&question.query, passage) > 0.0;
        let is_doubtful = !self.passages.is_empty() && says_something(&question.query);
        let doubt = (is_doubtful && !self.passages.iter().any(shares)).then(|| DOUBT.to_owned());
        let notes: String = self.notes.iter().chain(&time).chain(&doubt).map(|note| format!("({note})\n")).collect();
        turns.push(Turn::User(format!("<memory>\n{found}</memory>\n\n{notes}{}", self.asked)));
        turns
    }
}

/// Whether a question has words that tell what it is about, as a greeting has not.
fn says_something(question: &str) -> bool {
    !terms(question).is_empty()
}

/// The last messages that `room` tokens hold, oldest first: by turns and beginning with the user, as many models insist.
fn recent(earlier: &[Message], mut room: usize) -> Vec<Turn> {
    let fits = |message: &&Message| room.checked_sub(tokens::count(&message.text)).map(|left| room = left).is_some();
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
    // A question that nobody answered would be followed by the next one.
    turns.pop_if(|(sender, _)| *sender == Sender::Human);
    turns.into_iter().map(turn).collect()
}

fn turn((sender, text): (Sender, String)) -> Turn {
    match sender {
        Sender::Human => Turn::User(text),
        Sender::Ai => Turn::Assistant { text, calls: Vec::new() },
    }
}

/// What was found, best first into `room` tokens, then in an order that reads well.
fn found(question: &Question, passages: &[Passage], sources: &mut Sources, mut room: usize) -> String {
    let fits = |passage: &&Passage| room.checked_sub(cost(passage)).map(|left| room = left).is_some();
    let kept: Vec<&Passage> = passages.iter().filter(fits).collect();
    if kept.is_empty() {
        return "(Nothing was found.)\n".into();
    }
    let mut page = Page { question, sources, text: String::new() };
    page.list("Memories", &kept, Kind::Memory);
    page.list("Action items", &kept, Kind::ActionItem);
    page.list("Files of this chat", &kept, Kind::File);
    page.conversations(&kept);
    page.text
}

fn cost(passage: &Passage) -> usize {
    let around: usize = passage.around.iter().map(|line| tokens::count(&line.text) + FRAME / 2).sum();
    tokens::count(&passage.citation.quote).min(longest(passage.kind) / 3) + around + FRAME
}

fn longest(kind: Kind) -> usize {
    if kind == Kind::File { LONGEST_OF_FILE } else { LONGEST }
}

/// What the model reads, while it is written.
struct Page<'a> {
    question: &'a Question,
    sources: &'a mut Sources,
    text: String,
}

impl Page<'_> {
    fn list(&mut self, heading: &str, passages: &[&Passage], kind: Kind) {
        let listed: Vec<&&Passage> = passages.iter().filter(|passage| passage.kind == kind).collect();
        if listed.is_empty() {
            return;
        }
        self.text.push_str(&format!("{heading}:\n"));
        for passage in listed {
            let number = self.sources.number(&passage.citation);
            let title = passage.citation.title.as_ref().map(|title| format!("{}: ", plain(title))).unwrap_or_default();
            let said = plain(&excerpt(&passage.citation.quote, &self.question.query, longest(kind)));
            let note = passage.note.as_ref().map(|note| format!("; {note}")).unwrap_or_default();
            let day = self.day(passage.citation.date);
            self.text.push_str(&format!("[{number}] {title}{said} ({day}{note})\n"));
        }
    }

    /// Each conversation with its summary and what was said in it, in the order of time.
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
            Some(title) => self.text.push_str(&format!("Conversation “{}”, {day}:\n", plain(title))),
            None => self.text.push_str(&format!("Conversation, {day}:\n")),
        }
        for summary in passages.iter().filter(|passage| passage.citation.segment.is_none()) {
            let number = self.sources.number(&summary.citation);
            let said = self.cut(&summary.citation.quote);
            self.text.push_str(&format!("[{number}] Summary: {said}\n"));
        }
        self.lines(passages);
    }

    /// What was said, with what was said around it, each line once.
    fn lines(&mut self, passages: &[&Passage]) {
        let mut lines: BTreeMap<i64, String> = BTreeMap::new();
        for passage in passages {
            for line in &passage.around {
                let said = self.cut(&line.text);
                lines.entry(line.place).or_insert_with(|| format!("{}: {said}", plain(&line.speaker)));
            }
        }
        let mut said: Vec<&&Passage> = passages.iter().filter(|passage| passage.citation.segment.is_some()).collect();
        said.sort_by_key(|passage| passage.place);
        for passage in said {
            let number = self.sources.number(&passage.citation);
            let speaker = passage.citation.speaker.as_deref().unwrap_or("Somebody");
            let at = passage.citation.date.with_timezone(&self.question.now.timezone()).format("%H:%M");
            let text = self.cut(&passage.citation.quote);
            lines.insert(passage.place, format!("[{number}] {} ({at}): {text}", plain(speaker)));
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
        plain(&excerpt(said, &self.question.query, LONGEST))
    }

    fn day(&self, time: DateTime<Utc>) -> String {
        day(time, self.question.now.timezone())
    }
}

/// A day, with its weekday, where the user lives.
fn day(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%A, %-d %B %Y").to_string()
}

/// A stored text on one line, and harmless.
fn plain(text: &str) -> String {
    harmless(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A stored text without what could pass for a marker, for the end of what is shown, or for the words by which models
/// tell turns apart.
pub(super) fn harmless(text: &str) -> String {
    let text = text.replace('[', "(").replace(']', ")").replace("<|", "< |").replace("|>", "| >");
    text.replace("<memory>", "(memory)").replace("</memory>", "(/memory)")
}
