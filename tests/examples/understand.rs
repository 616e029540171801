//! Shows what the local processor makes of real dialogues, and how long it takes.
//!
//! `RECOLLECT_LOCOMO` names the file of dialogues, `RECOLLECT_MODELS` the folder with the embedding model; an argument
//! says how many sessions to show. Without the file, there is nothing to do.

use std::{env, fs, time::Instant};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use language::{
    extraction::{ConversationInput, Extraction},
    zone::UserZone,
};
use resources::{Resources, Settings};
use schemas::conversation::{TextSource, TranscriptSegment};
use serde::Deserialize;
use tools::processing::local_processor;

#[derive(Deserialize)]
struct Dialogue {
    id: String,
    speakers: Vec<String>,
    sessions: Vec<Session>,
}

#[derive(Deserialize)]
struct Session {
    session: u32,
    date_time: String,
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    id: String,
    speaker: String,
    text: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Ok(file) = env::var("RECOLLECT_LOCOMO") else { return Ok(()) };
    let shown: usize = env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10);
    let dialogues: Vec<Dialogue> = serde_json::from_str(&fs::read_to_string(file)?)?;
    let folder = tempfile::tempdir()?;
    let mut settings = Settings { data: folder.path().to_owned(), ..Settings::default() };
    settings.embedder.sources.folder = env::var_os("RECOLLECT_MODELS").map(Into::into);
    let resources = Resources::open(&settings).await?;
    let (mut times, mut number) = (Vec::new(), 0);
    for dialogue in &dialogues {
        for session in &dialogue.sessions {
            number += 1;
            let segments = segments(session, &dialogue.speakers[0]);
            let started_at = date(&session.date_time)?;
            let input = ConversationInput {
                segments: &segments,
                text: None,
                text_source: TextSource::AudioTranscript,
                started_at,
                finished_at: started_at + TimeDelta::minutes(10),
                time_zone: UserZone::default(),
                language: Some("en"),
                open_items: &[],
                folders: &[],
                can_discard: true,
                user_name: None,
            };
            let start = Instant::now();
            let extraction = local_processor::process(&input, &resources).await?;
            times.push((start.elapsed(), segments.len()));
            // One of each part of the collection.
            if number % (128 / shown).max(1) == 0 {
                show(&dialogue.id, session, &extraction);
            }
        }
    }
    times.sort();
    let total: f64 = times.iter().map(|(time, _)| time.as_secs_f64()).sum();
    let turns: usize = times.iter().map(|(_, turns)| turns).sum();
    let at = |part: usize| times[(times.len() - 1) * part / 100].0.as_secs_f64() * 1e3;
    println!("{} conversations, {turns} turns: {:.1} ms on average", times.len(), total * 1e3 / times.len() as f64);
    println!("p50 {:.1} ms, p95 {:.1} ms, p100 {:.1} ms", at(50), at(95), at(100));
    resources.close().await?;
    Ok(())
}

fn show(id: &str, session: &Session, extraction: &Extraction) {
    println!("== {id} session {} ({}, {} turns)", session.session, session.date_time, session.turns.len());
    println!(
        "{} {} [{:?}]{}",
        extraction.emoji,
        extraction.title,
        extraction.category,
        if extraction.discard { " DISCARDED" } else { "" }
    );
    println!("   {}", extraction.overview);
    extraction.action_items.iter().for_each(|item| println!(" - {} ({:?})", item.description, item.due_at));
    extraction.events.iter().for_each(|event| println!(" @ {} {}", event.title, event.start));
    extraction.memories.iter().for_each(|memory| println!(" * {} {:?}", memory.content, memory.segment_ids));
}

fn segments(session: &Session, user: &str) -> Vec<TranscriptSegment> {
    let segment = |(place, turn): (usize, &Turn)| TranscriptSegment {
        id: turn.id.clone(),
        text: turn.text.clone(),
        speaker: format!("SPEAKER_{:02}", i64::from(turn.speaker != user)),
        speaker_id: i64::from(turn.speaker != user),
        speaker_name: turn.speaker.clone(),
        is_user: turn.speaker == user,
        person_id: None,
        start: place as f64 * 8.0,
        end: place as f64 * 8.0 + 7.0,
        translations: Vec::new(),
        speech_profile_processed: true,
        stt_provider: None,
    };
    session.turns.iter().enumerate().map(segment).collect()
}

/// Reads `1:56 pm on 8 May, 2023`.
fn date(text: &str) -> anyhow::Result<DateTime<Utc>> {
    Ok(NaiveDateTime::parse_from_str(text, "%I:%M %p on %d %B, %Y")?.and_utc())
}
