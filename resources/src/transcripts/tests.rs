use chrono::{DateTime, Utc};
use schemas::conversation::{ConversationSource, ConversationStatus, TranscriptSegment};
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
pub(super) type Line<'a> = (usize, &'a str);

/// What `conversations.rs` writes of a conversation and its segments, as far as search reads it.
pub(super) async fn write(
    resources: &Resources,
    user: &str,
    id: &str,
    at: DateTime<Utc>,
    names: &[&str],
    lines: &[Line<'_>],
) {
    let _writing = resources.index.outbox.begin_write().await;
    let people: Vec<JsonValue> = names.iter().map(|name| json!({ "key": name.to_lowercase(), "name": name })).collect();
    let conversation = ConversationRow {
        title: format!("About {id}"),
        created_at: at,
        ..ConversationRow::new(
            user,
            &NewConversation {
                id: id.to_owned(),
                started_at: Some(at),
                utc_offset: None,
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

pub(super) async fn open(folder: &std::path::Path) -> std::sync::Arc<Resources> {
    let sources = EmbeddingSources { folder: Some(cached_models().await), hub: loopback::closed() };
    let embedder = EmbedderSettings { sources, ..EmbedderSettings::default() };
    Resources::open(&Settings { data: folder.to_owned(), embedder, ..Settings::default() }).await.unwrap()
}

pub(super) async fn settled(resources: &Resources) {
    while resources.index.pending().await.unwrap() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn search(query: &str) -> TranscriptSearch<'_> {
    TranscriptSearch { query, limit: 10, ..TranscriptSearch::default() }
}

async fn found(resources: &Resources, user: &str, search: TranscriptSearch<'_>) -> Vec<String> {
    let hits = resources.transcripts(user).search(&search).await.unwrap();
    hits.into_iter().map(|hit| hit.segment_id).collect()
}

pub(super) const NAMES: &[&str] = &["Ana", "Ben"];

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
    assert_eq!(
        (matches[0].conversation_id.as_str(), matches[0].segments[0].segment_id.as_str()),
        ("picnic", "picnic-1")
    );
    let matches = conversations("about moving").await;
    assert_eq!(matches[0].conversation_id, "moving");
    assert!(matches.iter().all(|found| (0.0..=1.0).contains(&found.score)), "{matches:?}");
    resources.close().await.unwrap();
}
