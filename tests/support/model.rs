//! A language model for tests: an OpenAI-compatible server on loopback that answers by script.

use std::{
    collections::{HashMap, VecDeque},
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{StreamExt, stream};
use poem::{Body, IntoResponse, Response, Server, endpoint::make, http::StatusCode, listener::TcpAcceptor};
use serde_json::{Value, json};
use server::Config;

use super::server::on_runtime;

/// What the model does with a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Says this, piece by piece.
    Say(&'static [&'static str]),
    /// Says this in one piece.
    Text(String),
    /// Says this, with time between the pieces.
    Slowly(&'static [&'static str]),
    /// Refuses a request with functions, as servers of simple models do; else says this.
    WithoutFunctions(&'static [&'static str]),
    /// Asks for functions: name and arguments, as the model writes them.
    Call(Vec<(&'static str, String)>),
    /// Refuses with a status.
    Fail(u16),
    /// Refuses with 429, to be asked again after so many seconds.
    Later(u32),
    /// Says this, and no more.
    Stall(&'static str),
    /// Says this and breaks off.
    BreakOff(&'static str),
    /// Says this and reaches the maximum length.
    CutOff(&'static str),
    /// Declines to answer, for this reason.
    Decline(&'static str),
}

/// A language model that answers by scripts.
#[derive(Clone)]
pub(crate) struct ScriptedModel {
    /// The base URL of its API.
    pub(crate) url: String,
    /// Each under the question that it belongs to.
    scripts: Arc<Mutex<HashMap<String, Script>>>,
}

/// The acts that are left, and the requests that came.
type Script = (VecDeque<Act>, Vec<Value>);

impl ScriptedModel {
    /// Starts it on a free port, without any script.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let started = Self { url, scripts: Arc::default() };
        let model = started.clone();
        let endpoint = make(move |request: poem::Request| {
            let model = model.clone();
            async move {
                assert_eq!(request.uri().path(), "/v1/chat/completions");
                Ok::<_, poem::Error>(model.play(request.into_body().into_json().await.unwrap()))
            }
        });
        on_runtime(async move {
            let acceptor = TcpAcceptor::from_std(listener).unwrap();
            tokio::spawn(Server::new_with_acceptor(acceptor).run(endpoint));
        })
        .await;
        started
    }

    /// Makes a server use it.
    pub(crate) fn configure(&self, config: &mut Config) {
        config.model.url = Some(self.url.clone());
        config.model.name = Some("scripted".into());
    }

    /// Sets the acts, turn by turn, for requests whose last user message contains this question.
    pub(crate) fn script(&self, question: &str, acts: impl IntoIterator<Item = Act>) {
        let acts = acts.into_iter().collect();
        self.scripts.lock().unwrap().insert(question.to_owned(), (acts, Vec::new()));
    }

    /// What the model was sent under this question, turn by turn.
    pub(crate) fn requests(&self, question: &str) -> Vec<Value> {
        self.scripts.lock().unwrap()[question].1.clone()
    }

    fn play(&self, request: Value) -> Response {
        let mut scripts = self.scripts.lock().unwrap();
        let messages = request["messages"].as_array().unwrap();
        let asked = messages.iter().rev().filter(|message| message["role"] == "user");
        // Later messages may ask the model to mend its answer to a question.
        let question = asked.filter_map(|message| longest_in(message["content"].as_str()?, scripts.keys())).next();
        // Conversations are processed with the model, too, which few scripts are about.
        let Some(question) = question else { return error_response(400) };
        let (acts, requests) = scripts.get_mut(&question).unwrap();
        let has_functions = request.get("tools").is_some();
        requests.push(request);
        // The last act repeats, since clients may retry.
        let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() };
        match act.expect("a script has an act") {
            Act::Say(pieces) => {
                streamed(pieces.iter().map(|piece| json!({ "content": piece })).collect(), Some("stop"))
            }
            Act::Text(text) => streamed(vec![json!({ "content": text })], Some("stop")),
            Act::Slowly(pieces) => {
                let deltas = pieces.iter().map(|piece| json!({ "content": piece })).collect();
                paced(deltas, Some("stop"), Duration::from_millis(100))
            }
            Act::WithoutFunctions(_) if has_functions => error_response(400),
            Act::WithoutFunctions(pieces) => {
                streamed(pieces.iter().map(|piece| json!({ "content": piece })).collect(), Some("stop"))
            }
            Act::Call(calls) => streamed(calls.iter().enumerate().flat_map(call_deltas).collect(), Some("stop")),
            Act::BreakOff(piece) => streamed(vec![json!({ "content": piece })], None),
            Act::CutOff(piece) => streamed(vec![json!({ "content": piece })], Some("length")),
            Act::Decline(reason) => streamed(vec![json!({ "refusal": reason })], Some("stop")),
            Act::Fail(status) => error_response(status),
            Act::Later(seconds) => error_response(429).with_header("retry-after", seconds.to_string()).into_response(),
            Act::Stall(piece) => {
                let chunk = format!("data: {}\n\n", chunk(json!({ "content": piece }), Value::Null));
                let events = stream::iter([Ok::<_, io::Error>(chunk)]).chain(stream::pending());
                Response::builder().content_type("text/event-stream").body(Body::from_bytes_stream(events))
            }
        }
    }
}

fn longest_in<'a>(text: &str, questions: impl Iterator<Item = &'a String>) -> Option<String> {
    questions.filter(|question| text.contains(question.as_str())).max_by_key(|question| question.len()).cloned()
}

fn error_response(status: u16) -> Response {
    let error = json!({ "error": { "message": "scripted failure", "type": "scripted", "code": null } });
    let response = Response::builder().status(StatusCode::from_u16(status).unwrap());
    response.content_type("application/json").body(error.to_string())
}

/// A call as it is streamed: its name first, then its arguments in two pieces.
fn call_deltas((index, (name, arguments)): (usize, &(&str, String))) -> Vec<Value> {
    let (head, tail) = arguments.split_at(arguments.len() / 2);
    let part = |part: Value| json!({ "tool_calls": [part] });
    let id = format!("call-{index}");
    let function = json!({ "name": name, "arguments": "" });
    vec![
        part(json!({ "index": index, "id": id, "type": "function", "function": function })),
        part(json!({ "index": index, "function": { "arguments": head } })),
        part(json!({ "index": index, "function": { "arguments": tail } })),
    ]
}

/// A stream that ends for a reason, or breaks.
fn streamed(deltas: Vec<Value>, reason: Option<&str>) -> Response {
    paced(deltas, reason, Duration::from_millis(5))
}

fn paced(deltas: Vec<Value>, reason: Option<&str>, pace: Duration) -> Response {
    let event = |delta, reason| Ok(format!("data: {}\n\n", chunk(delta, reason)));
    let end = match reason {
        Some(reason) => vec![event(json!({}), json!(reason)), Ok("data: [DONE]\n\n".to_owned())],
        None => vec![Err(io::Error::other("scripted break"))],
    };
    let deltas = deltas.into_iter().map(|delta| event(delta, Value::Null));
    let events: Vec<io::Result<String>> = deltas.chain(end).collect();
    // Each piece leaves by itself, so that what comes before a break arrives.
    let paced = stream::unfold(events.into_iter(), move |mut events| async move {
        tokio::time::sleep(pace).await;
        events.next().map(|event| (event, events))
    });
    Response::builder().content_type("text/event-stream").body(Body::from_bytes_stream(paced))
}

fn chunk(delta: Value, reason: Value) -> Value {
    let choices = json!([{ "index": 0, "delta": delta, "finish_reason": reason }]);
    json!({ "id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": choices })
}
