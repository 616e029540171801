//! SRT and WebVTT: cues with times. The crates for them refuse a whole file over one broken cue; here it is skipped.

use std::io::Read;

use super::{
    Input, Kind, Send,
    input::text,
    item::Found,
    plain::{clock, has_names, split_name, transcript},
    speech::{Said, Speech, Voice},
};

/// A cue: its times, the voice that its markup names, and its words.
struct Cue {
    start: f64,
    end: f64,
    voice: Option<String>,
    text: String,
}

pub(super) fn read(reader: impl Read, input: &Input, send: Send) -> Result<(), String> {
    let text = text(reader)?;
    let mut cues = Vec::new();
    let mut number = 1;
    for block in text.split("\n\n") {
        let line = number;
        number += block.matches('\n').count() + 2;
        match cue(block) {
            Some(Ok(cue)) => cues.push(cue),
            Some(Err(reason)) => {
                send(Found::broken(Kind::File, format!("line {line}"), reason));
            }
            None => {}
        }
    }
    let texts: Vec<&str> = cues.iter().map(|cue| cue.text.as_str()).collect();
    let is_named = has_names(&texts);
    let said = cues.into_iter().map(|cue| cue.said(is_named)).filter(|said| !said.text.is_empty()).collect();
    let speech = Speech { said, ..transcript(input, &text) };
    send(Found::new(Kind::Conversation, String::new(), speech.into_item()));
    Ok(())
}

/// The cue of a block; `None` for what is none: the heading, notes, styles.
fn cue(block: &str) -> Option<Result<Cue, String>> {
    let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let first = *lines.peek()?;
    if ["WEBVTT", "NOTE", "STYLE", "REGION"].iter().any(|word| first.starts_with(word)) && !first.contains("-->") {
        return None;
    }
    let Some(times) = lines.by_ref().take(2).find(|line| line.contains("-->")) else {
        return Some(Err("a cue without times".into()));
    };
    let time = |text: Option<&str>| text.and_then(|text| clock(text.split_whitespace().next()?));
    let mut ends = times.split("-->");
    let (Some(start), Some(end)) = (time(ends.next()), time(ends.next())) else {
        return Some(Err(format!("no times: {times}")));
    };
    let marked = lines.collect::<Vec<_>>().join(" ");
    let voice = marked.split_once("<v").and_then(|(_, rest)| Some(rest.split_once('>')?.0));
    // Classes may stand between: <v.loud Ana>.
    let voice = voice.map(|voice| voice.split_once(' ').map_or("", |(_, name)| name).trim().to_owned());
    Some(Ok(Cue { start, end, voice, text: bare(&marked) }))
}

impl Cue {
    fn said(self, is_named: bool) -> Said {
        let (voice, text) = match (self.voice, split_name(&self.text).filter(|_| is_named)) {
            (Some(name), _) => (Voice::of(&name), self.text.clone()),
            (None, Some((name, words))) => (Voice::of(name), words.to_owned()),
            (None, None) => (Voice::Nobody, self.text.clone()),
        };
        Said { id: None, voice, text, start: Some(self.start), end: Some(self.end) }
    }
}

/// The words without their markup.
fn bare(text: &str) -> String {
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
