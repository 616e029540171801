//! How many of the truly nearest meanings a search finds.

use std::time::{Duration, Instant};

use super::engine::{Engine, Leg, Point, Scope};
use super::statistics::Tenant;
use super::{Document, IndexModel, Kind, VectorsSettings};

/// The length of the vectors.
const DIMENSION: usize = 384;

/// The records of one user and kind, with their vectors.
struct Records {
    tenant: Tenant,
    vectors: Vec<Vec<f32>>,
}

/// Numbers by chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }

    fn noise(&mut self) -> Vec<f32> {
        (0..DIMENSION).map(|_| self.below(2000) as f32 - 1000.0).collect()
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

async fn fill(engine: &Engine, chance: &mut Chance, topics: &[Vec<f32>], sizes: &[(&str, Kind, usize)]) -> Vec<Records> {
    let mut all = Vec::new();
    for (user, kind, count) in sizes {
        let vectors: Vec<Vec<f32>> = (0..*count).map(|_| chance.meaning(topics)).collect();
        all.push(Records { tenant: Tenant::new(user, *kind), vectors });
    }
    // As they come in time: a bit of everything.
    let most = sizes.iter().map(|(.., count)| count.div_ceil(100)).max().unwrap_or_default();
    for turn in 0..most {
        let mut points = Vec::new();
        for Records { tenant, vectors } in &all {
            let share = |turn: usize| vectors.len() * turn / most;
            for number in share(turn)..share(turn + 1) {
                points.push(Point::from(&Document {
                    user: tenant.user.clone(),
                    kind: tenant.kind,
                    id: number.to_string(),
                    category: String::new(),
                    at: number as i64,
                    text: String::new(),
                    dense: Some(vectors[number].clone()),
                }));
            }
        }
        engine.upsert(points).await.unwrap();
    }
    all
}

/// The share of the nearest twenty that is found, and how long a search takes in the middle.
async fn recall(engine: &Engine, records: &Records, asked: &[Vec<f32>]) -> (f64, Duration) {
    const NEAREST: usize = 20;
    let (mut share, mut waits) = (0.0, Vec::new());
    for asked in asked {
        let begun = Instant::now();
        let found = engine.search(&Scope::of(&records.tenant), vec![Leg::Dense(asked.clone())], 100).await.unwrap();
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

async fn open(folder: &std::path::Path) -> Engine {
    let model = IndexModel { identity: "made up".into(), dimension: DIMENSION };
    Engine::open(&VectorsSettings::default(), folder, Some(&model)).await.unwrap()
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
        let mut chance = Chance(1);
        let folder = tempfile::tempdir().unwrap();
        let engine = open(folder.path()).await;
        let topics: Vec<Vec<f32>> = (0..1000).map(|_| chance.noise()).collect();
        let all = fill(&engine, &mut chance, &topics, &sizes).await;
        let asked: Vec<Vec<f32>> = (0..100).map(|_| chance.meaning(&topics)).collect();
        for state in ["plain", "graph"] {
            if state == "graph" {
                let begun = Instant::now();
                engine.flush().await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                // Waits for the graph.
                engine.flush().await.unwrap();
                println!("{name}: built in {:?}", begun.elapsed());
            }
            for records in &all {
                let (share, p50) = recall(&engine, records, &asked).await;
                let (Tenant { user, kind }, count) = (&records.tenant, records.vectors.len());
                println!("{name} {state}: {count:>6} {user} {kind:?}: recall@20 {share:.4} p50 {p50:?}");
            }
        }
    }
}
