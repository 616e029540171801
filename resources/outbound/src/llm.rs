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

/// Which language model answers questions.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageModelSettings {
    /// The base URL, such as `http://localhost:11434/v1`; none means that answers come by retrieval alone.
    pub url: Option<String>,
    /// The key, if it wants one.
    pub key: Option<Secret>,
    /// The name of the model; required with `url`.
    pub name: Option<String>,
    /// Seconds to wait for the next piece of an answer.
    pub timeout_seconds: u64,
    /// Seconds that an answer may take in all, with every function that the model asks for.
    pub answer_seconds: u64,
    /// How much the model can take in and say at once, in tokens.
    pub context_tokens: usize,
    /// Whether the model may ask for functions; one whose server refuses them answers without, whatever this says.
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
    patience: Duration,
    answer_time: Duration,
    context_tokens: usize,
    functions: Arc<AtomicBool>,
}

/// One turn of a conversation with the model.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Turn {
    System(String),
    User(String),
    Assistant { text: String, calls: Vec<Call> },
    Function { call_id: String, result: String },
}

/// A function that the model may ask for.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// The JSON schema of its arguments.
    pub parameters: Value,
}

/// A function that the model asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Call {
    /// Goes back with the result.
    pub id: String,
    /// Which function.
    pub name: String,
    /// Its arguments, as the model wrote them: JSON if all went well.
    pub arguments: String,
}

/// A piece of the model's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Piece {
    Text(String),
    Calls(Vec<Call>),
}

type Chunks = Pin<Box<dyn Stream<Item = Result<Chunk, OpenAIError>> + Send>>;

/// A chunk of the stream; whatever else servers send along is passed over.
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
            patience: Duration::from_secs(settings.timeout_seconds),
            answer_time: Duration::from_secs(settings.answer_seconds),
            context_tokens: settings.context_tokens,
            functions: Arc::new(AtomicBool::new(settings.functions)),
        }))
    }

    /// What the server calls the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long an answer may take in all.
    pub fn answer_time(&self) -> Duration {
        self.answer_time
    }

    /// How much the model can take in and say at once, in tokens.
    pub fn context_tokens(&self) -> usize {
        self.context_tokens
    }

    /// Whether the model may ask for functions, as far as is known.
    pub fn takes_functions(&self) -> bool {
        self.functions.load(Ordering::Relaxed)
    }

    /// Asks the model to go on. Text comes as it is written; functions that it asks for come together, at the end.
    ///
    /// # Errors
    /// [`Error::Unavailable`], with what the server said, before or within the stream: it refuses, is too slow, breaks
    /// off, or the answer is too long for it.
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
            self.begin(request).await?
        } else {
            request["tools"] = functions.iter().map(Function::to_json).collect();
            self.begin_with_functions(request).await?
        };
        let chunks = chunks.map_err(|error| refused(&self.key, &error))?;
        Ok(pieces(choices(chunks, self.patience, self.key.clone())))
    }

    /// Sends a request with functions or, to a server that refuses those, without: that one is not offered any again.
    async fn begin_with_functions(&self, mut request: Value) -> Result<Result<Chunks, OpenAIError>> {
        let refusal = match self.begin(request.clone()).await? {
            Err(error) if structured::is_about_the_request(&error) => error,
            begun => return Ok(begun),
        };
        if let Value::Object(fields) = &mut request {
            fields.shift_remove("tools");
        }
        let begun = self.begin(request).await?;
        if begun.is_ok() {
            tracing::warn!("the language model takes no functions: {refusal}");
            self.functions.store(false, Ordering::Relaxed);
        }
        Ok(begun.map_err(|_| refusal))
    }

    /// Sends a request. The client below tries again what may pass, after the time that the server asks for.
    async fn begin(&self, request: Value) -> Result<Result<Chunks, OpenAIError>> {
        let chat = self.client.chat();
        let opening = chat.create_stream_byot(request);
        tokio::time::timeout(self.patience, opening).await.map_err(|_| too_slow())
    }
}

/// What the choices of a stream come to: text without thoughts and, at the end, the functions asked for.
fn pieces(choices: impl Stream<Item = Result<Choice>>) -> impl Stream<Item = Result<Piece>> {
    async_stream::try_stream! {
        futures::pin_mut!(choices);
        let (mut calls, mut thoughts, mut is_cut) = (Vec::<Call>::new(), ReasoningFilter::default(), false);
        while let Some(Choice { delta, finish_reason }) = choices.try_next().await? {
            is_cut |= finish_reason.as_deref() == Some("length");
            let said = delta.content.or(delta.refusal).map(|text| thoughts.pass(text)).unwrap_or_default();
            if !said.is_empty() {
                yield Piece::Text(said);
            }
            delta.tool_calls.into_iter().flatten().for_each(|part| part.join(&mut calls));
        }
        let rest = thoughts.rest();
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

/// What comes in a stream, up to its proper end.
fn choices(mut chunks: Chunks, patience: Duration, key: Secret) -> impl Stream<Item = Result<Choice>> {
    async_stream::try_stream! {
        let mut finished = false;
        while let Some(chunk) = tokio::time::timeout(patience, chunks.next()).await.map_err(|_| too_slow())? {
            let Some(choice) = chunk.map_err(|error| refused(&key, &error))?.choices.into_iter().next() else { continue };
            finished |= choice.finish_reason.is_some();
            yield choice;
        }
        // A connection that is cut looks like an end, and half of a call's arguments can be valid.
        if !finished {
            Err(Error::Unavailable("the language model broke off".into()))?;
        }
    }
}

impl CallPart {
    /// Adds this part to the call that it continues.
    fn join(self, calls: &mut Vec<Call>) {
        let id = self.id.unwrap_or_default();
        // Some servers number every call 0 and tell them apart by id alone.
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

fn too_slow() -> Error {
    Error::Unavailable("the language model did not answer in time".into())
}

/// What went wrong, as far as anybody may know: neither the key, which some servers repeat, nor the address.
fn refused(key: &Secret, error: &OpenAIError) -> Error {
    Error::Unavailable(format!("the language model did not answer: {}", key.redact(&root_cause(error))))
}
