//! How the document describes the routes that are no tools.

use std::collections::HashMap;

use http::Method;
use poem_openapi::registry::{
    MetaMediaType, MetaOperation, MetaOperationParam, MetaParamIn, MetaPath, MetaRequest, MetaResponse, MetaResponses,
    MetaSchema, MetaSchemaRef,
};

/// The routes, by path.
pub(super) fn paths() -> Vec<MetaPath> {
    let health = MetaOperation {
        security: Vec::new(),
        ..operation(Method::GET, "get_health", "Get health", "Say whether the server is well; anybody may ask.")
    };
    let ask = MetaOperation {
        params: vec![app()],
        request: Some(MetaRequest { description: None, content: vec![question()], required: true }),
        responses: answers("text/event-stream", "Frames `think: …`, `data: …` and, last, `done: <base64>`."),
        ..operation(
            Method::POST,
            "send_message",
            "Send message",
            "Ask the memory a question; the answer comes as a stream.",
        )
    };
    let ask_aloud = MetaOperation {
        params: vec![app()],
        request: Some(MetaRequest { description: None, content: vec![spoken()], required: true }),
        responses: answers("text/event-stream", "A frame `message: <base64>`, the question, and those of an answer."),
        ..operation(Method::POST, "ask_aloud", "Ask aloud", "Ask the memory a spoken question, as text is asked.")
    };
    let export = MetaOperation {
        responses: answers("application/json", "Everything, a list for each kind of thing."),
        ..operation(Method::GET, "export", "Export", "Export everything that the user has, as one JSON document.")
    };
    vec![
        MetaPath { path: "/v1/users/export".into(), operations: vec![export] },
        MetaPath { path: "/healthz".into(), operations: vec![health] },
        MetaPath { path: "/v2/messages".into(), operations: vec![ask] },
        MetaPath { path: "/v2/voice-messages".into(), operations: vec![ask_aloud] },
    ]
}

fn operation(method: Method, id: &'static str, summary: &'static str, description: &'static str) -> MetaOperation {
    MetaOperation {
        method,
        tags: vec!["App"],
        summary: Some(summary),
        description: Some(description),
        external_docs: None,
        params: Vec::new(),
        request: None,
        responses: answers("application/json", "The state of the server."),
        deprecated: false,
        security: vec![HashMap::from([("session", Vec::new())])],
        operation_id: Some(id),
        code_samples: Vec::new(),
    }
}

fn answers(content_type: &'static str, description: &'static str) -> MetaResponses {
    // A stream is described in words: what stands here would be taken for a description of each of its events.
    let schema = if content_type == "application/json" { MetaSchema::new("object") } else { MetaSchema::ANY };
    let content = vec![MetaMediaType { content_type, schema: inline(schema) }];
    let success = MetaResponse { description, status: Some(200), status_range: None, content, headers: Vec::new() };
    MetaResponses { responses: vec![success] }
}

fn question() -> MetaMediaType {
    let text = described("string", "The question, of 1 to 20,000 characters.");
    let files = MetaSchema {
        max_items: Some(20),
        ..list("string", "The ids of files that go with it, at most 20; `POST /v2/files` gives them.")
    };
    let kind = described("string", "What it is: `conversation`, `task` (an action item), `memory` or `recap`.");
    let time = |what| MetaSchema { format: Some("date-time"), ..described("string", what) };
    let page = MetaSchema {
        properties: vec![
            ("type", inline(kind)),
            ("id", inline(described("string", "Its id."))),
            ("title", inline(described("string", "What it is called."))),
            ("start_date", inline(time("When what it shows begins: nothing earlier is looked at."))),
            ("end_date", inline(time("When what it shows ends: nothing later is looked at."))),
        ],
        required: vec!["type"],
        ..described("object", "What the user is looking at while they ask.")
    };
    let schema = MetaSchema {
        properties: vec![("text", inline(text)), ("file_ids", inline(files)), ("context", inline(page))],
        required: vec!["text"],
        ..MetaSchema::new("object")
    };
    MetaMediaType { content_type: "application/json", schema: inline(schema) }
}

fn spoken() -> MetaMediaType {
    let bytes = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
    let files = MetaSchema {
        items: Some(Box::new(inline(bytes))),
        ..list("string", "The recording; only the first is heard.")
    };
    let language = described("string", "The language spoken, such as `en`.");
    let schema = MetaSchema {
        properties: vec![("files", inline(files)), ("language", inline(language))],
        required: vec!["files"],
        ..MetaSchema::new("object")
    };
    MetaMediaType { content_type: "multipart/form-data", schema: inline(schema) }
}

/// The app that is asked.
fn app() -> MetaOperationParam {
    MetaOperationParam {
        name: "app_id".into(),
        schema: inline(MetaSchema::new("string")),
        in_type: MetaParamIn::Query,
        description: Some("The app that is asked; none, or `null`, is Recollect itself.".into()),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

fn described(kind: &'static str, description: &'static str) -> MetaSchema {
    MetaSchema { description: Some(description), ..MetaSchema::new(kind) }
}

fn list(kind: &'static str, description: &'static str) -> MetaSchema {
    MetaSchema { items: Some(Box::new(inline(MetaSchema::new(kind)))), ..described("array", description) }
}

fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}
