//! Behaviour of the vector index on every engine.

use resources::embedder::{Embedding, TokenEmbedding};
use resources::vectors::{
    DialogueAct, Document, Hit, IndexModel, Kind, Passage, PassageQuery, Query, SpeechPassage, TimeHint,
    TokenSignatures, Vectors,
};

/// Asserts the behaviour of an index that is empty and has four dimensions.
pub(crate) async fn assert_behaviour(vectors: &Vectors) {
    words_are_found_at_once(vectors).await;
    users_and_kinds_are_apart(vectors).await;
    categories_and_times_filter(vectors).await;
    meaning_is_found(vectors).await;
    every_candidate_is_scored_by_both_sub_queries(vectors).await;
    rarity_is_counted_per_user(vectors).await;
    near_duplicates_are_told(vectors).await;
    what_was_said_is_found_in_its_context(vectors).await;
    everything_can_be_emptied(vectors).await;
}

async fn words_are_found_at_once(vectors: &Vectors) {
    let user = "words";
    vectors.upsert(&[memory(user, "1", "Allergic to peanuts"), memory(user, "2", "Lives in Köln")]).await.unwrap();
    assert_eq!(found(vectors, user, "which allergies, peanut?").await, ["1"]);
    assert_eq!(found(vectors, user, "who was living in koln").await, ["2"]);
    vectors.upsert(&[memory(user, "1", "Collects stamps")]).await.unwrap();
    assert!(found(vectors, user, "peanuts").await.is_empty());
    assert_eq!(found(vectors, user, "stamps").await, ["1"]);
    assert!(found(vectors, user, "what is the").await.is_empty());
    vectors.delete(user, Kind::Memory, &["1".into(), "no such id".into()]).await.unwrap();
    assert!(found(vectors, user, "stamps").await.is_empty());
    vectors.upsert(&[]).await.unwrap();
    vectors.upsert(&[memory(user, "3", "")]).await.unwrap();
    assert_eq!(found(vectors, user, "Köln").await, ["2"]);
}

async fn users_and_kinds_are_apart(vectors: &Vectors) {
    let segment = Document { kind: Kind::Segment, ..memory("anna", "1", "Plays the violin on stage") };
    let documents = [memory("anna", "1", "Plays the violin"), memory("bert", "1", "Sold a violin"), segment];
    vectors.upsert(&documents).await.unwrap();
    assert_eq!(found(vectors, "anna", "violin sold").await, ["1"]);
    vectors.delete("bert", Kind::Memory, &["1".into()]).await.unwrap();
    assert_eq!(found(vectors, "anna", "violin").await, ["1"]);
    assert!(found(vectors, "bert", "violin").await.is_empty());
    vectors.delete_all("anna", Kind::Memory).await.unwrap();
    assert!(found(vectors, "anna", "violin").await.is_empty());
    let segments = Query { kind: Kind::Segment, ..query("anna", "violin") };
    assert_eq!(ids(&vectors.search(&segments).await.unwrap()), ["1"]);
}

async fn categories_and_times_filter(vectors: &Vectors) {
    let user = "filters";
    let documents: Vec<_> = [("1", "work", 100), ("2", "hobby", 200), ("3", "work", 300)]
        .map(|(id, category, at)| Document { category: category.into(), at, ..memory(user, id, "Meets Carla") })
        .into();
    vectors.upsert(&documents).await.unwrap();
    let work = ["work".to_owned()];
    let either = ["work".to_owned(), "hobby".to_owned()];
    let all = query(user, "Carla");
    for (query, expected) in [
        (all, vec!["1", "2", "3"]),
        (Query { categories: &work, ..all }, vec!["1", "3"]),
        (Query { categories: &either, ..all }, vec!["1", "2", "3"]),
        (Query { after: Some(200), ..all }, vec!["2", "3"]),
        (Query { before: Some(200), ..all }, vec!["1", "2"]),
        (Query { after: Some(101), before: Some(300), categories: &work, ..all }, vec!["3"]),
        (Query { after: Some(301), ..all }, vec![]),
        (Query { limit: 2, ..all }, vec!["1", "2"]),
    ] {
        assert_eq!(ids(&vectors.search(&query).await.unwrap()), expected, "{query:?}");
    }
}

async fn meaning_is_found(vectors: &Vectors) {
    let user = "meaning";
    let with = |id, text, dense: [f32; 4]| Document { dense: Some(dense.into()), ..memory(user, id, text) };
    let documents =
        [with("cat", "Has a kitten", [1.0, 0.1, 0.0, 0.0]), with("car", "Drives a van", [0.0, 0.1, 1.0, 0.0])];
    vectors.upsert(&documents).await.unwrap();
    let pet = Query { dense: Some(&[0.9, 0.0, 0.1, 0.0]), ..query(user, "pets") };
    let hits = vectors.search(&pet).await.unwrap();
    assert_eq!(ids(&hits), ["cat", "car"]);
    assert!(hits[0].score > hits[1].score && hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{hits:?}");
    // A new text without its embedding is no longer found by the meaning of the old one.
    vectors.upsert(&[memory(user, "cat", "Has a boat")]).await.unwrap();
    assert_eq!(ids(&vectors.search(&pet).await.unwrap()), ["car"]);
}

/// There are more records than a sub-query proposes. The one that is best in one, and good in the other though not
/// among its proposals, wins over the best of the other.
async fn every_candidate_is_scored_by_both_sub_queries(vectors: &Vectors) {
    let user = "both";
    let with =
        |id: String, text: &str, dense: [f32; 4]| Document { dense: Some(dense.into()), ..memory(user, &id, text) };
    let mut documents: Vec<_> =
        (0..150).map(|n| with(format!("near{n}"), "Rows", [1.0, 0.01 * n as f32, 0.0, 0.0])).collect();
    documents.extend(
        (0..150).map(|n| with(format!("named{n}"), &format!("Sails to Oslo {n}"), [0.0, 0.0, 1.0, 0.01 * n as f32])),
    );
    documents.push(with("both".into(), "Oslo, Oslo: sails to Oslo", [1.0, 1.6, 0.0, 0.0]));
    vectors.upsert(&documents).await.unwrap();
    let query = Query { dense: Some(&[1.0, 0.0, 0.0, 0.0]), limit: 5, ..query(user, "sail Oslo") };
    let hits = vectors.search(&query).await.unwrap();
    assert_eq!(hits.len(), 5);
    assert_eq!(hits[0].id, "both", "{hits:?}");
}

async fn rarity_is_counted_per_user(vectors: &Vectors) {
    let (gardener, sailor) = ("gardener", "sailor");
    let mut documents = Vec::new();
    for n in 0..20 {
        documents.push(memory(gardener, &n.to_string(), "Waters the rose"));
        documents.push(memory(sailor, &n.to_string(), "Trims the jib"));
    }
    for user in [gardener, sailor] {
        documents.push(memory(user, "rose", "A rose"));
        documents.push(memory(user, "jib", "A jib"));
    }
    vectors.upsert(&documents).await.unwrap();
    assert_eq!(found(vectors, gardener, "rose jib").await[0], "jib");
    assert_eq!(found(vectors, sailor, "rose jib").await[0], "rose");
    // The counts follow changes: once the gardener's roses are gone, a rose is what is rare there.
    let watered: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    let sailing: Vec<_> = watered.iter().map(|id| memory(gardener, id, "Trims the jib")).collect();
    vectors.upsert(&sailing).await.unwrap();
    assert_eq!(found(vectors, gardener, "rose jib").await[0], "rose");
    vectors.delete(gardener, Kind::Memory, &watered).await.unwrap();
    let hits = vectors.search(&query(gardener, "rose jib")).await.unwrap();
    assert_eq!(hits.len(), 2);
    assert!((hits[0].score - hits[1].score).abs() < 1e-3, "{hits:?}");
}

async fn near_duplicates_are_told(vectors: &Vectors) {
    let user = "similar";
    let mut documents: Vec<_> =
        (0..50).map(|n| memory(user, &format!("other{n}"), &format!("Meets friend number {n} in town"))).collect();
    documents.push(memory(user, "first", "Anna is allergic to roasted peanuts"));
    documents.push(memory(user, "second", "Anna is allergic to peanuts, roasted"));
    documents.push(memory(user, "apart", "Anna sells roasted chestnuts"));
    vectors.upsert(&documents).await.unwrap();
    vectors.upsert(&[memory("somebody else", "twin", "Anna is allergic to roasted peanuts")]).await.unwrap();
    let similar = async |except, text| vectors.similar(user, Kind::Memory, except, text, 5).await.unwrap();
    let hits = similar("first", "Anna is allergic to roasted peanuts").await;
    assert_eq!(ids(&hits), ["second"]);
    assert!(hits[0].score > 0.99, "{hits:?}");
    assert_eq!(ids(&similar("none", "Anna is allergic to roasted peanuts").await), ["first", "second"]);
    assert!(similar("none", "A zebra crossed Zanzibar").await.is_empty());
    assert!(similar("none", "the").await.is_empty());
}

async fn what_was_said_is_found_in_its_context(vectors: &Vectors) {
    let user = "said";
    let said = |id: &str, speaker: &str, text: &str, around: &str, at: i64| SpeechPassage {
        document: Document { kind: Kind::Segment, at, ..memory(user, id, text) },
        passage: Passage {
            labels: vec![format!("speaker:{speaker}"), "kept".into()],
            context: vec![(around.into(), 0.5)],
            parent: "talk".into(),
            speaker: speaker.into(),
            act: DialogueAct::of(Some(around), text),
            digest: format!("digest of {id}"),
            ..Passage::default()
        },
    };
    let mut all = vec![
        said("talk#0", "Ana", "Where did the ferry go?", "To Corfu", 100),
        said("talk#1", "Ben", "To Corfu", "Where did the ferry go?", 200),
        said("talk#2", "Ana", "How nice", "To Corfu", 300),
    ];
    vectors.upsert_passages(&all).await.unwrap();
    let whole =
        Document { kind: Kind::Transcript, ..memory(user, "talk", "Where did the ferry go? To Corfu. How nice") };
    vectors.upsert(&[whole]).await.unwrap();
    let labels = ["kept".to_owned(), "speaker:Ben".to_owned()];
    let every = PassageQuery {
        user,
        text: "ferry to Corfu",
        embedding: None,
        labels: &labels[..1],
        after: None,
        before: None,
        time_hints: &[],
        limit: 10,
    };
    let late = [TimeHint { from: 300, to: 400, weight: 1.0 }];
    let hits = async |query: PassageQuery<'_>| vectors.search_passages(&query).await.unwrap();
    assert_eq!(ids(&hits(every).await), ["talk#1", "talk#0", "talk#2"], "an answer goes before its question");
    assert_eq!(ids(&hits(PassageQuery { labels: &labels, ..every }).await), ["talk#1"]);
    assert_eq!(ids(&hits(PassageQuery { after: Some(250), ..every }).await), ["talk#2"]);
    assert_eq!(ids(&hits(PassageQuery { time_hints: &late, limit: 1, ..every }).await), ["talk#2"]);
    assert!(hits(PassageQuery { user: "else", ..every }).await.is_empty());
    let digests = vectors.digests(user, "kept").await.unwrap();
    assert!(digests.len() == 3 && digests["talk#2"] == "digest of talk#2", "{digests:?}");

    let token = |vector: [f32; 4]| TokenEmbedding { start: 0, end: 1, vector: vector.into() };
    let vector = [0.5, 0.5, -0.5, -0.5];
    all[2].document.dense = Some(vector.into());
    all[2].passage.signatures = TokenSignatures::of([&token(vector)]);
    all[0].document.dense = Some(vec![-0.5, 0.5, 0.5, -0.5]);
    all[0].passage.signatures = TokenSignatures::of([&token([-0.5, 0.5, 0.5, -0.5])]);
    vectors.upsert_passages(&all).await.unwrap();
    let embedding = Embedding { vector: vector.into(), tokens: vec![token(vector)] };
    let hits = hits(PassageQuery { text: "x", embedding: Some(&embedding), ..every }).await;
    assert_eq!(hits[0].id, "talk#2", "{hits:?}");
    vectors.delete_all(user, Kind::Segment).await.unwrap();
    vectors.delete_all(user, Kind::Transcript).await.unwrap();
}

async fn everything_can_be_emptied(vectors: &Vectors) {
    vectors.upsert(&[memory("last", "1", "A lighthouse")]).await.unwrap();
    vectors.flush().await.unwrap();
    assert!(vectors.count().await.unwrap() > 300);
    vectors.clear(model("other", 3)).await.unwrap();
    assert_eq!(vectors.count().await.unwrap(), 0);
    assert!(found(vectors, "last", "lighthouse").await.is_empty());
    vectors
        .upsert(&[Document { dense: Some(vec![1.0, 0.0, 0.0]), ..memory("last", "1", "A lighthouse") }])
        .await
        .unwrap();
    assert_eq!(found(vectors, "last", "lighthouse").await, ["1"]);
}

pub(crate) fn model(identity: &str, dimension: usize) -> Option<IndexModel> {
    Some(IndexModel { identity: identity.into(), dimension })
}

pub(crate) fn memory(user: &str, id: &str, text: &str) -> Document {
    Document {
        user: user.into(),
        kind: Kind::Memory,
        id: id.into(),
        category: "other".into(),
        at: 1_000,
        text: text.into(),
        dense: None,
    }
}

pub(crate) fn query<'a>(user: &'a str, text: &'a str) -> Query<'a> {
    Query {
        user,
        kind: Kind::Memory,
        text,
        dense: None,
        categories: &[],
        ids: None,
        after: None,
        before: None,
        limit: 10,
    }
}

pub(crate) fn ids(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.id.as_str()).collect()
}

pub(crate) async fn found(vectors: &Vectors, user: &str, text: &str) -> Vec<String> {
    let hits = vectors.search(&query(user, text)).await.unwrap();
    hits.into_iter().map(|hit| hit.id).collect()
}
