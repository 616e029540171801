//! SRT and WebVTT: cues with times. Existing crates reject a whole file for one malformed cue; here it is skipped.

use std::io::Read;

use super::{
    Input, ItemKind, Sink,
    input::text,
    item::ParsedItem,
    plain_text::{clock, has_names, split_name, transcript},
    utterances::{SourceConversation, Speaker, Utterance},
};

/// A cue: its times, the speaker in its markup, and its text.
struct Cue {
    start: f64,
    end: f64,
    speaker: Option<String>,
    text: String,
}

pub(super) fn read(reader: impl Read, input: &Input, send: Sink) -> Result<(), String> {
    let text = text(reader)?;
    let mut cues = Vec::new();
    let mut number = 1;
    for block in text.split("\n\n") {
        let line = number;
        number += block.matches('\n').count() + 2;
        match parse_cue(block) {
            Some(Ok(cue)) => cues.push(cue),
            Some(Err(reason)) => {
                send(ParsedItem::failed(ItemKind::File, format!("line {line}"), reason));
            }
            None => {}
        }
    }
    let texts: Vec<&str> = cues.iter().map(|cue| cue.text.as_str()).collect();
    let is_named = has_names(&texts);
    let utterances =
        cues.into_iter().map(|cue| cue.into_utterance(is_named)).filter(|said| !said.text.is_empty()).collect();
    let conversation = SourceConversation { utterances, ..transcript(input, &text) };
    send(ParsedItem::new(ItemKind::Conversation, String::new(), conversation.into_item()));
    Ok(())
}

/// Parses the cue of a block; `None` for other blocks: header, notes, styles.
fn parse_cue(block: &str) -> Option<Result<Cue, String>> {
    let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let first = *lines.peek()?;
    if ["WEBVTT", "NOTE", "STYLE", "REGION"].iter().any(|word| first.starts_with(word)) && !first.contains("-->") {
        return None;
    }
    let Some(times) = lines.by_ref().take(2).find(|line| line.contains("-->")) else {
        return Some(Err("cue without times".into()));
    };
    let time = |text: Option<&str>| text.and_then(|text| clock(text.split_whitespace().next()?));
    let mut ends = times.split("-->");
    let (Some(start), Some(end)) = (time(ends.next()), time(ends.next())) else {
        return Some(Err(format!("invalid times: {times}")));
    };
    let marked = lines.collect::<Vec<_>>().join(" ");
    let speaker = marked.split_once("<v").and_then(|(_, rest)| Some(rest.split_once('>')?.0));
    // There may be classes: <v.loud Ana>.
    let speaker = speaker.map(|speaker| speaker.split_once(' ').map_or("", |(_, name)| name).trim().to_owned());
    Some(Ok(Cue { start, end, speaker, text: strip_markup(&marked) }))
}

impl Cue {
    fn into_utterance(self, is_named: bool) -> Utterance {
        let (speaker, text) = match (self.speaker, split_name(&self.text).filter(|_| is_named)) {
            (Some(name), _) => (Speaker::of(&name), self.text.clone()),
            (None, Some((name, words))) => (Speaker::of(name), words.to_owned()),
            (None, None) => (Speaker::Unknown, self.text.clone()),
        };
        Utterance { id: None, speaker, text, start: Some(self.start), end: Some(self.end) }
    }
}

/// The text without markup.
fn strip_markup(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        let Some((_, after)) = tag.split_once('>') else {
            words.push('<');
            rest = tag;
            continue;
        };
        rest = after;
    }
    words.push_str(rest);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")];
    entities.iter().fold(words, |words, (entity, letter)| words.replace(entity, letter)).trim().to_owned()
}
