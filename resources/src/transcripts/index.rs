//! Bringing the index up to a transcript.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::read::{ConversationRow, Names, SegmentRow};
use crate::{
    Index, Result,
    embedder::Embedding,
    outbox::Kind,
    vectors::{DialogueAct, Document, Passage, SpeechPassage, TokenSignatures},
};

/// How much of a transcript is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IndexLevel {
    /// Its words only, which takes no time.
    Lexical,
    /// Its embeddings as well.
    Dense,
}

/// How many segments are read by the model at a time.
const BATCH: usize = 128;
/// The segments around one that are its context, and the share that their words have in its own.
const AROUND: [(isize, f32); 4] = [(-2, 0.25), (-1, 0.5), (1, 0.5), (2, 0.25)];
/// How much of the segment before is read by the model as the context of a segment, in bytes.
const BEFORE: usize = 300;
/// The label of all that is not discarded.
pub(super) const KEPT: &str = "kept";

/// A segment to be indexed.
#[derive(Clone)]
struct Draft {
    passage: SpeechPassage,
    /// What the model reads: the segment with the one before it.
    reading: String,
    /// The byte at which the segment itself begins in that.
    from: usize,
}

impl Index {
    /// Makes a changed transcript findable by its words, before the call that changed it returns. Its meaning follows,
    /// as the outbox says.
    pub(crate) async fn index_transcript(&self, user: &str, conversation: &str) {
        let outcome = self.learn_transcript(user, conversation, IndexLevel::Lexical).await;
        self.outbox.later(outcome.map(drop));
    }

    /// Brings the index up to what a conversation's transcript is now; says how many segments had changed.
    pub(crate) async fn learn_transcript(&self, user: &str, conversation: &str, level: IndexLevel) -> Result<usize> {
        let (drafts, whole) = match self.read_transcript(user, conversation).await? {
            Some((row, segments)) => {
                let names = self.names_in(user, &segments).await?;
                (drafts(user, &row, &segments, &names), whole(user, &row, &segments))
            }
            None => (Vec::new(), None),
        };
        let known = self.vectors.digests(user, &in_conversation(conversation)).await?;
        let changed: Vec<Draft> = drafts.iter().filter(|draft| !draft.is_known(&known, level)).cloned().collect();
        let ids: HashSet<&str> = drafts.iter().map(|draft| draft.passage.document.id.as_str()).collect();
        let gone: Vec<String> = known.into_keys().filter(|id| !ids.contains(id.as_str())).collect();
        let count = changed.len();
        match level {
            IndexLevel::Lexical => self.write_words(changed).await?,
            IndexLevel::Dense => self.write_meanings(changed).await?,
        }
        self.vectors.delete(user, Kind::Segment, &gone).await?;
        match whole {
            Some(document) => self.vectors.upsert(&[document]).await?,
            None => self.vectors.delete(user, Kind::Transcript, &[conversation.to_owned()]).await?,
        }
        Ok(count)
    }

    async fn write_words(&self, drafts: Vec<Draft>) -> Result<()> {
        let passages: Vec<SpeechPassage> =
            drafts.into_iter().map(|draft| draft.at(IndexLevel::Lexical, None)).collect();
        self.vectors.upsert_passages(&passages).await
    }

    async fn write_meanings(&self, mut drafts: Vec<Draft>) -> Result<()> {
        while !drafts.is_empty() {
            let rest = drafts.split_off(drafts.len().min(BATCH));
            let readings = drafts.iter().map(|draft| draft.reading.clone()).collect();
            let embeddings = self.embedder.encode_documents(readings).await?;
            let passages = drafts
                .into_iter()
                .zip(embeddings)
                .map(|(draft, embedding)| draft.at(IndexLevel::Dense, Some(embedding)));
            self.vectors.upsert_passages(&passages.collect::<Vec<_>>()).await?;
            drafts = rest;
        }
        Ok(())
    }
}

impl Draft {
    /// Whether the index holds it as it is, at this level or deeper.
    fn is_known(&self, known: &HashMap<String, String>, level: IndexLevel) -> bool {
        let digest = &self.passage.passage.digest;
        let is = |level: IndexLevel, known: &String| *known == level.mark(digest);
        known.get(&self.passage.document.id).is_some_and(|known| {
            is(IndexLevel::Dense, known) || level == IndexLevel::Lexical && is(IndexLevel::Lexical, known)
        })
    }

    /// What is written of it.
    fn at(mut self, level: IndexLevel, embedding: Option<Embedding>) -> SpeechPassage {
        self.passage.passage.digest = level.mark(&self.passage.passage.digest);
        if let Some(embedding) = embedding {
            // Words of the segment before have done their part as context.
            self.passage.passage.signatures =
                TokenSignatures::of(embedding.tokens.iter().filter(|token| token.start >= self.from));
            self.passage.document.dense = Some(embedding.vector);
        }
        self.passage
    }
}

impl IndexLevel {
    /// The digest of a segment that was indexed to this level.
    fn mark(self, digest: &str) -> String {
        match self {
            Self::Lexical => format!("w{digest}"),
            Self::Dense => format!("m{digest}"),
        }
    }
}

/// The label of a conversation's segments.
pub(super) fn in_conversation(id: &str) -> String {
    format!("conversation:{id}")
}

/// The label of a person's segments.
pub(super) fn by_person(id: &str) -> String {
    format!("person:{id}")
}

/// The label of a speaker's segments, by name or by the recogniser's label.
pub(super) fn by_speaker(name: &str) -> String {
    format!("speaker:{}", name.trim().to_lowercase())
}

/// The index's id of a segment.
fn id_of(segment: &SegmentRow) -> String {
    id_at(&segment.conversation, segment.place)
}

/// The index's id of the segment at this place of a conversation.
pub(super) fn id_at(conversation: &str, place: i64) -> String {
    format!("{conversation}#{place}")
}

/// The conversation and place that an id of the index stands for.
pub(super) fn place_of(id: &str) -> Option<(&str, i64)> {
    let (conversation, place) = id.rsplit_once('#')?;
    Some((conversation, place.parse().ok()?))
}

fn drafts(user: &str, conversation: &ConversationRow, segments: &[SegmentRow], names: &Names) -> Vec<Draft> {
    let draft = |(place, segment): (usize, &SegmentRow)| {
        let speaker = segment.speaker_name(names);
        let before = place.checked_sub(1).map(|place| &segments[place]);
        let (reading, from) = reading(before, segment, names);
        let around = AROUND
            .iter()
            .filter_map(|(step, share)| Some((segments.get(place.checked_add_signed(*step)?)?.text.clone(), *share)));
        let mut labels =
            vec![in_conversation(&segment.conversation), by_speaker(&speaker), by_speaker(&segment.speaker)];
        labels.extend(segment.person_id.as_deref().map(by_person));
        labels.extend((!conversation.discarded).then(|| KEPT.to_owned()));
        labels.dedup();
        let document = Document {
            user: user.to_owned(),
            kind: Kind::Segment,
            id: id_of(segment),
            category: String::new(),
            at: conversation.at.timestamp() + segment.start as i64,
            text: format!("{speaker}: {}", segment.text),
            dense: None,
        };
        let mut passage = Passage {
            labels,
            context: around.collect(),
            parent: segment.conversation.clone(),
            act: DialogueAct::of(before.map(|before| before.text.as_str()), &segment.text),
            speaker,
            ..Passage::default()
        };
        passage.digest = digest(&document, &passage, &reading);
        Draft { passage: SpeechPassage { document, passage }, reading, from }
    };
    segments.iter().enumerate().map(draft).collect()
}

/// What the model reads of a segment, with the end of what was said before it, and where the segment itself begins.
fn reading(before: Option<&SegmentRow>, segment: &SegmentRow, names: &Names) -> (String, usize) {
    let line = |segment: &SegmentRow| format!("{}: {}", segment.speaker_name(names), segment.text);
    let mut reading = before.map(|before| line(before) + "\n").unwrap_or_default();
    let cut = reading.ceil_char_boundary(reading.len().saturating_sub(BEFORE));
    reading.drain(..cut);
    let from = reading.len();
    reading.push_str(&line(segment));
    (reading, from)
}

/// What tells one state of a segment from another, in the index: a short hash.
fn digest(document: &Document, passage: &Passage, reading: &str) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(&document.text);
    part(&document.at.to_string());
    part(reading);
    passage.labels.iter().for_each(|label| part(label));
    passage.context.iter().for_each(|(text, _)| part(text));
    hex::encode(&hash.finalize()[..8])
}

/// All that was said in a conversation, as one document; nothing if nothing was.
fn whole(user: &str, conversation: &ConversationRow, segments: &[SegmentRow]) -> Option<Document> {
    let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
    (!segments.is_empty()).then(|| Document {
        user: user.to_owned(),
        kind: Kind::Transcript,
        id: conversation.key.clone(),
        category: String::new(),
        at: conversation.at.timestamp(),
        text: texts.join("\n"),
        dense: None,
    })
}

/// Indexes a conversation with meanings that are made up, to measure without a model.
#[cfg(test)]
pub(super) async fn make_up(index: &Index, user: &str, conversation: &str, meanings: Vec<Vec<f32>>) {
    let (row, segments) = index.read_transcript(user, conversation).await.unwrap().unwrap();
    let names = index.names_in(user, &segments).await.unwrap();
    let token = |vector: &Vec<f32>| crate::embedder::TokenEmbedding {
        start: usize::MAX,
        end: usize::MAX,
        vector: vector.clone(),
    };
    let tokens = |place: usize| meanings.iter().cycle().skip(7 * place).take(25).map(token).collect();
    let passages: Vec<SpeechPassage> = drafts(user, &row, &segments, &names)
        .into_iter()
        .enumerate()
        .map(|(place, draft)| {
            let embedding = Embedding { vector: meanings[place].clone(), tokens: tokens(place) };
            draft.at(IndexLevel::Dense, Some(embedding))
        })
        .collect();
    index.vectors.upsert_passages(&passages).await.unwrap();
}
