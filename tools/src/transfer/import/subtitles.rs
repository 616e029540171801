//! SRT and WebVTT: each file becomes a conversation. A malformed cue is skipped.

use std::io::Read;

use resources::documents::subtitles::{self, Cue};

use super::{
    Input, ItemKind, Sink,
    input::text,
    item::ParsedItem,
    plain_text::{has_names, split_name, transcript},
    utterances::{SourceConversation, Speaker, Utterance},
};

pub(super) fn read(reader: impl Read, input: &Input, send: Sink) -> Result<(), String> {
    let text = text(reader)?;
    let mut cues = Vec::new();
    for (line, cue) in subtitles::cues(&text) {
        match cue {
            Ok(cue) => cues.push(cue),
            Err(reason) => {
                send(ParsedItem::failed(ItemKind::File, format!("line {line}"), reason));
            }
        }
    }
    let texts: Vec<&str> = cues.iter().map(|cue| cue.text.as_str()).collect();
    let is_named = has_names(&texts);
    let utterances =
        cues.into_iter().map(|cue| into_utterance(cue, is_named)).filter(|said| !said.text.is_empty()).collect();
    let conversation = SourceConversation { utterances, ..transcript(input, &text) };
    send(ParsedItem::new(ItemKind::Conversation, String::new(), conversation.into_item()));
    Ok(())
}

fn into_utterance(cue: Cue, is_named: bool) -> Utterance {
    let (speaker, text) = match (cue.speaker, split_name(&cue.text).filter(|_| is_named)) {
        (Some(name), _) => (Speaker::of(&name), cue.text.clone()),
        (None, Some((name, words))) => (Speaker::of(name), words.to_owned()),
        (None, None) => (Speaker::Unknown, cue.text.clone()),
    };
    Utterance { id: None, speaker, text, start: Some(cue.start), end: Some(cue.end) }
}
