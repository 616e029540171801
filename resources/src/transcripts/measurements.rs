//! Recall and latency of transcript search, measured on request.

use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value as JsonValue;

use super::tests::{Line, NAMES, open, search, settled, write};
use super::{TranscriptSearch, index};
use crate::database::Params;
use crate::vectors::Kind;

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
            let at =
                chrono::NaiveDateTime::parse_from_str(&session.date_time, "%I:%M %p on %d %B, %Y").unwrap().and_utc();
            let texts: Vec<String> = session
                .turns
                .iter()
                .map(|turn| match &turn.image_caption {
                    Some(caption) => format!("{} [shared image: {caption}]", turn.text),
                    None => turn.text.clone(),
                })
                .collect();
            let speaker = |turn: &Turn| talk.speakers.iter().position(|name| *name == turn.speaker).unwrap();
            let lines: Vec<Line> =
                session.turns.iter().zip(&texts).map(|(turn, text)| (speaker(turn), text.as_str())).collect();
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
            let gold: std::collections::HashSet<&String> = question
                .evidence
                .iter()
                .flat_map(|one| named(one.as_str().unwrap_or_default()))
                .filter_map(|id| turns.get(&id))
                .collect();
            if gold.is_empty() {
                continue;
            }
            let search = TranscriptSearch { query: &question.question, limit: 20, ..TranscriptSearch::default() };
            let begun = std::time::Instant::now();
            let hits = resources.transcripts("reader").search(&search).await.unwrap();
            waits.push(begun.elapsed());
            let at = |k: usize| {
                hits.iter().take(k).filter(|hit| gold.contains(&hit.segment_id)).count() as f64 / gold.len() as f64
            };
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

/// How long searches take among 50,000 segments of one user, or as many as `RECOLLECT_SEGMENTS` says, of made-up words
/// and meanings, and how many of the truly nearest meanings they find. The data stays in the folder that
/// `RECOLLECT_MANY` names, to be measured again.
#[tokio::test]
#[ignore = "measures"]
async fn latency_among_many_segments() {
    let count: usize = std::env::var("RECOLLECT_SEGMENTS").map_or(50_000, |number| number.parse().unwrap());
    let (passing, kept) = (tempfile::tempdir().unwrap(), std::env::var("RECOLLECT_MANY").map(std::path::PathBuf::from));
    let folder = kept.unwrap_or_else(|_| passing.path().join("many"));
    let fresh = !folder.exists();
    let resources = open(&folder).await;
    let mut chance = 1u64;
    let mut roll = move |below: usize| {
        chance = chance.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (chance >> 33) as usize % below
    };
    let topics: Vec<Vec<f32>> = (0..1000).map(|_| noise(&mut roll)).collect();
    let asked: Vec<Vec<f32>> = (0..100).map(|_| meaning(&topics, &mut roll)).collect();
    let mut nearest: Vec<Vec<(f32, String)>> = vec![Vec::new(); asked.len()];
    let begun = std::time::Instant::now();
    for number in 0..count / 100 {
        let id = format!("c{number}");
        let texts: Vec<String> = (0..100).map(|_| sentence(&mut roll)).collect();
        let meanings: Vec<Vec<f32>> = (0..100).map(|_| meaning(&topics, &mut roll)).collect();
        for (place, meaning) in meanings.iter().enumerate() {
            for (asked, nearest) in asked.iter().zip(&mut nearest) {
                let cosine: f32 = asked.iter().zip(meaning).map(|(one, other)| one * other).sum();
                let at = nearest.partition_point(|(best, _)| *best > cosine);
                nearest.insert(at, (cosine, format!("{id}#{place}")));
                nearest.truncate(100);
            }
        }
        if fresh {
            let lines: Vec<Line> = texts.iter().enumerate().map(|(place, text)| (place % 2, text.as_str())).collect();
            let at = DateTime::from_timestamp(1_700_000_000 + 10_000 * number as i64, 0).unwrap();
            write(&resources, "many", &id, at, NAMES, &lines).await;
            resources.database.run("DELETE outbox", Params::new()).await.unwrap();
            index::index_with_vectors(&resources.index, "many", &id, meanings).await;
        }
    }
    println!("{count} segments in {:?}, {} MiB resident", begun.elapsed(), resident());
    let begun = std::time::Instant::now();
    resources.index.vectors.flush().await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    // Waits for the graph.
    resources.index.vectors.flush().await.unwrap();
    println!("built in {:?}, {} MiB resident", begun.elapsed(), resident());
    for turn in 0..4 {
        let mut waits = Vec::new();
        for _ in 0..300 {
            let query = sentence(&mut roll).split(' ').take(8).collect::<Vec<_>>().join(" ");
            let begun = std::time::Instant::now();
            let hits = resources.transcripts("many").search(&search(&query)).await.unwrap();
            waits.push(begun.elapsed());
            assert!(!hits.is_empty());
        }
        let first = waits[0];
        waits.sort();
        println!("turn {turn}: first {first:?} p50 {:?} p95 {:?}, {} MiB resident", waits[150], waits[285], resident());
    }
    let mut found = 0;
    for (asked, nearest) in asked.iter().zip(&nearest) {
        let query = crate::vectors::Query {
            user: "many",
            kind: Kind::Segment,
            text: "",
            dense: Some(asked),
            categories: &[],
            ids: None,
            after: None,
            before: None,
            limit: 100,
        };
        let hits = resources.index.vectors.search(&query).await.unwrap();
        found += hits.iter().filter(|hit| nearest.iter().any(|(_, id)| *id == hit.id)).count();
    }
    println!("{found} of the {} nearest found", 100 * asked.len());
    assert!(found >= 97 * asked.len());
}

/// Words as common as words are: the n-th comes up in proportion to 1 / n.
fn sentence(roll: &mut dyn FnMut(usize) -> usize) -> String {
    let word = |roll: &mut dyn FnMut(usize) -> usize| {
        format!("word{}", (30_000f64).powf(roll(1 << 20) as f64 / (1u64 << 20) as f64) as usize)
    };
    (0..6 + roll(16)).map(|_| word(roll)).collect::<Vec<_>>().join(" ")
}

fn noise(roll: &mut dyn FnMut(usize) -> usize) -> Vec<f32> {
    (0..384).map(|_| roll(2000) as f32 - 1000.0).collect()
}

/// Meanings lie in clusters, and between them.
fn meaning(topics: &[Vec<f32>], roll: &mut dyn FnMut(usize) -> usize) -> Vec<f32> {
    let (one, other) = (&topics[roll(topics.len())], &topics[roll(topics.len())]);
    let near = one.iter().zip(other).zip(noise(roll)).map(|((one, other), noise)| one + 0.5 * other + 0.8 * noise);
    let near: Vec<f32> = near.collect();
    let length = near.iter().map(|number| number * number).sum::<f32>().sqrt();
    near.iter().map(|number| number / length).collect()
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
