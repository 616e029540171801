//! Structured output: one answer in the form of a type, requested with a strict JSON schema, validated, and requested once
//! more with the errors.

use async_openai::error::OpenAIError;
use futures::TryStreamExt;
use jsonschema::Validator;
use reqwest::StatusCode;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::{Chunks, LanguageModel, Turn, choices, request_error, timed_out};
use crate::{Error, Result};

/// The timeout of a whole answer, as a multiple of that of one chunk: a model can stream for ever, a space at a time.
const TOTAL_TIMEOUT_FACTOR: u32 = 10;

/// The maximum length of an answer, in bytes.
const MAX_ANSWER_BYTES: usize = 512 << 10;

/// The number of validation errors that the model is shown.
const MAX_REPORTED_ERRORS: usize = 20;

/// The keywords of a strict schema that are copied unchanged.
const KEYWORDS: &[&str] = &[
    "type",
    "description",
    "enum",
    "const",
    "pattern",
    "multipleOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
];

/// The string formats of a strict schema.
const FORMATS: &[&str] = &["date-time", "date", "time", "duration", "email", "uuid"];

impl LanguageModel {
    /// Asks for one answer of type `T`: a struct of fields that are texts, numbers, booleans, plain enums, lists and
    /// structs; what may be missing is an `Option`. The model reads its doc comments: of an enum, those on the field.
    /// An answer that does not fit is returned to the model once, with the errors.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: the server refuses, asks for a longer delay than is sensible, or times out; the model
    /// declines, is cut off, or does not keep to the form twice.
    pub async fn ask<T: DeserializeOwned + JsonSchema>(&self, system: &str, user: &str) -> Result<T> {
        let format = AnswerFormat::of::<T>()?;
        let answer =
            tokio::time::timeout(self.chunk_timeout * TOTAL_TIMEOUT_FACTOR, self.ask_twice(&format, system, user))
                .await;
        answer.map_err(|_| timed_out())?
    }

    async fn ask_twice<T: DeserializeOwned>(&self, format: &AnswerFormat, system: &str, user: &str) -> Result<T> {
        let mut turns = vec![Turn::System(system.to_owned()), Turn::User(user.to_owned())];
        let text = self.request(&turns, format).await?;
        let errors = match format.parse(&text) {
            Ok(answer) => return Ok(answer),
            Err(errors) => errors,
        };
        tracing::debug!("the language model is asked to correct its answer: {errors}");
        let correction =
            format!("This does not fit. Answer again, with the whole JSON object and nothing else.\n{errors}");
        turns.extend([Turn::Assistant { text, calls: Vec::new() }, Turn::User(correction)]);
        let text = self.request(&turns, format).await?;
        let invalid = |errors| Error::Unavailable(format!("the language model does not keep to the form: {errors}"));
        format.parse(&text).map_err(invalid)
    }

    /// Requests an answer, with the schema or, if the server does not accept one, with the schema in the prompt. Such
    /// servers refuse before the model begins, so that the second request costs little.
    async fn request(&self, turns: &[Turn], format: &AnswerFormat) -> Result<String> {
        let chunks = match self.send(format.request(&self.name, turns)).await? {
            Err(error) if is_about_the_request(&error) => {
                tracing::debug!("the language model is asked without a schema: {error}");
                self.send(format.request_without_schema(&self.name, turns)).await?
            }
            sent => sent,
        };
        self.collect(chunks.map_err(|error| request_error(&self.key, &error))?).await
    }

    /// Collects the whole answer. It is streamed, so that a slow model can be distinguished from a dead one.
    async fn collect(&self, chunks: Chunks) -> Result<String> {
        let choices = choices(chunks, self.chunk_timeout, self.key.clone());
        futures::pin_mut!(choices);
        let (mut text, mut refusal) = (String::new(), String::new());
        while let Some(choice) = choices.try_next().await? {
            text.push_str(choice.delta.content.as_deref().unwrap_or_default());
            refusal.push_str(choice.delta.refusal.as_deref().unwrap_or_default());
            let cut_off = choice.finish_reason.as_deref() == Some("length");
            if cut_off || text.len() > MAX_ANSWER_BYTES {
                return Err(Error::Unavailable("the language model's answer is too long and was cut off".into()));
            }
        }
        if !refusal.is_empty() {
            return Err(Error::Unavailable(format!("the language model declines: {refusal}")));
        }
        Ok(text)
    }
}

/// The form of an answer.
struct AnswerFormat {
    name: String,
    schema: Value,
    validator: Validator,
}

impl AnswerFormat {
    fn of<T: JsonSchema>() -> Result<Self> {
        let mut settings = SchemaSettings::draft2020_12();
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
        let validator = jsonschema::validator_for(&schema).map_err(Error::internal)?;
        let fitting = |sign: &char| sign.is_ascii_alphanumeric() || *sign == '_';
        Ok(Self { name: T::schema_name().chars().filter(fitting).take(64).collect(), schema, validator })
    }

    fn request(&self, model: &str, turns: &[Turn]) -> Value {
        let schema = json!({ "name": self.name, "strict": true, "schema": strict(&self.schema) });
        json!({
            "model": model,
            "stream": true,
            "messages": turns.iter().map(Turn::to_json).collect::<Vec<_>>(),
            "response_format": { "type": "json_schema", "json_schema": schema },
        })
    }

    fn request_without_schema(&self, model: &str, turns: &[Turn]) -> Value {
        let mut messages: Vec<Value> = turns.iter().map(Turn::to_json).collect();
        let system = messages[0]["content"].as_str().unwrap_or_default();
        let form =
            format!("Answer with one JSON object and nothing else. It must fit this JSON schema:\n{}", self.schema);
        messages[0]["content"] = format!("{system}\n\n{form}").into();
        json!({ "model": model, "stream": true, "messages": messages })
    }

    /// The answer in a text, or what is wrong with it, a line for each fault.
    fn parse<T: DeserializeOwned>(&self, said: &str) -> Result<T, String> {
        let answer: Value =
            serde_json::from_str(json_object(said)).map_err(|error| format!("It is no JSON: {error}."))?;
        let fault = |error: jsonschema::ValidationError<'_>| match error.instance_path().as_str() {
            "" => error.masked().to_string(),
            place => format!("{place}: {}", error.masked()),
        };
        let errors: Vec<String> = self.validator.iter_errors(&answer).take(MAX_REPORTED_ERRORS).map(fault).collect();
        if !errors.is_empty() {
            return Err(errors.join("\n"));
        }
        serde_json::from_value(answer).map_err(|error| error.to_string())
    }
}

/// Whether the server refuses the request itself, rather than this user or this moment.
pub(super) fn is_about_the_request(error: &OpenAIError) -> bool {
    let status = match error {
        OpenAIError::ApiError(refusal) => refusal.status_code,
        // A refusal that has not the usual form, as some local servers send: its status is lost.
        OpenAIError::JSONDeserialize(..) => StatusCode::BAD_REQUEST,
        _ => return false,
    };
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::NOT_IMPLEMENTED)
}

/// The JSON object in what a model says: some think aloud first, or put it into a fence.
fn json_object(said: &str) -> &str {
    let spoken = said.rsplit_once("</think>").map_or(said, |(_, spoken)| spoken);
    match (spoken.find('{'), spoken.rfind('}')) {
        (Some(begin), Some(end)) if begin < end => &spoken[begin..=end],
        _ => spoken.trim(),
    }
}

/// The schema in the part of JSON Schema that servers can hold a model to: every field is required, no others may come,
/// and bounds that they do not know are left to the check.
fn strict(schema: &Value) -> Value {
    let Value::Object(all) = schema else { return schema.clone() };
    let mut kept = Map::new();
    for (keyword, value) in all {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(fields)) => {
                let fields: Map<_, _> = fields.iter().map(|(name, field)| (name.clone(), strict(field))).collect();
                kept.insert("required".into(), fields.keys().cloned().collect());
                kept.insert("properties".into(), fields.into());
            }
            ("items", item) => drop(kept.insert("items".into(), strict(item))),
            ("anyOf" | "oneOf", Value::Array(forms)) => {
                kept.insert("anyOf".into(), forms.iter().map(strict).collect());
            }
            ("format", Value::String(name)) if FORMATS.contains(&name.as_str()) => {
                kept.insert("format".into(), value.clone());
            }
            (name, _) if KEYWORDS.contains(&name) => drop(kept.insert(name.into(), value.clone())),
            _ => {}
        }
    }
    if kept.get("type").is_some_and(|kind| kind == "object") {
        kept.entry("properties").or_insert_with(|| json!({}));
        kept.entry("required").or_insert_with(|| json!([]));
        kept.insert("additionalProperties".into(), false.into());
    }
    Value::Object(kept)
}
