//! The language model: any server that speaks the OpenAI chat completions API.

mod reasoning;
mod structured;

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_openai::{Client, config::OpenAIConfig, error::OpenAIError};
use futures::{Stream, StreamExt, TryStreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, Result, Secret, http::root_cause};
use reasoning::ReasoningFilter;

/// Settings of the language model.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageModelSettings {
    /// The base URL, such as `http://localhost:11434/v1`; without one, answers are made by retrieval only.
    pub url: Option<String>,
    /// The API key, if it needs one.
    pub key: Option<Secret>,
    /// The name of the model; required with `url`.
    pub name: Option<String>,
    /// Seconds to wait for the next chunk of an answer.
    pub timeout_seconds: u64,
    /// Seconds that an answer may take in all, including function calls.
    pub answer_seconds: u64,
    /// The context window, in tokens.
    pub context_tokens: usize,
    /// Whether the model is offered functions; if its server refuses them, it answers without.
    pub functions: bool,
}

impl Default for LanguageModelSettings {
    fn default() -> Self {
        Self {
            url: None,
            key: None,
            name: None,
            timeout_seconds: 60,
            answer_seconds: 150,
            context_tokens: 16_384,
            functions: true,
        }
    }
}

/// A language model, cheap to clone.
#[derive(Clone)]
pub struct LanguageModel {
    client: Client<OpenAIConfig>,
    key: Secret,
    name: String,
    chunk_timeout: Duration,
    answer_time: Duration,
    context_tokens: usize,
    functions: Arc<AtomicBool>,
}

/// A message of a chat with the model.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Turn {
    System(String),
    User(String),
    Assistant { text: String, calls: Vec<Call> },
    Function { call_id: String, result: String },
}

/// A function that the model may call.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: Value,
}

/// A function call of the model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// The id, which is returned with the result.
    pub id: String,
    /// The name of the function.
    pub name: String,
    /// The arguments as the model has written them; they may be invalid JSON.
    pub arguments: String,
}

/// A part of the model's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Piece {
    Text(String),
    Calls(Vec<Call>),
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, OpenAIError>> + Send>>;

/// A chunk of the stream; other fields are ignored.
#[derive(Debug, Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default)]
    delta: Delta,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<CallPart>>,
}

#[derive(Debug, Deserialize)]
struct CallPart {
    #[serde(default)]
    index: usize,
    id: Option<String>,
    function: Option<FunctionPart>,
}

#[derive(Debug, Deserialize)]
struct FunctionPart {
    name: Option<String>,
    arguments: Option<String>,
}

impl LanguageModel {
    /// The model of the settings; `None` when none is configured.
    ///
    /// # Errors
    /// [`Error::Setting`] when a URL is given without a name.
    pub fn open(settings: &LanguageModelSettings) -> Result<Option<Self>> {
        let Some(url) = &settings.url else { return Ok(None) };
        let Some(name) = &settings.name else {
            return Err(Error::Setting("model.name must be set together with model.url".into()));
        };
        let key = settings.key.clone().unwrap_or_else(|| Secret::from("none".to_owned()));
        let config = OpenAIConfig::new().with_api_base(url.trim_end_matches('/')).with_api_key(key.expose());
        let http = crate::http::client().connect_timeout(Duration::from_secs(5)).build();
        let client = Client::with_config(config).with_http_client(http.map_err(Error::internal)?);
        Ok(Some(Self {
            client,
            key,
            name: name.clone(),
            chunk_timeout: Duration::from_secs(settings.timeout_seconds),
            answer_time: Duration::from_secs(settings.answer_seconds),
            context_tokens: settings.context_tokens,
            functions: Arc::new(AtomicBool::new(settings.functions)),
        }))
    }

    /// The name of the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The timeout of a whole answer.
    pub fn answer_time(&self) -> Duration {
        self.answer_time
    }

    /// The context window, in tokens.
    pub fn context_tokens(&self) -> usize {
        self.context_tokens
    }

    /// Whether the model accepts functions, as far as is known.
    pub fn takes_functions(&self) -> bool {
        self.functions.load(Ordering::Relaxed)
    }

    /// Requests the next message of the model. Text is streamed; function calls come together, at the end.
    ///
    /// # Errors
    /// [`Error::Unavailable`], before or within the stream: the server refuses or times out, the stream ends early, or the
    /// answer is too long for the model.
    pub async fn answer(
        &self,
        turns: &[Turn],
        functions: &[Function],
    ) -> Result<impl Stream<Item = Result<Piece>> + use<>> {
        let mut request = json!({
            "model": self.name,
            "stream": true,
            "messages": turns.iter().map(Turn::to_json).collect::<Vec<_>>(),
        });
        let chunks = if functions.is_empty() || !self.takes_functions() {
            self.send(request).await?
        } else {
            request["tools"] = functions.iter().map(Function::to_json).collect();
            self.send_with_functions(request).await?
        };
        let chunks = chunks.map_err(|error| request_error(&self.key, &error))?;
        Ok(pieces(choices(chunks, self.chunk_timeout, self.key.clone())))
    }

    /// Sends a request with functions; if the server refuses them, without, and offers it none from then on.
    async fn send_with_functions(&self, mut request: Value) -> Result<Result<Chunks, OpenAIError>> {
        let refusal = match self.send(request.clone()).await? {
            Err(error) if structured::is_about_the_request(&error) => error,
            begun => return Ok(begun),
        };
        if let Value::Object(fields) = &mut request {
            fields.shift_remove("tools");
        }
        let begun = self.send(request).await?;
        if begun.is_ok() {
            tracing::warn!("the language model does not accept functions: {refusal}");
            self.functions.store(false, Ordering::Relaxed);
        }
        Ok(begun.map_err(|_| refusal))
    }

    /// Sends a request; the client retries temporary errors, after the delay that the server asks for.
    async fn send(&self, request: Value) -> Result<Result<Chunks, OpenAIError>> {
        let chat = self.client.chat();
        let request = chat.create_stream_byot(request);
        tokio::time::timeout(self.chunk_timeout, request).await.map_err(|_| timed_out())
    }
}

/// The parts of an answer: text without reasoning and, at the end, the function calls.
fn pieces(choices: impl Stream<Item = Result<Choice>>) -> impl Stream<Item = Result<Piece>> {
    async_stream::try_stream! {
        futures::pin_mut!(choices);
        let (mut calls, mut reasoning, mut is_cut) = (Vec::<Call>::new(), ReasoningFilter::default(), false);
        while let Some(Choice { delta, finish_reason }) = choices.try_next().await? {
            is_cut |= finish_reason.as_deref() == Some("length");
            let said = delta.content.or(delta.refusal).map(|text| reasoning.filter(text)).unwrap_or_default();
            if !said.is_empty() {
                yield Piece::Text(said);
            }
            delta.tool_calls.into_iter().flatten().for_each(|part| part.append_to(&mut calls));
        }
        let rest = reasoning.finish();
        if !rest.is_empty() {
            yield Piece::Text(rest);
        }
        if is_cut {
            Err(Error::Unavailable("the language model's answer is too long and was cut off".into()))?;
        }
        if !calls.is_empty() {
            yield Piece::Calls(calls);
        }
    }
}

/// The choices of a stream, up to its regular end.
fn choices(mut chunks: Chunks, chunk_timeout: Duration, key: Secret) -> impl Stream<Item = Result<Choice>> {
    async_stream::try_stream! {
        let mut finished = false;
        while let Some(chunk) = tokio::time::timeout(chunk_timeout, chunks.next()).await.map_err(|_| timed_out())? {
            let Some(choice) = chunk.map_err(|error| request_error(&key, &error))?.choices.into_iter().next() else { continue };
            finished |= choice.finish_reason.is_some();
            yield choice;
        }
        // A lost connection looks like an end, and half of the arguments of a call can be valid JSON.
        if !finished {
            Err(Error::Unavailable("the language model broke off".into()))?;
        }
    }
}

impl CallPart {
    /// Appends this part to the call that it continues.
    fn append_to(self, calls: &mut Vec<Call>) {
        let id = self.id.unwrap_or_default();
        // Some servers give every call the index 0 and distinguish them by id only.
        let is_other = |call: &Call| !id.is_empty() && !call.id.is_empty() && id != call.id;
        let index = if calls.get(self.index).is_some_and(is_other) { calls.len() } else { self.index };
        if calls.len() <= index {
            calls.resize_with(index + 1, Call::default);
        }
        let call = &mut calls[index];
        if call.id.is_empty() {
            call.id = id;
        }
        if let Some(function) = self.function {
            call.name.push_str(function.name.as_deref().unwrap_or_default());
            call.arguments.push_str(function.arguments.as_deref().unwrap_or_default());
        }
    }
}

impl Turn {
    fn to_json(&self) -> Value {
        match self {
            Turn::System(text) => json!({ "role": "system", "content": text }),
            Turn::User(text) => json!({ "role": "user", "content": text }),
            Turn::Function { call_id, result } => json!({ "role": "tool", "tool_call_id": call_id, "content": result }),
            Turn::Assistant { text, calls } if calls.is_empty() => json!({ "role": "assistant", "content": text }),
            Turn::Assistant { text, calls } => {
                let call = |call: &Call| {
                    let function = json!({ "name": call.name, "arguments": call.arguments });
                    json!({ "id": call.id, "type": "function", "function": function })
                };
                let calls: Vec<Value> = calls.iter().map(call).collect();
                json!({ "role": "assistant", "content": text, "tool_calls": calls })
            }
        }
    }
}

impl Function {
    fn to_json(&self) -> Value {
        let Self { name, description, parameters } = self;
        json!({
            "type": "function",
            "function": { "name": name, "description": description, "parameters": parameters },
        })
    }
}

fn timed_out() -> Error {
    Error::Unavailable("the language model did not answer in time".into())
}

/// A failed request, without the key, which some servers repeat, and without the URL.
fn request_error(key: &Secret, error: &OpenAIError) -> Error {
    Error::Unavailable(format!("the language model did not answer: {}", key.redact(&root_cause(error))))
}
