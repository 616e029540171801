//! Measures the answers without a language model on real dialogues: whether what they cite holds the evidence, what they
//! say when there is none, and how long they take.
//!
//! `RECOLLECT_LOCOMO` names the file of dialogues, `RECOLLECT_MODELS` the folder with the embedding model; without the
//! file, there is nothing to do. `RECOLLECT_LOADED` names a folder that keeps what was loaded for the next run. The first
//! argument says how many dialogues to take, `show` after it prints every question with its answer.

use std::{
    collections::{BTreeMap, HashMap},
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use resources::Resources;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use server::Config;
use tools::{Context, Surface};

#[derive(Deserialize)]
struct Dialogue {
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
    #[serde(default)]
    answer: Value,
    category: u8,
    evidence: Vec<String>,
}

/// A dialogue as the server has it: its user, and the turn of each segment.
#[derive(Serialize, Deserialize)]
struct Loaded {
    user: String,
    turns: HashMap<String, String>,
}

/// What was seen of the questions of one category.
#[derive(Default)]
struct Tally {
    asked: usize,
    with_evidence: usize,
    hits: usize,
    cited: usize,
    nothing: usize,
    direct: usize,
    direct_fits: usize,
    cautioned: usize,
}

fn main() -> anyhow::Result<()> {
    let Ok(file) = env::var("RECOLLECT_LOCOMO") else { return Ok(()) };
    // The database wants deep stacks.
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().thread_stack_size(10 << 20).build()?;
    runtime.block_on(async { tokio::spawn(run(file)).await? })
}

async fn run(file: String) -> anyhow::Result<()> {
    let count: usize = env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(usize::MAX);
    let show = env::args().any(|argument| argument == "show");
    let dialogues: Vec<Dialogue> = serde_json::from_str(&fs::read_to_string(file)?)?;
    let temporary = tempfile::tempdir()?;
    let folder = env::var_os("RECOLLECT_LOADED").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let mut config = Config::in_folder(&folder);
    config.server.port = 0;
    config.embedder.sources.folder = env::var_os("RECOLLECT_MODELS").map(Into::into);
    let running = server::start(config).await?;
    let (mut tallies, mut times) = (BTreeMap::<u8, Tally>::new(), Vec::new());
    for dialogue in dialogues.iter().take(count) {
        let loaded = load(&running.resources, dialogue, &folder).await?;
        let context = Context::of_user(loaded.user.clone(), Surface::App, Arc::clone(&running.resources));
        for question in dialogue.questions.iter().filter(|question| question.category != 3) {
            let begun = Instant::now();
            let answer = call(&context, "ask", json!({ "question": question.question, "limit": 10 })).await?;
            times.push(begun.elapsed());
            let line = tallies.entry(question.category).or_default().count(question, &answer, &loaded.turns);
            if show {
                println!("== {} {line}\n{}\n-> {}", question.category, question.question, question.answer);
                println!("{}\n", answer["answer"].as_str().unwrap_or_default());
            }
        }
    }
    report(&tallies, times);
    running.stop().await
}

async fn call(context: &Context, tool: &str, arguments: Value) -> anyhow::Result<Value> {
    let tool = tools::find(tool).expect("a tool");
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    tool.call(context.clone(), &tool.arguments, arguments).await.map_err(|error| anyhow::anyhow!("{error}"))
}

/// Writes a dialogue for a user of its own, or finds it as it was written before.
async fn load(resources: &Arc<Resources>, dialogue: &Dialogue, folder: &Path) -> anyhow::Result<Loaded> {
    let note = folder.join(format!("{}.json", dialogue.id));
    if let Ok(text) = fs::read_to_string(&note) {
        return Ok(serde_json::from_str(&text)?);
    }
    let user = resources.users().add(&dialogue.speakers[0]).await?.user.id;
    let context = Context::of_user(user.clone(), Surface::App, Arc::clone(resources));
    let mut people = HashMap::new();
    for name in &dialogue.speakers {
        let (person, _) = resources.people(&user).find_or_create(name).await?;
        people.insert(name.as_str(), person.id);
    }
    let mut turns = HashMap::new();
    for session in &dialogue.sessions {
        let start = NaiveDateTime::parse_from_str(&session.date_time, "%I:%M %p on %d %B, %Y")?.and_utc();
        let made = call(&context, "create_conversation_from_segments", conversation(session, start, dialogue, &people));
        let id = made.await?["id"].as_str().unwrap_or_default().to_owned();
        let segments = context.conversations().transcript(&id).await?;
        anyhow::ensure!(segments.len() == session.turns.len(), "{id} has other segments");
        turns.extend(segments.into_iter().zip(&session.turns).map(|(segment, turn)| (segment.id, turn.id.clone())));
    }
    while resources.index.pending().await? > 0 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let loaded = Loaded { user, turns };
    fs::write(note, serde_json::to_string(&loaded)?)?;
    Ok(loaded)
}

fn conversation(session: &Session, start: DateTime<Utc>, dialogue: &Dialogue, people: &HashMap<&str, String>) -> Value {
    let segment = |(place, turn): (usize, &Turn)| {
        let caption = turn.image_caption.as_ref().map(|caption| format!(" [shared image: {caption}]"));
        let number = usize::from(turn.speaker != dialogue.speakers[0]);
        json!({
            "text": format!("{}{}", turn.text, caption.unwrap_or_default()),
            "start": place * 10,
            "end": place * 10 + 9,
            "is_user": number == 0,
            "speaker": format!("SPEAKER_0{number}"),
            "person_id": people[turn.speaker.as_str()],
        })
    };
    let segments: Vec<Value> = session.turns.iter().enumerate().map(segment).collect();
    let end = start + TimeDelta::seconds(10 * segments.len() as i64);
    json!({ "started_at": start, "finished_at": end, "transcript_segments": segments })
}

impl Tally {
    /// Counts an answer; says in a few words how it was.
    fn count(&mut self, question: &Question, answer: &Value, turns: &HashMap<String, String>) -> String {
        let citations = answer["citations"].as_array().map(Vec::as_slice).unwrap_or_default();
        let evidence = evidence(question);
        let turn = |citation: &Value| turns.get(citation["segment"].as_str()?).cloned();
        let hit = citations.iter().filter_map(turn).any(|turn| evidence.contains(&turn));
        self.asked += 1;
        self.with_evidence += usize::from(!evidence.is_empty());
        self.hits += usize::from(hit);
        self.cited += citations.len();
        self.nothing += usize::from(citations.is_empty());
        let text = answer["answer"].as_str().unwrap_or_default();
        let cautioned = text.starts_with("What fits best") || text.starts_with("Nothing that was found");
        self.cautioned += usize::from(cautioned);
        let direct = direct(text).map(|line| shares(line, &gold(&question.answer)));
        self.direct += usize::from(direct.is_some());
        self.direct_fits += usize::from(direct == Some(true));
        format!("{} direct {direct:?}", if hit { "HIT" } else { "miss" })
    }
}

/// The line before the quotes that answers directly.
fn direct(answer: &str) -> Option<&str> {
    answer.split_once("\n\nThis is what").map(|(line, _)| line)
}

fn gold(answer: &Value) -> String {
    answer.as_str().map_or_else(|| answer.to_string(), str::to_owned)
}

/// Whether an answer has a significant word, or a number, of the right one.
fn shares(line: &str, gold: &str) -> bool {
    let split = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_alphanumeric()).map(str::to_lowercase);
        words.filter(|word| word.len() > 3 || word.chars().any(|letter| letter.is_ascii_digit())).collect()
    };
    let (line, gold) = (split(line), split(gold));
    // A date is right when its smallest part is: a year alone is shared by nearly all.
    let day = gold.iter().find(|word| word.len() < 3 && word.parse::<u32>().is_ok());
    match day {
        Some(day) => line.contains(day),
        None => gold.iter().any(|word| line.contains(word)),
    }
}

/// The ids of the turns that hold the answer: `D1:3; D2:4` is two.
fn evidence(question: &Question) -> Vec<String> {
    let parts = question.evidence.iter().flat_map(|text| text.split([';', ' ', ',']));
    let id = |part: &str| {
        let (session, turn) = part.trim().trim_start_matches('D').trim_start_matches(':').split_once(':')?;
        Some(format!("D{}:{}", session.parse::<u32>().ok()?, turn.parse::<u32>().ok()?))
    };
    parts.filter_map(id).collect()
}

fn report(tallies: &BTreeMap<u8, Tally>, mut times: Vec<Duration>) {
    let share = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    for (category, tally) in tallies {
        println!(
            "category {category}: {} questions, evidence cited {:.1} % of {}, {:.2} citations, nothing found {:.1} %, \
             cautioned {:.1} %, direct {:.1} %, of which fit {:.1} %",
            tally.asked,
            share(tally.hits, tally.with_evidence),
            tally.with_evidence,
            tally.cited as f64 / tally.asked as f64,
            share(tally.nothing, tally.asked),
            share(tally.cautioned, tally.asked),
            share(tally.direct, tally.asked),
            share(tally.direct_fits, tally.direct),
        );
    }
    let sum = |of: fn(&Tally) -> usize| {
        tallies.iter().filter(|(category, _)| **category != 5).map(|(_, tally)| of(tally)).sum::<usize>()
    };
    let (asked, hits, with) = (sum(|tally| tally.asked), sum(|tally| tally.hits), sum(|tally| tally.with_evidence));
    println!("categories 1, 2 and 4: evidence cited {:.2} % of {with}", share(hits, with));
    println!("  {:.2} citations on average", sum(|tally| tally.cited) as f64 / asked.max(1) as f64);
    println!("  direct {} of {asked}, of which fit {}", sum(|tally| tally.direct), sum(|tally| tally.direct_fits));
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!("{} answers: p50 {:.1} ms, p95 {:.1} ms", times.len(), at(50), at(95));
}
