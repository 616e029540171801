//! Search among transcripts, and among conversations by their transcripts.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::Transcripts;
use super::index::{KEPT_LABEL, conversation_label, parse_segment_id, person_label, segment_id, speaker_label};
use super::read::ConversationHeader;
use super::time_hints::time_hints;
use crate::{
    Error, Result,
    conversations::SegmentRow,
    vectors::{Hit, Kind, PassageQuery, Query, TimeHint},
};

/// A search among transcripts.
#[derive(Debug, Clone, Default)]
pub struct TranscriptSearch<'a> {
    /// A question or a few words.
    pub query: &'a str,
    /// Only what was said at or after this time.
    pub after: Option<DateTime<Utc>>,
    /// Only what was said before this time.
    pub before: Option<DateTime<Utc>>,
    /// The time that the query speaks of, as understood from its words ("last week"): what was said then comes first, but
    /// nothing else is left out. Names of months, and days and years in figures, are found without it.
    pub time_hint: Option<Range<DateTime<Utc>>>,
    /// Only what this speaker said: a name, or the recogniser's label.
    pub speaker: Option<&'a str>,
    /// Only what this person said.
    pub person: Option<&'a str>,
    /// Only what was said in this conversation.
    pub conversation: Option<&'a str>,
    /// The maximum number of hits.
    pub limit: usize,
}

/// A segment that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct TranscriptHit {
    /// The conversation's id.
    pub conversation_id: String,
    /// The conversation's title.
    pub conversation_title: String,
    /// The segment's id.
    pub segment_id: String,
    /// The segment's place in the conversation, from 0.
    pub place: i64,
    /// The speaker's name.
    pub speaker_name: String,
    /// The segment's text.
    pub text: String,
    /// When it was said.
    pub spoken_at: DateTime<Utc>,
    /// From 0 to 1, higher is better; comparable only within one result.
    pub score: f32,
}

/// A conversation that was found by its summary, by its transcript, or by both.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationMatch {
    /// The conversation's id.
    pub conversation_id: String,
    /// From 0 to 1, higher is better; comparable only within one result.
    pub score: f32,
    /// Its best segments, best first.
    pub segments: Vec<TranscriptHit>,
}

/// The weight of a time that was understood from the words, by its greatest length in days.
const LIKELY_WEIGHTS: [(i64, f32); 3] = [(2, 0.75), (45, 0.5), (i64::MAX, 0.15)];
/// How many segments and summaries are looked at when conversations are searched.
const MAX_CANDIDATES: usize = 60;
/// How many segments a found conversation shows.
const MAX_SNIPPETS: usize = 3;
/// The minimum score of a shown segment, relative to the best one's.
const MIN_SNIPPET_SCORE: f32 = 0.6;
/// The weight of a conversation's summary; its transcript has the rest.
const SUMMARY_WEIGHT: f32 = 0.4;

impl Transcripts<'_> {
    /// The best segments, best first.
    pub async fn search(&self, search: &TranscriptSearch<'_>) -> Result<Vec<TranscriptHit>> {
        let embedding = match self.index.embedder.encode_query(search.query).await {
            Ok(embedding) => Some(embedding),
            Err(Error::Unavailable(_)) => None,
            Err(error) => return Err(error),
        };
        let mut labels = vec![KEPT_LABEL.to_owned()];
        labels.extend(search.conversation.map(conversation_label));
        labels.extend(search.person.map(person_label));
        labels.extend(search.speaker.map(speaker_label));
        let query = PassageQuery {
            user: self.user,
            text: search.query,
            embedding: embedding.as_deref(),
            labels: &labels,
            after: search.after.map(|time| time.timestamp()),
            before: search.before.map(|time| time.timestamp() - 1),
            time_hints: &search.time_hints(),
            // A row can have gone since it was indexed: a few more fill the page.
            limit: search.limit + 5,
        };
        let hits = self.index.vectors.search_passages(&query).await?;
        let mut found = self.read_hits(hits).await?;
        found.truncate(search.limit);
        Ok(found)
    }

    /// The best conversations by their summaries and transcripts, best first.
    pub async fn search_conversations(&self, search: &TranscriptSearch<'_>) -> Result<Vec<ConversationMatch>> {
        let times = (search.after, search.before);
        let summaries = self.summary_hits(search.query, times, MAX_CANDIDATES).await?;
        let segments = self.search(&TranscriptSearch { limit: MAX_CANDIDATES, ..search.clone() }).await?;
        let mut matches = fuse(summaries, segments);
        matches.truncate(search.limit);
        Ok(matches)
    }

    /// The ids of the conversations with the best summaries, with their scores, 0 to 1, best first.
    pub async fn search_summaries(&self, text: &str, limit: usize) -> Result<Vec<(String, f32)>> {
        let hits = self.summary_hits(text, (None, None), limit).await?;
        Ok(hits.into_iter().map(|hit| (hit.id, hit.score)).collect())
    }

    async fn summary_hits(
        &self,
        text: &str,
        (after, before): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        limit: usize,
    ) -> Result<Vec<Hit>> {
        let dense = self.index.embed_query(text).await?;
        let query = Query {
            user: self.user,
            kind: Kind::Conversation,
            text,
            dense: dense.as_deref(),
            categories: &[],
            ids: None,
            after: after.map(|time| time.timestamp()),
            before: before.map(|time| time.timestamp() - 1),
            limit,
        };
        self.index.vectors.search(&query).await
    }

    /// The segments at these places of these conversations, in their order; those that do not exist are left out.
    pub async fn segments_at(&self, places: &[(String, i64)]) -> Result<Vec<TranscriptHit>> {
        let hit = |(conversation, place): &(String, i64)| Hit { id: segment_id(conversation, *place), score: 0.0 };
        self.read_hits(places.iter().map(hit).collect()).await
    }

    async fn read_hits(&self, hits: Vec<Hit>) -> Result<Vec<TranscriptHit>> {
        let places: Vec<(&str, i64)> = hits.iter().filter_map(|hit| parse_segment_id(&hit.id)).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let (segments, conversations) = self.index.read_segments(self.user, &places).await?;
        let names = self.index.names_in(self.user, &segments).await?;
        let segments: HashMap<(&str, i64), &SegmentRow> =
            segments.iter().map(|segment| ((segment.conversation.as_str(), segment.place), segment)).collect();
        let conversations: HashMap<&str, &ConversationHeader> =
            conversations.iter().map(|conversation| (conversation.cid.as_str(), conversation)).collect();
        let read = |hit: &Hit| {
            let place = parse_segment_id(&hit.id)?;
            let (segment, conversation) = (segments.get(&place)?, conversations.get(place.0)?);
            Some(TranscriptHit {
                conversation_id: conversation.cid.clone(),
                conversation_title: conversation.title.clone(),
                segment_id: segment.sid.clone(),
                place: segment.place,
                speaker_name: segment.speaker_name(&names),
                text: segment.text.clone(),
                spoken_at: conversation.start + TimeDelta::milliseconds((segment.start * 1e3) as i64),
                score: hit.score,
            })
        };
        Ok(hits.iter().filter_map(read).collect())
    }
}

impl TranscriptSearch<'_> {
    fn time_hints(&self) -> Vec<TimeHint> {
        let mut hints = time_hints(self.query, crate::now().date_naive());
        hints.extend(self.time_hint.as_ref().map(|range| {
            let days = (range.end - range.start).num_days();
            let weight = LIKELY_WEIGHTS.iter().find(|(max, _)| days <= *max).map_or(0.0, |(_, weight)| *weight);
            TimeHint { from: range.start.timestamp(), to: range.end.timestamp() - 1, weight }
        }));
        hints
    }
}

/// Fuses hits among summaries and hits among segments, each relative to the best of its kind. A conversation counts by its
/// best segment: a long one has more chances already.
fn fuse(summaries: Vec<Hit>, segments: Vec<TranscriptHit>) -> Vec<ConversationMatch> {
    let best = |scores: &mut dyn Iterator<Item = f32>| scores.fold(f32::MIN_POSITIVE, f32::max);
    let best_segment = best(&mut segments.iter().map(|hit| hit.score));
    let best_summary = best(&mut summaries.iter().map(|hit| hit.score));
    let mut matches: HashMap<String, ConversationMatch> = HashMap::new();
    let empty = |id: &str| ConversationMatch { conversation_id: id.to_owned(), score: 0.0, segments: Vec::new() };
    for hit in segments {
        let found = matches.entry(hit.conversation_id.clone()).or_insert_with(|| empty(&hit.conversation_id));
        let share = hit.score / best_segment;
        found.score = found.score.max((1.0 - SUMMARY_WEIGHT) * share);
        if found.segments.len() < MAX_SNIPPETS && (found.segments.is_empty() || share >= MIN_SNIPPET_SCORE) {
            found.segments.push(hit);
        }
    }
    for hit in summaries {
        let found = matches.entry(hit.id.clone()).or_insert_with(|| empty(&hit.id));
        found.score += SUMMARY_WEIGHT * hit.score / best_summary;
    }
    let mut matches: Vec<_> = matches.into_values().collect();
    matches.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.conversation_id.cmp(&b.conversation_id)));
    matches
}
