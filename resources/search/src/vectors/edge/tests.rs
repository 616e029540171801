//! Recall of the nearest vectors, and migration of older indexes.

use std::time::{Duration, Instant};

use qdrant_edge::{
    CreateIndex, DeletePayloadOp, EdgeOptimizersConfig, FieldIndexOperations, Filter, HnswIndexConfig, PayloadOps,
    PayloadSchemaType,
};

use super::*;
use crate::vectors::point::{TENANT, Tenant, kibibytes};
use crate::vectors::{Document, IndexModel, Kind};

/// The records of one user and kind, with their vectors.
struct Records {
    tenant: Tenant,
    vectors: Vec<Vec<f32>>,
}

/// A user, a kind, and how many records of them.
type Size = (&'static str, Kind, usize);

/// Pseudo-random numbers, the same in every run.
struct Rng {
    state: u64,
    dimension: usize,
}

impl Rng {
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.state >> 33) as usize % end
    }

    fn noise(&mut self) -> Vec<f32> {
        (0..self.dimension).map(|_| self.below(2000) as f32 - 1000.0).collect()
    }

    /// Meanings lie in clusters, and between them.
    fn meaning(&mut self, topics: &[Vec<f32>]) -> Vec<f32> {
        let (one, other) = (&topics[self.below(topics.len())], &topics[self.below(topics.len())]);
        let near = one.iter().zip(other).zip(self.noise()).map(|((one, other), noise)| one + 0.5 * other + 0.8 * noise);
        let near: Vec<f32> = near.collect();
        let length = near.iter().map(|number| number * number).sum::<f32>().sqrt();
        near.iter().map(|number| number / length).collect()
    }
}

/// Index so many records of each user and kind as they come in time: a few of everything again and again.
async fn fill(edge: &Edge, rng: &mut Rng, topics: &[Vec<f32>], sizes: &[Size]) -> Vec<Records> {
    const TURNS: usize = 200;
    let mut all = Vec::new();
    for (user, kind, count) in sizes {
        let vectors: Vec<Vec<f32>> = (0..*count).map(|_| rng.meaning(topics)).collect();
        all.push(Records { tenant: Tenant::new(user, *kind), vectors });
    }
    for turn in 0..TURNS {
        let share = |records: &Records, turn: usize| records.vectors.len() * turn / TURNS;
        let points = all.iter().flat_map(|records| {
            let numbers = share(records, turn)..share(records, turn + 1);
            numbers.map(|number| point(&records.tenant, &number.to_string(), records.vectors[number].clone()))
        });
        edge.upsert(points.collect()).await.unwrap();
    }
    all
}

fn point(tenant: &Tenant, id: &str, dense: Vec<f32>) -> Point {
    Point::from(&Document {
        user: tenant.user.clone(),
        kind: tenant.kind,
        id: id.into(),
        category: String::new(),
        at: 0,
        text: String::new(),
        dense: Some(dense),
    })
}

/// The share of the nearest twenty that is found, and how long a search takes in the middle.
async fn recall(edge: &Edge, records: &Records, asked: &[Vec<f32>]) -> (f64, Duration) {
    const NEAREST: usize = 20;
    let (mut share, mut waits) = (0.0, Vec::new());
    for asked in asked {
        let begun = Instant::now();
        let found = edge.search(&Scope::of(&records.tenant), vec![SubQuery::Dense(asked.clone())], 100).await.unwrap();
        waits.push(begun.elapsed());
        let mut nearest: Vec<(f32, usize)> = (records.vectors.iter().enumerate())
            .map(|(number, vector)| (asked.iter().zip(vector).map(|(one, other)| one * other).sum(), number))
            .collect();
        nearest.sort_by(|a, b| b.0.total_cmp(&a.0));
        nearest.truncate(NEAREST);
        let found: Vec<_> = found[0].iter().take(NEAREST).map(|found| found.point).collect();
        let hits = nearest.iter().filter(|(_, number)| found.contains(&records.tenant.point(&number.to_string())));
        share += hits.count() as f64 / nearest.len() as f64;
    }
    waits.sort();
    (share / asked.len() as f64, waits[waits.len() / 2])
}

async fn open(folder: &Path, dimension: usize) -> Edge {
    Edge::open(folder, IndexMetadata::of(Some(&IndexModel { identity: "made up".into(), dimension }))).await.unwrap()
}

/// Every tenant's points are linked among themselves, however few they are among all, where they are not all compared:
/// at a fortieth of the usual sizes.
#[tokio::test]
async fn the_nearest_of_every_tenant_are_found() {
    const DIMENSION: usize = 32;
    let sizes = [
        ("anna", Kind::Segment, 3_000),
        ("anna", Kind::Memory, 1_000),
        ("bert", Kind::Segment, 3_000),
        ("bert", Kind::Memory, 1_500),
        ("carl", Kind::Segment, 1_500),
        ("carl", Kind::Memory, 2_000),
    ];
    let folder = tempfile::tempdir().unwrap();
    let edge = open(folder.path(), DIMENSION).await;
    let small = |engine: &qdrant_edge::EdgeShard| {
        let indexing_threshold = Some(kibibytes(500, DIMENSION));
        engine.set_optimizers_config(EdgeOptimizersConfig { indexing_threshold, ..Default::default() })?;
        let full_scan_threshold = kibibytes(500, DIMENSION);
        let usual = engine.config().hnsw_config;
        engine.set_hnsw_config(HnswIndexConfig { full_scan_threshold, ..usual })
    };
    edge.shard.read(small).unwrap();
    let mut rng = Rng { state: 1, dimension: DIMENSION };
    let topics: Vec<Vec<f32>> = (0..100).map(|_| rng.noise()).collect();
    let all = fill(&edge, &mut rng, &topics, &sizes).await;
    edge.run(Shard::optimize).await.unwrap();
    let asked: Vec<Vec<f32>> = (0..50).map(|_| rng.meaning(&topics)).collect();
    for records in &all {
        let (share, _) = recall(&edge, records, &asked).await;
        let Tenant { user, kind } = &records.tenant;
        assert!(share >= 0.97, "{share} of the nearest of {user}'s {kind:?} are found");
    }
}

/// An index of an older release, which filtered by user and kind apart, is found through all the same.
#[tokio::test]
async fn an_index_of_an_older_release_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let edge = open(folder.path(), 4).await;
    let (anna, bert) = (Tenant::new("anna", Kind::Memory), Tenant::new("bert", Kind::Memory));
    let said = Tenant::new("anna", Kind::Segment);
    let one = vec![1.0, 0.0, 0.0, 0.0];
    let points = [&anna, &bert, &said].into_iter().map(|tenant| point(tenant, "1", one.clone())).collect();
    edge.upsert(points).await.unwrap();
    edge.shard.read(age).unwrap();
    edge.flush().await.unwrap();
    drop(edge);
    for _ in 0..2 {
        let edge = open(folder.path(), 4).await;
        for tenant in [&anna, &bert, &said] {
            let found = edge.search(&Scope::of(tenant), vec![SubQuery::Dense(one.clone())], 10).await.unwrap();
            let found: Vec<Uuid> = found[0].iter().map(|found| found.point).collect();
            assert_eq!(found, [tenant.point("1")], "{tenant:?}");
        }
    }
}

/// Take from the index what an older release did not write.
fn age(engine: &qdrant_edge::EdgeShard) -> qdrant_edge::OperationResult<()> {
    let keys = vec![filter::field(TENANT)];
    let delete = DeletePayloadOp { points: None, filter: Some(Filter::new()), keys };
    engine.update(UpdateOperation::PayloadOperation(PayloadOps::DeletePayload(delete)))?;
    let drop = FieldIndexOperations::DeleteIndex(filter::field(TENANT));
    engine.update(UpdateOperation::FieldIndexOperation(drop))?;
    for name in ["user", "kind"] {
        let field_schema = Some(PayloadSchemaType::Keyword.into());
        let index = FieldIndexOperations::CreateIndex(CreateIndex { field_name: filter::field(name), field_schema });
        engine.update(UpdateOperation::FieldIndexOperation(index))?;
    }
    Ok(())
}

/// Recall and waits among many records of several kinds and users.
#[tokio::test]
#[ignore = "measures"]
async fn nearest_of_every_kind() {
    let one = vec![
        ("anna", Kind::Segment, 50_000),
        ("anna", Kind::Memory, 5_000),
        ("anna", Kind::Conversation, 1_000),
        ("anna", Kind::ActionItem, 500),
    ];
    let more = vec![
        ("anna", Kind::Segment, 50_000),
        ("anna", Kind::Memory, 10_000),
        ("anna", Kind::File, 20_000),
        ("anna", Kind::Conversation, 1_000),
    ];
    let several = vec![
        ("anna", Kind::Segment, 30_000),
        ("anna", Kind::Memory, 10_000),
        ("anna", Kind::File, 2_000),
        ("bert", Kind::Segment, 25_000),
        ("bert", Kind::Memory, 5_000),
        ("carl", Kind::Segment, 2_000),
        ("carl", Kind::Memory, 1_000),
    ];
    let large = vec![
        ("anna", Kind::Segment, 60_000),
        ("anna", Kind::Memory, 30_000),
        ("anna", Kind::File, 30_000),
        ("bert", Kind::Memory, 30_000),
    ];
    let named = [("one", one), ("more", more), ("several", several), ("large", large)];
    let only = std::env::var("RECOLLECT_SCENE").ok();
    for (name, sizes) in named.into_iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only.contains(name))) {
        let mut rng = Rng { state: 1, dimension: 384 };
        let folder = tempfile::tempdir().unwrap();
        let edge = open(folder.path(), 384).await;
        let topics: Vec<Vec<f32>> = (0..1000).map(|_| rng.noise()).collect();
        let all = fill(&edge, &mut rng, &topics, &sizes).await;
        let asked: Vec<Vec<f32>> = (0..100).map(|_| rng.meaning(&topics)).collect();
        for state in ["plain", "graph"] {
            if state == "graph" {
                let begun = Instant::now();
                edge.flush().await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                // Waits for the graph.
                edge.flush().await.unwrap();
                println!("{name}: built in {:?}", begun.elapsed());
            }
            for records in &all {
                let (share, p50) = recall(&edge, records, &asked).await;
                let (Tenant { user, kind }, count) = (&records.tenant, records.vectors.len());
                println!("{name} {state}: {count:>6} {user} {kind:?}: recall@20 {share:.4} p50 {p50:?}");
                assert!(share >= 0.97);
            }
        }
    }
}
