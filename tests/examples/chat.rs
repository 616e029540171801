//! Measures chat: how long until the first `think:` and the first `data:`, with a model that answers at once, so that
//! what is left is the server's own time.
//!
//! `RECOLLECT_CHAT` names a folder: it is filled with made-up memories and transcripts the first time, and asked every
//! time. The arguments say how many memories, how many segments, and how many questions: 10000 50000 200 by default.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use chrono::{TimeDelta, Utc};
use futures::StreamExt;
use poem::{Body, Response, Server, endpoint::make, listener::TcpAcceptor};
use resources::Resources;
use serde_json::{Map, Value, json};
use server::Config;
use tools::{Context, Surface};

/// How many segments a made-up conversation has.
const SEGMENTS: usize = 100;

/// How many words there are, of which the first are said most.
const WORDS: u64 = 4000;

fn main() -> Result<()> {
    let Some(folder) = env::var_os("RECOLLECT_CHAT").map(PathBuf::from) else { return Ok(()) };
    let number =
        |place: usize, usual: usize| env::args().nth(place).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (memories, segments, questions) = (number(1, 10_000), number(2, 50_000), number(3, 200));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(10 << 20).build()?;
    runtime.block_on(run(&folder, memories, segments, questions))
}

async fn run(folder: &Path, memories: usize, segments: usize, questions: usize) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut config = Config::in_folder(folder);
    config.server.port = 0;
    config.embedder.sources.folder = env::var_os("RECOLLECT_MODELS").map(Into::into);
    config.model.url = Some(prompt_model().await?);
    config.model.name = Some("prompt".into());
    let running = server::start(config).await?;
    let note = folder.join("token");
    if let Some(keys) = &running.bootstrap {
        fs::write(&note, &keys.owner_token)?;
        fill(&running.resources, memories, segments).await?;
    }
    let token = fs::read_to_string(&note).context("the folder was not filled by this program")?;
    let mut random = Random(7);
    let mut times = Vec::new();
    for number in 0..questions {
        let text = format!("What did they say about {} and {}?", random.word(), random.word());
        let asked = ask(&running.url, &token, &text).await?;
        // The first few find nothing in any cache.
        if number >= 5 {
            times.push(asked);
        }
    }
    for (name, part) in [("first think", 0), ("first data", 1), ("done", 2)] {
        let mut waits: Vec<f64> = times.iter().map(|asked| asked[part].as_secs_f64() * 1e3).collect();
        waits.sort_by(f64::total_cmp);
        let at = |share: usize| waits[(waits.len() - 1) * share / 100];
        println!("{name}: p50 {:.1} ms, p95 {:.1} ms, p100 {:.1} ms", at(50), at(95), at(100));
    }
    running.stop().await
}

/// Asks, and says when the first frame of each kind came.
async fn ask(url: &str, token: &str, text: &str) -> Result<[Duration; 3]> {
    let client = reqwest::Client::new();
    // A connection is not part of what is measured.
    client.get(format!("{url}/healthz")).send().await?.bytes().await?;
    let request = client.post(format!("{url}/v2/messages")).bearer_auth(token).json(&json!({ "text": text }));
    let begun = Instant::now();
    let mut stream = request.send().await?.bytes_stream();
    let (mut read, mut times) = (String::new(), [Duration::MAX; 3]);
    while let Some(bytes) = stream.next().await {
        read.push_str(std::str::from_utf8(&bytes?)?);
        for (time, frame) in times.iter_mut().zip(["think: ", "data: ", "done: "]) {
            if read.contains(frame) {
                *time = begun.elapsed().min(*time);
            }
        }
    }
    ensure!(times[2] != Duration::MAX && read.contains("data: So it is"), "no answer: {read}");
    Ok(times)
}

/// A model that says the same at once, whatever it is asked; its base URL.
async fn prompt_model() -> Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?.into_std()?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let chunk = |delta: Value, reason: Value| {
        let choices = json!([{ "index": 0, "delta": delta, "finish_reason": reason }]);
        format!("data: {}\n\n", json!({ "id": "c", "object": "chat.completion.chunk", "choices": choices }))
    };
    let said = chunk(json!({ "content": "So it is [1]." }), Value::Null)
        + &chunk(json!({}), json!("stop"))
        + "data: [DONE]\n\n";
    let endpoint = make(move |request: poem::Request| {
        let said = said.clone();
        async move {
            let asked: Value = request.into_body().into_json().await?;
            // Conversations are processed by rules, as they would be without a model.
            if asked.get("response_format").is_some() || asked["messages"][0].to_string().contains("JSON schema") {
                return Ok::<_, poem::Error>(
                    Response::builder().status(poem::http::StatusCode::BAD_REQUEST).body("{}"),
                );
            }
            Ok(Response::builder().content_type("text/event-stream").body(Body::from(said)))
        }
    });
    let acceptor = TcpAcceptor::from_std(listener)?;
    tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
    Ok(url)
}

/// Writes made-up memories and conversations of the owner, and waits until all of them are found by their meaning.
async fn fill(resources: &Arc<Resources>, memories: usize, segments: usize) -> Result<()> {
    let owner = resources.users().owner().await?.context("there is no owner")?.id;
    let context = Context::of_user(owner, Surface::Import, Arc::clone(resources));
    let mut random = Random(1);
    for _ in 0..memories / 25 {
        let items: Vec<Value> = (0..25).map(|_| json!({ "content": random.sentence(9) })).collect();
        call(&context, "create_memories", json!({ "items": items })).await?;
    }
    let conversations = segments / SEGMENTS;
    for number in 0..conversations {
        let started = Utc::now() - TimeDelta::hours(6 * (conversations - number) as i64);
        let segment = |place: usize, random: &mut Random| {
            let (text, start) = (random.sentence(14), place * 10);
            json!({ "text": text, "start": start, "end": start + 9, "is_user": place.is_multiple_of(2), "speaker": "SPEAKER_01" })
        };
        let said: Vec<Value> = (0..SEGMENTS).map(|place| segment(place, &mut random)).collect();
        let arguments = json!({ "transcript_segments": said, "started_at": started.to_rfc3339() });
        call(&context, "create_conversation_from_segments", arguments).await?;
    }
    while resources.index.pending().await? > 0 {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(())
}

async fn call(context: &Context, tool: &str, arguments: Value) -> Result<Value> {
    let tool = tools::find(tool).context("there is no such tool")?;
    let arguments: Map<String, Value> = arguments.as_object().cloned().unwrap_or_default();
    Ok(tool.call(context.clone(), &tool.arguments, arguments).await?)
}

/// The same numbers every time: a linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// A made-up word; few of them are said often, as in speech.
    fn word(&mut self) -> String {
        let (one, other) = (self.below(WORDS), self.below(WORDS));
        let mut number = one * other / WORDS + 30;
        let mut word = String::new();
        while number > 0 {
            word.push_str(["ba", "ne", "ki", "lo", "mu", "ra", "se", "ti", "vo", "du"][(number % 10) as usize]);
            number /= 10;
        }
        word
    }

    fn sentence(&mut self, words: usize) -> String {
        let words: Vec<String> = (0..words).map(|_| self.word()).collect();
        format!("We {}.", words.join(" "))
    }
}
