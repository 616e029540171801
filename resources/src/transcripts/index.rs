//! Indexing of transcripts.

use std::collections::{HashMap, HashSet};

use futures::FutureExt;
use sha2::{Digest, Sha256};

use super::read::Names;
use crate::{
    Index, Result,
    conversations::{ConversationRow, SegmentRow},
    embedder::Embedding,
    index::{IndexLevel, IndexedNoun, Indexing},
    vectors::{DialogueAct, Document, Kind, Passage, SpeechPassage, TokenSignatures},
};

/// Transcripts in the index, by their segments.
pub(crate) const INDEXED: IndexedNoun = IndexedNoun {
    kind: Kind::Segment,
    // A transcript's outbox rows name its conversation.
    table: "conversation",
    key: "cid",
    indexing: Indexing::Passages(|index, key, level| {
        index.load_and_index_transcript(&key.user, &key.key, level).boxed()
    }),
};

/// How many segments are embedded at a time.
const BATCH_SIZE: usize = 128;
/// The neighbours of a segment that are its context, and the weight of their words relative to its own.
const CONTEXT: [(isize, f32); 4] = [(-2, 0.25), (-1, 0.5), (1, 0.5), (2, 0.25)];
/// How much of a neighbour is context, in bytes.
const MAX_CONTEXT_BYTES: usize = 4096;
/// How much of the segment before is embedded with a segment, in bytes.
const MAX_PRECEDING_BYTES: usize = 300;
/// The label of segments whose conversation is not discarded.
pub(super) const KEPT_LABEL: &str = "kept";

/// A segment to be indexed.
#[derive(Clone)]
struct Draft {
    passage: SpeechPassage,
    /// The text that is embedded: the segment after the one before it.
    input: String,
    /// The byte at which the segment itself begins in that.
    offset: usize,
}

impl Index {
    /// Indexes the words of a changed transcript before the call that changed it returns. The worker adds the
    /// embeddings.
    pub(crate) async fn refresh_transcript(&self, user: &str, conversation: &str) {
        let indexed = self.load_and_index_transcript(user, conversation, IndexLevel::Lexical).await;
        self.outbox.defer(indexed.map(drop));
    }

    /// Indexes a conversation's transcript as it is in the database; returns how many segments had changed.
    pub(crate) async fn load_and_index_transcript(
        &self,
        user: &str,
        conversation: &str,
        level: IndexLevel,
    ) -> Result<usize> {
        match self.read_transcript(user, conversation).await? {
            Some((conversation, segments)) => self.index_transcript(&conversation, &segments, level).await,
            None => {
                self.update_segments(user, conversation, Vec::new(), level).await?;
                self.vectors.delete(user, Kind::Transcript, &[conversation.to_owned()]).await?;
                Ok(0)
            }
        }
    }

    /// Indexes a conversation's transcript; returns how many segments had changed.
    pub(crate) async fn index_transcript(
        &self,
        conversation: &ConversationRow,
        segments: &[SegmentRow],
        level: IndexLevel,
    ) -> Result<usize> {
        let (user, id) = (&*conversation.user, &*conversation.cid);
        let names = self.names_in(user, segments).await?;
        let changed = self.update_segments(user, id, drafts(conversation, segments, &names), level).await?;
        match transcript_document(conversation, segments) {
            Some(document) => self.vectors.upsert(&[document]).await?,
            None => self.vectors.delete(user, Kind::Transcript, &[id.to_owned()]).await?,
        }
        Ok(changed)
    }

    /// Writes the segments that differ from those in the index, and removes those that are gone.
    async fn update_segments(
        &self,
        user: &str,
        conversation: &str,
        drafts: Vec<Draft>,
        level: IndexLevel,
    ) -> Result<usize> {
        let digests = self.vectors.digests(user, &conversation_label(conversation)).await?;
        let ids: HashSet<&str> = drafts.iter().map(|draft| draft.passage.document.id.as_str()).collect();
        let gone: Vec<String> = digests.keys().filter(|id| !ids.contains(id.as_str())).cloned().collect();
        let changed: Vec<Draft> = drafts.into_iter().filter(|draft| !draft.is_indexed(&digests, level)).collect();
        let count = changed.len();
        match level {
            IndexLevel::Lexical => self.write_words(changed).await?,
            IndexLevel::Dense => self.write_embeddings(changed).await?,
        }
        self.vectors.delete(user, Kind::Segment, &gone).await?;
        Ok(count)
    }

    async fn write_words(&self, drafts: Vec<Draft>) -> Result<()> {
        let passages: Vec<SpeechPassage> = drafts.into_iter().map(|draft| draft.into_passage(None)).collect();
        self.vectors.upsert_passages(&passages).await
    }

    async fn write_embeddings(&self, mut drafts: Vec<Draft>) -> Result<()> {
        while !drafts.is_empty() {
            let rest = drafts.split_off(drafts.len().min(BATCH_SIZE));
            let inputs = drafts.iter().map(|draft| draft.input.clone()).collect();
            let embeddings = self.embedder.encode_documents(inputs).await?;
            let drafts_with = drafts.into_iter().zip(embeddings);
            let passages: Vec<SpeechPassage> =
                drafts_with.map(|(draft, embedding)| draft.into_passage(Some(embedding))).collect();
            self.vectors.upsert_passages(&passages).await?;
            drafts = rest;
        }
        Ok(())
    }
}

impl Draft {
    /// Whether the index holds it as it is, at this level or a higher one.
    fn is_indexed(&self, digests: &HashMap<String, String>, level: IndexLevel) -> bool {
        let digest = &self.passage.passage.digest;
        let is = |level: IndexLevel, indexed: &String| *indexed == level_digest(level, digest);
        digests.get(&self.passage.document.id).is_some_and(|indexed| {
            is(IndexLevel::Dense, indexed) || level == IndexLevel::Lexical && is(IndexLevel::Lexical, indexed)
        })
    }

    /// The passage that is written, with its embedding or without.
    fn into_passage(mut self, embedding: Option<Embedding>) -> SpeechPassage {
        let level = if embedding.is_some() { IndexLevel::Dense } else { IndexLevel::Lexical };
        let SpeechPassage { document, passage } = &mut self.passage;
        passage.digest = level_digest(level, &passage.digest);
        if let Some(embedding) = embedding {
            // Tokens of the segment before served as context only.
            let tokens = embedding.tokens.iter().filter(|token| token.start >= self.offset);
            passage.signatures = TokenSignatures::of(tokens);
            document.dense = Some(embedding.vector);
        }
        self.passage
    }
}

/// The digest of a segment that was indexed at a level.
fn level_digest(level: IndexLevel, digest: &str) -> String {
    match level {
        IndexLevel::Lexical => format!("w{digest}"),
        IndexLevel::Dense => format!("m{digest}"),
    }
}

/// The label of a conversation's segments.
pub(super) fn conversation_label(id: &str) -> String {
    format!("conversation:{id}")
}

/// The label of a person's segments.
pub(super) fn person_label(id: &str) -> String {
    format!("person:{id}")
}

/// The label of a speaker's segments, by name or by the recogniser's label.
pub(super) fn speaker_label(name: &str) -> String {
    format!("speaker:{}", name.trim().to_lowercase())
}

/// The id in the index of the segment at this place of a conversation.
pub(super) fn segment_id(conversation: &str, place: i64) -> String {
    format!("{conversation}#{place}")
}

/// The conversation and place in an id of the index.
pub(super) fn parse_segment_id(id: &str) -> Option<(&str, i64)> {
    let (conversation, place) = id.rsplit_once('#')?;
    Some((conversation, place.parse().ok()?))
}

fn drafts(conversation: &ConversationRow, segments: &[SegmentRow], names: &Names) -> Vec<Draft> {
    let draft = |(index, segment): (usize, &SegmentRow)| {
        let speaker = segment.speaker_name(names);
        let before = index.checked_sub(1).map(|index| &segments[index]);
        let (input, offset) = embedding_input(before, segment, names);
        let context = CONTEXT
            .iter()
            .filter_map(|(step, weight)| Some((&segments.get(index.checked_add_signed(*step)?)?.text, *weight)))
            .map(|(text, weight)| (text[..text.floor_char_boundary(MAX_CONTEXT_BYTES)].to_owned(), weight));
        let mut labels =
            vec![conversation_label(&segment.conversation), speaker_label(&speaker), speaker_label(&segment.speaker)];
        labels.extend(segment.person_id.as_deref().map(person_label));
        labels.extend((!conversation.discarded).then(|| KEPT_LABEL.to_owned()));
        labels.dedup();
        let document = Document {
            user: conversation.user.clone(),
            kind: Kind::Segment,
            id: segment_id(&segment.conversation, segment.place),
            category: String::new(),
            at: conversation.start().timestamp() + segment.start as i64,
            text: format!("{speaker}: {}", segment.text),
            dense: None,
        };
        let mut passage = Passage {
            labels,
            context: context.collect(),
            parent: segment.conversation.clone(),
            act: DialogueAct::of(before.map(|before| before.text.as_str()), &segment.text),
            speaker,
            ..Passage::default()
        };
        passage.digest = digest(&document, &passage, &input);
        Draft { passage: SpeechPassage { document, passage }, input, offset }
    };
    segments.iter().enumerate().map(draft).collect()
}

/// The text that is embedded for a segment: it follows the end of the segment before it; and the byte at which it begins.
fn embedding_input(before: Option<&SegmentRow>, segment: &SegmentRow, names: &Names) -> (String, usize) {
    let line = |segment: &SegmentRow| format!("{}: {}", segment.speaker_name(names), segment.text);
    let mut input = before.map(|before| line(before) + "\n").unwrap_or_default();
    let cut = input.ceil_char_boundary(input.len().saturating_sub(MAX_PRECEDING_BYTES));
    input.drain(..cut);
    let offset = input.len();
    input.push_str(&line(segment));
    (input, offset)
}

/// A short hash of all that is indexed of a segment.
fn digest(document: &Document, passage: &Passage, input: &str) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(&document.text);
    part(&document.at.to_string());
    part(input);
    passage.labels.iter().for_each(|label| part(label));
    passage.context.iter().for_each(|(text, _)| part(text));
    hex::encode(&hash.finalize()[..8])
}

/// The whole transcript as one document; none if it is empty.
fn transcript_document(conversation: &ConversationRow, segments: &[SegmentRow]) -> Option<Document> {
    let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
    (!segments.is_empty()).then(|| Document {
        user: conversation.user.clone(),
        kind: Kind::Transcript,
        id: conversation.cid.clone(),
        category: String::new(),
        at: conversation.start().timestamp(),
        text: texts.join("\n"),
        dense: None,
    })
}

/// Indexes a conversation with made-up vectors, to measure without a model.
#[cfg(test)]
pub(super) async fn index_with_vectors(index: &Index, user: &str, conversation: &str, vectors: Vec<Vec<f32>>) {
    let (row, segments) = index.read_transcript(user, conversation).await.unwrap().unwrap();
    let names = index.names_in(user, &segments).await.unwrap();
    let token = |vector: &Vec<f32>| crate::embedder::TokenEmbedding {
        start: usize::MAX,
        end: usize::MAX,
        vector: vector.clone(),
    };
    let tokens = |place: usize| vectors.iter().cycle().skip(7 * place).take(25).map(token).collect();
    let passages: Vec<SpeechPassage> = drafts(&row, &segments, &names)
        .into_iter()
        .enumerate()
        .map(|(place, draft)| {
            draft.into_passage(Some(Embedding { vector: vectors[place].clone(), tokens: tokens(place) }))
        })
        .collect();
    index.vectors.upsert_passages(&passages).await.unwrap();
}
