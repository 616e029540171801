//! How fast the program is under load: the real binary with its embedded engines in a temporary folder, one user with
//! 10,000 memories, and a client over loopback. One table comes out; nothing timed is asserted.
//!
//! `cargo bench --bench load` runs everything; words behind `--` (`create`, `search`, `list`, `mcp`) choose. Client and
//! server share the machine, so beside the wall times stands what is true on a busy machine as well: the processor time
//! of the server for each request, and how busy others kept the machine meanwhile. `LOAD_MEMORIES` changes the number;
//! `RECOLLECT_MODELS` names a folder with the model, which is fetched otherwise.

mod client;
mod processor;
mod server;
mod table;
mod texts;

use std::path::Path;
use std::time::{Duration, Instant};

use client::Request;
use futures::StreamExt;
use processor::Spent;
use server::Server;
use table::{Measured, Table};
use texts::Texts;

/// How many connections are busy at a time when it is not one.
const MANY: usize = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let memories = std::env::var("LOAD_MEMORIES").map_or(10_000, |number| number.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut load = Load { texts: Texts::default(), table: Table::default() };
    let server = load.fill(folder.path(), memories).await.restart();
    load.table.note("ready, later start", format!("{:.2} s", server.ready_after.as_secs_f64()), "2 s");
    load.table.note("resident, later start", format!("{} MiB", server.resident_mib()), "400 MiB");
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    if chosen("create") {
        load.create(&server).await;
    }
    if chosen("search") {
        load.search(&server).await;
    }
    if chosen("list") {
        load.list(&server).await;
    }
    if chosen("mcp") {
        load.mcp(&server).await;
    }
    load.table.note("resident, at the end", format!("{} MiB", server.resident_mib()), "400 MiB");
    load.table.print();
}

/// What is sent, and what was measured.
struct Load {
    texts: Texts,
    table: Table,
}

impl Load {
    /// Starts a server in an empty folder and fills it.
    async fn fill(&mut self, folder: &Path, memories: usize) -> Server {
        let server = Server::start_first(folder);
        let batches: Vec<Request> =
            (0..memories / 25).map(|_| Request::CreateBatch((0..25).map(|_| self.texts.memory()).collect())).collect();
        self.run("create 25 at once, 4 connections", &server, 4, batches, "").await;
        self.drain(&server).await;
        server
    }

    async fn create(&mut self, server: &Server) {
        let requests = |texts: &mut Texts, count| (0..count).map(|_| Request::Create(texts.memory())).collect();
        let few: Vec<Request> = requests(&mut self.texts, 500);
        let many: Vec<Request> = requests(&mut self.texts, 3000);
        self.run("create, alone", server, 1, few, "p50 2 ms").await;
        self.drain(server).await;
        self.run("create, 16 connections", server, MANY, many, "1500/s").await;
        self.drain(server).await;
    }

    async fn search(&mut self, server: &Server) {
        let few: Vec<Request> = (0..300).map(|_| Request::Search(self.texts.question())).collect();
        let many: Vec<Request> = (0..2000).map(|_| Request::Search(self.texts.question())).collect();
        let known: Vec<Request> = many.iter().cycle().skip(1900).step_by(7).take(2000).cloned().collect();
        self.run("search, alone", server, 1, few, "p50 15 ms").await;
        self.run("search, 16 connections", server, MANY, many, "200/s").await;
        self.run("search, 16 connections, asked before", server, MANY, known, "200/s").await;
    }

    async fn list(&mut self, server: &Server) {
        for sort in ["scoring_desc", "created_desc", "updated_desc"] {
            self.run(&format!("list 100, {sort}"), server, 1, vec![Request::List(sort); 300], "p50 3 ms").await;
        }
    }

    async fn mcp(&mut self, server: &Server) {
        let (_, written) = server.client.send(&Request::Create(self.texts.memory())).await;
        let written: serde_json::Value = serde_json::from_slice(&written).expect("JSON");
        let id = written["id"].as_str().expect("an id").to_owned();
        self.drain(server).await;
        let rest = self.run("get one, REST", server, 1, vec![Request::Get(id.clone()); 1000], "").await;
        let mcp = self.run("get one, MCP", server, 1, vec![Request::GetByMcp(id); 1000], "").await;
        let (wall, time) = (mcp.quantile(0.5) - rest.quantile(0.5), mcp.server_time() - rest.server_time());
        self.table.note("MCP over REST", format!("{wall:.2} ms, processor {time:.2} ms"), "0.5 ms");
    }

    /// Sends requests over some connections that are kept.
    async fn run(
        &mut self,
        name: &str,
        server: &Server,
        connections: usize,
        requests: Vec<Request>,
        target: &str,
    ) -> Measured {
        let client = &server.client;
        let (before, begun) = (Spent::now(server.id()), Instant::now());
        let sent = futures::stream::iter(&requests).map(async |request| client.send(request).await.0);
        let times: Vec<Duration> = sent.buffer_unordered(connections).collect().await;
        let measured = Measured { times, wall: begun.elapsed(), spent: Spent::now(server.id()).since(before) };
        self.table.add(name, &measured, target);
        measured
    }

    /// Waits until the index has learnt everything.
    async fn drain(&mut self, server: &Server) {
        let (begun, before, behind) = (Instant::now(), Spent::now(server.id()), server.client.pending().await);
        while server.client.pending().await > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let spent = Spent::now(server.id()).since(before).server;
        if behind > 100 {
            let rate = behind as f64 / begun.elapsed().as_secs_f64();
            let each = spent.as_secs_f64() * 1e3 / behind as f64;
            self.table.note("indexed, in the background", format!("{rate:.0}/s, processor {each:.2} ms each"), "");
        }
    }
}
