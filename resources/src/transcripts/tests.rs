use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value as JsonValue, json};

use super::*;
use crate::database::Bound;
use crate::http::loopback;
use crate::models::{ModelSources, tests::cached_models};
use crate::outbox::{self, Kind};
use crate::{EmbedderSettings, Settings};

/// A segment as these tests write it: the speaker's place among the speakers, and the text.
type Line<'a> = (usize, &'a str);

/// What `conversations.rs` writes of a conversation and its segments, as far as search reads it.
async fn write(resources: &Resources, user: &str, id: &str, at: DateTime<Utc>, names: &[&str], lines: &[Line<'_>]) {
    let _writing = resources.outbox.writing().await;
    let people: Vec<JsonValue> = names.iter().map(|name| json!({ "key": name.to_lowercase(), "name": name })).collect();
    let segments: Vec<JsonValue> = lines
        .iter()
        .enumerate()
        .map(|(place, (speaker, text))| {
            json!({
                "place": place, "sid": format!("{id}-{place}"), "text": text, "speaker": format!("SPEAKER_0{speaker}"),
                "speaker_id": speaker, "is_user": *speaker == 0, "person_id": names[*speaker].to_lowercase(),
                "start": 10.0 * place as f64, "end": 10.0 * place as f64 + 9.0,
            })
        })
        .collect();
    let statements = "DEFINE TABLE IF NOT EXISTS person;
        BEGIN;
        FOR $person IN $people { UPSERT person:[$user, $person.key] SET name = $person.name; };
        UPSERT conversation:[$user, $id] SET user = $user, created_at = $at, started_at = $at, status = 'completed',
            discarded = false, structured = { title: 'About ' + $id };
        DELETE segment:[$user, $id, NONE]..=[$user, $id, {}];
        FOR $s IN $segments {
            CREATE segment:[$user, $id, $s.place] CONTENT {
                user: $user, conversation: $id, place: $s.place, sid: $s.sid, text: $s.text, speaker: $s.speaker,
                speaker_id: $s.speaker_id, is_user: $s.is_user, person_id: $s.person_id,
                start: <float> $s.start, end: <float> $s.end
            };
        };
        INSERT INTO outbox $outbox;
        COMMIT;";
    let bound = Bound::new()
        .with("user", user)
        .with("id", id)
        .with("at", at)
        .with("people", people)
        .with("segments", segments)
        .with("outbox", outbox::rows(Kind::Segment, user, &[id.to_owned()]));
    resources.database.run(statements, bound).await.unwrap();
    resources.transcripts(user).index_words_of(id).await;
}

async fn open(folder: &std::path::Path) -> std::sync::Arc<Resources> {
    let sources = ModelSources { folder: Some(cached_models().await), hub: loopback::closed() };
    let embedder = EmbedderSettings { sources, ..EmbedderSettings::default() };
    Resources::open(&Settings { data: folder.to_owned(), embedder, ..Settings::default() }).await.unwrap()
}

async fn settled(resources: &Resources) {
    while resources.pending().await.unwrap() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn ids(hits: &[TranscriptHit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.segment_id.as_str()).collect()
}

#[derive(Deserialize)]
struct Talk {
    id: String,
    speakers: Vec<String>,
    sessions: Vec<Session>,
    questions: Vec<Question>,
}

#[derive(Deserialize)]
struct Session {
    date_time: String,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    id: String,
    speaker: String,
    text: String,
    image_caption: Option<String>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    category: usize,
    evidence: Vec<JsonValue>,
}

/// Recall over dialogues in the form of LoCoMo, whose file `RECOLLECT_DIALOGUES` names.
#[tokio::test]
#[ignore = "measures, on data that is not part of the repository"]
async fn recall_over_dialogues() {
    let file = std::fs::read(std::env::var("RECOLLECT_DIALOGUES").unwrap()).unwrap();
    let talks: Vec<Talk> = serde_json::from_slice(&file).unwrap();
    let (mut recalls, mut waits, mut loading) = (Vec::new(), Vec::new(), std::time::Duration::ZERO);
    for talk in talks.iter().take(std::env::var("TALKS").map_or(9, |n| n.parse().unwrap())) {
        let folder = tempfile::tempdir().unwrap();
        let resources = open(folder.path()).await;
        let begun = std::time::Instant::now();
        let mut turns = std::collections::HashMap::new();
        for (number, session) in talk.sessions.iter().enumerate() {
            let at = chrono::NaiveDateTime::parse_from_str(&session.date_time, "%I:%M %p on %d %B, %Y").unwrap().and_utc();
            let texts: Vec<String> = session
                .turns
                .iter()
                .map(|turn| match &turn.image_caption {
                    Some(caption) => format!("{} [shared image: {caption}]", turn.text),
                    None => turn.text.clone(),
                })
                .collect();
            let speaker = |turn: &Turn| talk.speakers.iter().position(|name| *name == turn.speaker).unwrap();
            let lines: Vec<Line> = session.turns.iter().zip(&texts).map(|(turn, text)| (speaker(turn), text.as_str())).collect();
            let names: Vec<&str> = talk.speakers.iter().map(String::as_str).collect();
            let id = format!("s{number}");
            for (place, turn) in session.turns.iter().enumerate() {
                turns.insert(turn.id.clone(), format!("{id}-{place}"));
            }
            write(&resources, "reader", &id, at, &names, &lines).await;
        }
        settled(&resources).await;
        loading += begun.elapsed();
        let count = recalls.len();
        for question in &talk.questions {
            let gold: std::collections::HashSet<&String> = question.evidence.iter().flat_map(|one| named(one.as_str().unwrap_or_default())).filter_map(|id| turns.get(&id)).collect();
            if gold.is_empty() {
                continue;
            }
            let search = TranscriptSearch { query: &question.question, limit: 20, ..TranscriptSearch::default() };
            let begun = std::time::Instant::now();
            let hits = resources.transcripts("reader").search(&search).await.unwrap();
            waits.push(begun.elapsed());
            let at = |k: usize| hits.iter().take(k).filter(|hit| gold.contains(&hit.segment_id)).count() as f64 / gold.len() as f64;
            recalls.push((question.category, [at(5), at(10), at(20)]));
        }
        let mean = |k: usize| recalls[count..].iter().map(|(_, r)| r[k]).sum::<f64>() / (recalls.len() - count) as f64;
        println!("{}: {:.4} {:.4} {:.4}", talk.id, mean(0), mean(1), mean(2));
        resources.close().await.unwrap();
    }
    waits.sort();
    for category in 0..=5 {
        let some: Vec<_> = recalls.iter().filter(|(c, _)| category == 0 || *c == category).map(|(_, r)| r).collect();
        let mean = |k: usize| some.iter().map(|r| r[k]).sum::<f64>() / some.len() as f64;
        println!("category {category}: {:.4} {:.4} {:.4} of {}", mean(0), mean(1), mean(2), some.len());
    }
    println!("p50 {:?} p95 {:?} loading {loading:?}", waits[waits.len() / 2], waits[waits.len() * 95 / 100]);
}

/// The turns that a piece of evidence names, such as `D8:6; D9:17`.
fn named(evidence: &str) -> Vec<String> {
    let parts: Vec<&str> = evidence.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let turn = |pair: &[&str]| {
        let session: u32 = pair[0].strip_prefix('D')?.parse().ok()?;
        Some(format!("D{session}:{}", pair[1].parse::<u32>().ok()?))
    };
    parts.windows(2).filter_map(turn).collect()
}
