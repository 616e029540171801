use chrono::{DateTime, Utc};
use schemas::conversation::{ConversationSource, ConversationStatus, TranscriptSegment};
use serde::Deserialize;
use serde_json::{Value as JsonValue, json};

use super::*;
use crate::conversations::{ConversationRow, NewConversation, SegmentRow, segment_values};
use crate::database::Params;
use crate::embedding_files::{self, EmbeddingSources};
use crate::http::loopback;
use crate::index::{IndexLevel, outbox};
use crate::vectors::Kind;
use crate::{EmbedderSettings, Resources, Settings};

/// A segment as these tests write it: the speaker's place among the speakers, and the text.
type Line<'a> = (usize, &'a str);

/// What `conversations.rs` writes of a conversation and its segments, as far as search reads it.
async fn write(resources: &Resources, user: &str, id: &str, at: DateTime<Utc>, names: &[&str], lines: &[Line<'_>]) {
    let _writing = resources.index.outbox.writing().await;
    let people: Vec<JsonValue> = names.iter().map(|name| json!({ "key": name.to_lowercase(), "name": name })).collect();
    let conversation = ConversationRow {
        title: format!("About {id}"),
        created_at: at,
        ..ConversationRow::new(
            user,
            &NewConversation {
                id: id.to_owned(),
                started_at: Some(at),
                finished_at: None,
                source: ConversationSource::Omi,
                language: None,
                geolocation: None,
                external_data: None,
                client_device_id: None,
                client_platform: None,
                status: ConversationStatus::Completed,
                segments: Vec::new(),
            },
        )
    };
    let segment = |(place, (speaker, text)): (usize, &Line<'_>)| {
        let segment = TranscriptSegment {
            id: format!("{id}-{place}"),
            text: (*text).to_owned(),
            speaker: format!("SPEAKER_0{speaker}"),
            speaker_id: *speaker as i64,
            is_user: *speaker == 0,
            person_id: Some(names[*speaker].to_lowercase()),
            start: 10.0 * place as f64,
            end: 10.0 * place as f64 + 9.0,
            speaker_name: String::new(),
            translations: Vec::new(),
            speech_profile_processed: true,
            stt_provider: None,
        };
        SegmentRow::new(user, id, place as i64, segment)
    };
    let segments: Vec<SegmentRow> = lines.iter().enumerate().map(segment).collect();
    let statements = "BEGIN;
        FOR $person IN $people {
            UPSERT person:[$user, $person.key] SET pid = $person.key, name = $person.name, user = $user,
                name_key = $person.key;
        };
        UPSERT conversation:[$user, $id] CONTENT $conversation;
        DELETE segment:[$user, $id, NONE]..=[$user, $id, {}];
        INSERT INTO segment $segments;
        INSERT INTO outbox $outbox;
        COMMIT;";
    let params = Params::new()
        .with("user", user)
        .with("id", id)
        .with("people", people)
        .with("conversation", conversation)
        .with("segments", segment_values(&segments))
        .with("outbox", outbox::rows(Kind::Segment, user, &[id.to_owned()]));
    resources.database.run(statements, params).await.unwrap();
    resources.index.refresh_transcript(user, id).await;
}

/// The embedding files that all tests share, outside the repository; they are downloaded once.
async fn cached_models() -> std::path::PathBuf {
    let configured = std::env::var_os("RECOLLECT_MODELS").map(std::path::PathBuf::from);
    let cache = configured.unwrap_or_else(|| std::env::home_dir().unwrap().join(".cache/recollect-models"));
    let sources = EmbeddingSources { folder: Some(cache.clone()), ..EmbeddingSources::default() };
    embedding_files::pull(&sources, &cache, &Default::default()).await.unwrap();
    cache
}

async fn open(folder: &std::path::Path) -> std::sync::Arc<Resources> {
    let sources = EmbeddingSources { folder: Some(cached_models().await), hub: loopback::closed() };
    let embedder = EmbedderSettings { sources, ..EmbedderSettings::default() };
    Resources::open(&Settings { data: folder.to_owned(), embedder, ..Settings::default() }).await.unwrap()
}

async fn settled(resources: &Resources) {
    while resources.index.pending().await.unwrap() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn search(query: &str) -> TranscriptSearch<'_> {
    TranscriptSearch { query, limit: 10, ..TranscriptSearch::default() }
}

async fn found(resources: &Resources, user: &str, search: TranscriptSearch<'_>) -> Vec<String> {
    let hits = resources.transcripts(user).search(&search).await.unwrap();
    hits.into_iter().map(|hit| hit.segment_id).collect()
}

const NAMES: &[&str] = &["Ana", "Ben"];

/// Two conversations of Ana's.
async fn talk(resources: &Resources) {
    let picnic = [
        (0, "Shall we have a picnic by the lake?"),
        (1, "Yes, and I will bring my telescope."),
        (0, "Lovely, I bake a cake then."),
    ];
    let moving = [(1, "I moved to Graz last week."), (0, "How do you like it there?"), (1, "The hills are wonderful.")];
    write(resources, "ana", "picnic", time("2026-05-08T10:00:00Z"), NAMES, &picnic).await;
    write(resources, "ana", "moving", time("2026-06-02T18:00:00Z"), NAMES, &moving).await;
}

#[tokio::test]
async fn what_was_said_is_found_at_once_and_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let resources = open(folder.path()).await;
    talk(&resources).await;
    assert_eq!(found(&resources, "ana", search("telescope")).await[0], "picnic-1");
    settled(&resources).await;
    let hits = resources.transcripts("ana").search(&search("Where does Ben live now?")).await.unwrap();
    assert_eq!((hits[0].segment_id.as_str(), hits[0].speaker_name.as_str()), ("moving-0", "Ben"));
    assert_eq!((hits[0].conversation_title.as_str(), hits[0].place), ("About moving", 0));
    assert_eq!(hits[0].spoken_at, time("2026-06-02T18:00:00Z"));
    for (search, expected) in [
        (
            TranscriptSearch { speaker: Some("ana"), ..search("cake and picnic") },
            &["picnic-2", "picnic-0", "moving-1"][..],
        ),
        (
            TranscriptSearch { speaker: Some("SPEAKER_01"), ..search("telescope") },
            &["picnic-1", "moving-0", "moving-2"],
        ),
        (TranscriptSearch { person: Some("nobody"), ..search("telescope") }, &[]),
        (TranscriptSearch { person: Some("ben"), conversation: Some("picnic"), ..search("hills") }, &["picnic-1"]),
        (TranscriptSearch { before: Some(time("2026-05-08T10:00:10Z")), ..search("telescope") }, &["picnic-0"]),
        (TranscriptSearch { after: Some(time("2026-06-02T18:00:20Z")), ..search("telescope") }, &["moving-2"]),
    ] {
        let mut hits = found(&resources, "ana", search.clone()).await;
        let mut expected = expected.to_vec();
        hits.sort_unstable();
        expected.sort_unstable();
        assert_eq!(hits, expected, "{search:?}");
    }
    assert!(found(&resources, "bert", search("telescope")).await.is_empty());
    assert_eq!(
        found(&resources, "ana", search("What happened in May 2026?")).await[0].split('-').next(),
        Some("picnic")
    );
    resources.close().await.unwrap();
}

#[tokio::test]
async fn only_what_changed_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let resources = open(folder.path()).await;
    let at = time("2026-05-08T10:00:00Z");
    let lines: Vec<String> = (0..12).map(|number| format!("This is sentence {number}.")).collect();
    let mut lines: Vec<Line<'_>> = lines.iter().map(|line| (0, line.as_str())).collect();
    write(&resources, "ana", "long", at, NAMES, &lines).await;
    settled(&resources).await;
    assert_eq!(resources.index.load_and_index_transcript("ana", "long", IndexLevel::Dense).await.unwrap(), 0);
    assert_eq!(resources.index.load_and_index_transcript("ana", "long", IndexLevel::Lexical).await.unwrap(), 0);
    lines[5] = (0, "A zebra crosses the road.");
    lines.truncate(10);
    write(&resources, "ana", "long", at, NAMES, &lines).await;
    assert_eq!(found(&resources, "ana", search("zebra")).await[0], "long-5");
    settled(&resources).await;
    let labels = ["conversation:long".to_owned()];
    let known = resources.index.vectors.digests("ana", &labels[0]).await.unwrap();
    assert!(known.len() == 10 && known.values().all(|digest| digest.starts_with('m')), "{known:?}");
    resources.database.run("UPDATE conversation SET discarded = true", Params::new()).await.unwrap();
    resources.index.refresh_transcript("ana", "long").await;
    assert!(found(&resources, "ana", search("zebra")).await.is_empty());
    resources.database.run("DELETE conversation", Params::new()).await.unwrap();
    resources.index.refresh_transcript("ana", "long").await;
    assert_eq!(resources.index.vectors.count().await.unwrap(), 0);
    resources.close().await.unwrap();
}

#[tokio::test]
async fn conversations_are_found_by_summary_and_by_what_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let resources = open(folder.path()).await;
    talk(&resources).await;
    for id in ["picnic", "moving"] {
        resources.index.load_and_index_row::<ConversationRow>("ana", id).await;
    }
    let conversations =
        async |query: &str| resources.transcripts("ana").search_conversations(&search(query)).await.unwrap();
    let matches = conversations("telescope").await;
    assert_eq!((matches[0].conversation_id.as_str(), matches[0].said[0].segment_id.as_str()), ("picnic", "picnic-1"));
    let matches = conversations("about moving").await;
    assert_eq!(matches[0].conversation_id, "moving");
    assert!(matches.iter().all(|found| (0.0..=1.0).contains(&found.score)), "{matches:?}");
    resources.close().await.unwrap();
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
