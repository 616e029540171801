//! Tools that answer with every type of content, report progress, log, and ask while they run.
#![expect(deprecated, reason = "sampling and logging are deprecated, and conformance to older revisions needs them")]

use std::time::Duration;

use rmcp::{
    ErrorData,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, LoggingLevel, LoggingMessageNotificationParam,
        ProgressNotificationParam, Tool,
    },
};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::fixture::{List, Reply, Request, list_changed, made};

/// A red dot.
pub(super) const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";

/// A WAV file without a sample.
const SOUND: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";

/// What lies between two steps of a tool.
const STEP: Duration = Duration::from_millis(50);

const SAY_NOTHING: &[(&str, &str)] = &[
    ("test_simple_text", "Answer with a text."),
    ("test_image_content", "Answer with a picture."),
    ("test_audio_content", "Answer with a sound."),
    ("test_embedded_resource", "Answer with a resource."),
    ("test_multiple_content_types", "Answer with a text, a picture and a resource."),
    ("test_error_handling", "Fail."),
    ("test_tool_with_logging", "Log three times."),
    ("test_logging_tool", "Log where the request wants it."),
    ("test_tool_with_progress", "Tell of progress three times."),
    ("test_missing_capability", "Need a client that samples."),
    ("test_trigger_tool_change", "Tell that the list of tools has changed."),
    ("test_trigger_prompt_change", "Tell that the list of prompts has changed."),
    ("test_elicitation_sep1034_defaults", "Ask the user with a form that has defaults."),
    ("test_elicitation_sep1330_enums", "Ask the user with a form of choices."),
];

pub(super) fn all() -> impl Iterator<Item = Tool> {
    let say_nothing = SAY_NOTHING.iter().map(|(name, description)| tool(name, description, json!({})));
    say_nothing.chain([
        tool("test_sampling", "Ask the client's model.", json!({ "prompt": { "type": "string" } })),
        tool("test_elicitation", "Ask the user for name and address.", json!({ "message": { "type": "string" } })),
        tool("test_header", "Take a header.", json!({ "region": { "type": "string", "x-mcp-header": "Region" } })),
        made(json!({
            "name": "json_schema_2020_12_tool",
            "description": "Take what a schema of 2020-12 describes.",
            "inputSchema": schema_of_2020_12(),
        })),
    ])
}

fn tool(name: &str, description: &str, properties: Value) -> Tool {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    made(json!({ "name": name, "description": description, "inputSchema": schema }))
}

fn schema_of_2020_12() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    })
}

pub(super) async fn call(params: CallToolRequestParams, request: Request) -> Reply<CallToolResponse> {
    let argument = |name: &str| params.arguments.as_ref().map(|given| given[name].clone()).unwrap_or_default();
    match &*params.name {
        "test_tool_with_logging" => log_thrice(&request).await,
        "test_logging_tool" if request.meta.log_level().is_some() => log_thrice(&request).await,
        "test_tool_with_progress" => progress(&request).await,
        "test_trigger_tool_change" => list_changed(List::Tools),
        "test_trigger_prompt_change" => list_changed(List::Prompts),
        "test_missing_capability" => {
            let samples = request.client_capabilities().is_some_and(|able| able.sampling.is_some());
            if !samples {
                return Err(ErrorData::missing_required_client_capability(made(json!({ "sampling": {} }))));
            }
        }
        "test_sampling" => return sample(&request, argument("prompt")).await,
        "test_elicitation" => return elicit(&request, argument("message"), person()).await,
        "test_elicitation_sep1034_defaults" => return elicit(&request, json!("Fill this in"), defaults()).await,
        "test_elicitation_sep1330_enums" => return elicit(&request, json!("Choose"), choices()).await,
        _ => {}
    }
    let result = json!({ "resultType": "complete", "content": content(&params.name), "isError": params.name == "test_error_handling" });
    Ok(made::<CallToolResult>(result).into())
}

fn content(tool: &str) -> Value {
    let picture = json!({ "type": "image", "data": PICTURE, "mimeType": "image/png" });
    let resource = |uri: &str, form: &str, text: &str| json!({ "type": "resource", "resource": { "uri": uri, "mimeType": form, "text": text } });
    match tool {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([picture]),
        "test_audio_content" => json!([{ "type": "audio", "data": SOUND, "mimeType": "audio/wav" }]),
        "test_embedded_resource" => {
            json!([resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")])
        }
        "test_multiple_content_types" => json!([
            text("Multiple content types test:"),
            picture,
            resource("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ]),
        "test_error_handling" => json!([text("This tool intentionally returns an error for testing")]),
        _ => json!([text("done")]),
    }
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

async fn log_thrice(request: &Request) {
    for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(line));
        request.peer.notify_logging_message(message).await.unwrap();
        sleep(STEP).await;
    }
}

async fn progress(request: &Request) {
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = request.meta.get_progress_token() {
            let news = ProgressNotificationParam::new(token, done).with_total(100.0);
            request.peer.notify_progress(news).await.unwrap();
        }
        sleep(STEP).await;
    }
}

async fn sample(request: &Request, prompt: Value) -> Reply<CallToolResponse> {
    let messages = json!([{ "role": "user", "content": { "type": "text", "text": prompt } }]);
    let asked = request.peer.create_message(made(json!({ "messages": messages, "maxTokens": 100 }))).await;
    let answer = asked.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(made::<CallToolResult>(json!({ "content": [text(&format!("LLM response: {:?}", answer.message))] })).into())
}

async fn elicit(request: &Request, message: Value, schema: Value) -> Reply<CallToolResponse> {
    let form = json!({ "mode": "form", "message": message, "requestedSchema": schema });
    let asked = request.peer.create_elicitation(made(form)).await;
    let answer = asked.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let outcome = format!("Elicitation completed: action={:?}, content={:?}", answer.action, answer.content);
    Ok(made::<CallToolResult>(json!({ "content": [text(&outcome)] })).into())
}

fn person() -> Value {
    json!({
        "type": "object",
        "properties": {
            "username": { "type": "string", "description": "User's response" },
            "email": { "type": "string", "description": "User's email address" },
        },
        "required": ["username", "email"],
    })
}

fn defaults() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true },
        },
    })
}

fn choices() -> Value {
    let titled = |names: [(&str, &str); 3]| names.map(|(value, title)| json!({ "const": value, "title": title }));
    let named = ["option1", "option2", "option3"];
    json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": named },
            "titledSingle": {
                "type": "string",
                "oneOf": titled([("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")]),
            },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": named } },
            "titledMulti": {
                "type": "array",
                "items": {
                    "anyOf": titled([("value1", "First Choice"), ("value2", "Second Choice"), ("value3", "Third Choice")]),
                },
            },
        },
    })
}
