//! Searching transcripts, and conversations by what was said in them.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::Transcripts;
use super::index::{KEPT, by_person, by_speaker, id_at, in_conversation, place_of};
use super::read::{ConversationRow, SegmentRow};
use super::times;
use crate::{
    Error, Result,
    outbox::Kind,
    vectors::{Hit, PassageQuery, Query, TimeHint},
};

/// What to look for, and among what.
#[derive(Debug, Clone, Default)]
pub struct TranscriptSearch<'a> {
    /// A question or a few words.
    pub query: &'a str,
    /// Only what was said at or after this time.
    pub after: Option<DateTime<Utc>>,
    /// Only what was said before this time.
    pub before: Option<DateTime<Utc>>,
    /// When what the question speaks of was, as far as its words tell ("last week"): what was said then comes first,
    /// but nothing else is left out. Names of months, and days and years in figures, are found without it.
    pub likely: Option<Range<DateTime<Utc>>>,
    /// Only what this speaker said: a name, or the recogniser's label.
    pub speaker: Option<&'a str>,
    /// Only what this person said.
    pub person: Option<&'a str>,
    /// Only what was said in this conversation.
    pub conversation: Option<&'a str>,
    /// How many to return.
    pub limit: usize,
}

/// A segment that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct TranscriptHit {
    /// The conversation.
    pub conversation_id: String,
    /// What the conversation is called.
    pub conversation_title: String,
    /// The segment.
    pub segment_id: String,
    /// Where it stands in the conversation, from 0.
    pub place: i64,
    /// The name of who said it.
    pub speaker_name: String,
    /// What was said.
    pub text: String,
    /// When.
    pub spoken_at: DateTime<Utc>,
    /// From 0 to 1, higher is better; comparable only within one answer.
    pub score: f32,
}

/// A conversation that answers, by its summary, by what was said in it, or by both.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationMatch {
    /// The conversation.
    pub conversation_id: String,
    /// From 0 to 1, higher is better; comparable only within one answer.
    pub score: f32,
    /// The best of what was said in it, best first.
    pub said: Vec<TranscriptHit>,
}

/// How strongly a time that was understood from the words speaks for what was said then: one of so many days at most.
const UNDERSTOOD: [(i64, f32); 3] = [(2, 0.75), (45, 0.5), (i64::MAX, 0.15)];
/// How many segments stand for what was said when conversations are searched.
const SEGMENTS: usize = 60;
/// How many segments a found conversation shows.
const SNIPPETS: usize = 3;
/// What a segment must reach of the best one's score to be shown.
const WORTH_SHOWING: f32 = 0.6;
/// How much a conversation's summary counts beside what was said in it.
const SUMMARY: f32 = 0.4;

impl Transcripts<'_> {
    /// The segments that answer best, best first.
    pub async fn search(&self, search: &TranscriptSearch<'_>) -> Result<Vec<TranscriptHit>> {
        let embedding = match self.index.embedder.encode_query(search.query).await {
            Ok(embedding) => Some(embedding),
            Err(Error::Unavailable(_)) => None,
            Err(error) => return Err(error),
        };
        let mut labels = vec![KEPT.to_owned()];
        labels.extend(search.conversation.map(in_conversation));
        labels.extend(search.person.map(by_person));
        labels.extend(search.speaker.map(by_speaker));
        let query = PassageQuery {
            user: self.user,
            text: search.query,
            embedding: embedding.as_deref(),
            labels: &labels,
            after: search.after.map(|time| time.timestamp()),
            before: search.before.map(|time| time.timestamp() - 1),
            time_hints: &search.times(),
            // A row can have gone since it was indexed: a few more fill the page.
            limit: search.limit + 5,
        };
        let hits = self.index.vectors.search_passages(&query).await?;
        let mut found = self.read_hits(hits).await?;
        found.truncate(search.limit);
        Ok(found)
    }

    /// The conversations that answer best, by their summaries and by what was said in them, best first.
    pub async fn search_conversations(&self, search: &TranscriptSearch<'_>) -> Result<Vec<ConversationMatch>> {
        let dense = self.index.meaning_of(search.query).await?;
        let query = Query {
            user: self.user,
            kind: Kind::Conversation,
            text: search.query,
            dense: dense.as_deref(),
            categories: &[],
            after: search.after.map(|time| time.timestamp()),
            before: search.before.map(|time| time.timestamp() - 1),
            limit: SEGMENTS,
        };
        let summaries = self.index.vectors.search(&query).await?;
        let said = self.search(&TranscriptSearch { limit: SEGMENTS, ..search.clone() }).await?;
        let mut matches = fuse(summaries, said);
        matches.truncate(search.limit);
        Ok(matches)
    }

    /// What was said at these places of these conversations, in their order; what is not there is left out.
    pub async fn said_at(&self, places: &[(String, i64)]) -> Result<Vec<TranscriptHit>> {
        let hit = |(conversation, place): &(String, i64)| Hit { id: id_at(conversation, *place), score: 0.0 };
        self.read_hits(places.iter().map(hit).collect()).await
    }

    async fn read_hits(&self, hits: Vec<Hit>) -> Result<Vec<TranscriptHit>> {
        let places: Vec<(&str, i64)> = hits.iter().filter_map(|hit| place_of(&hit.id)).collect();
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let (segments, conversations) = self.index.read_segments(self.user, &places).await?;
        let names = self.index.names_in(self.user, &segments).await?;
        let segments: HashMap<(&str, i64), &SegmentRow> =
            segments.iter().map(|segment| ((segment.conversation.as_str(), segment.place), segment)).collect();
        let conversations: HashMap<&str, &ConversationRow> =
            conversations.iter().map(|conversation| (conversation.key.as_str(), conversation)).collect();
        let read = |hit: &Hit| {
            let place = place_of(&hit.id)?;
            let (segment, conversation) = (segments.get(&place)?, conversations.get(place.0)?);
            Some(TranscriptHit {
                conversation_id: conversation.key.clone(),
                conversation_title: conversation.title.clone(),
                segment_id: segment.sid.clone(),
                place: segment.place,
                speaker_name: segment.speaker_name(&names),
                text: segment.text.clone(),
                spoken_at: conversation.at + TimeDelta::milliseconds((segment.start * 1e3) as i64),
                score: hit.score,
            })
        };
        Ok(hits.iter().filter_map(read).collect())
    }
}

impl TranscriptSearch<'_> {
    fn times(&self) -> Vec<TimeHint> {
        let mut times = times::likely(self.query, crate::now().date_naive());
        times.extend(self.likely.as_ref().map(|range| {
            let days = (range.end - range.start).num_days();
            let weight = UNDERSTOOD.iter().find(|(most, _)| days <= *most).map_or(0.0, |(_, weight)| *weight);
            TimeHint { from: range.start.timestamp(), to: range.end.timestamp() - 1, weight }
        }));
        times
    }
}

/// One list of conversations out of hits among summaries and hits among segments, each leg by its best. A conversation
/// counts by its best segment: a long one has more chances already.
fn fuse(summaries: Vec<Hit>, said: Vec<TranscriptHit>) -> Vec<ConversationMatch> {
    let best = |scores: &mut dyn Iterator<Item = f32>| scores.fold(f32::MIN_POSITIVE, f32::max);
    let best_said = best(&mut said.iter().map(|hit| hit.score));
    let best_summary = best(&mut summaries.iter().map(|hit| hit.score));
    let mut matches: HashMap<String, ConversationMatch> = HashMap::new();
    let empty = |id: &str| ConversationMatch { conversation_id: id.to_owned(), score: 0.0, said: Vec::new() };
    for hit in said {
        let found = matches.entry(hit.conversation_id.clone()).or_insert_with(|| empty(&hit.conversation_id));
        let share = hit.score / best_said;
        found.score = found.score.max((1.0 - SUMMARY) * share);
        if found.said.len() < SNIPPETS && (found.said.is_empty() || share >= WORTH_SHOWING) {
            found.said.push(hit);
        }
    }
    for hit in summaries {
        let found = matches.entry(hit.id.clone()).or_insert_with(|| empty(&hit.id));
        found.score += SUMMARY * hit.score / best_summary;
    }
    let mut matches: Vec<_> = matches.into_values().collect();
    matches.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.conversation_id.cmp(&b.conversation_id)));
    matches
}
