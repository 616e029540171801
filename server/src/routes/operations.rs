//! The OpenAPI description of the routes that are not tools. It is written by hand: what poem-openapi derives from
//! types describes neither the streams nor the refusals of these routes as the document describes those of the tools.

use std::collections::HashMap;

use http::Method;
use poem_openapi::registry::{
    MetaMediaType, MetaOperation, MetaOperationParam, MetaParamIn, MetaPath, MetaRequest, MetaResponse, MetaResponses,
    MetaSchema, MetaSchemaRef,
};

/// The name of a field or a parameter, and its description.
type Named = (&'static str, &'static str);

/// A response: status, content types, description.
type Answer = (u16, &'static [&'static str], &'static str);

const JSON: &str = "application/json";
const HTML: &str = "text/html";
const STREAM: &str = "text/event-stream";

const ANSWER_FRAMES: &str = "Frames `think: …`, `data: …` and, last, `done: <base64>`. The text is Markdown without pictures, \
    without raw HTML that loads anything, and without hidden link targets; render `citations` as the only links.";

const STATE: Named = ("state", "Opaque value, returned unchanged.");
const APP: Named = ("app_id", "The id of the app.");

const REDIRECT: Answer = (303, &[], "Redirect.");
const PAGE: Answer = (200, &[HTML], "The page.");
const APP_PAGE: Answer = (200, &[HTML], "A page that redirects to the app.");
const SUCCESS: Answer = (200, &[JSON], "Success.");

const BAD_REQUEST: Answer = (400, &[JSON], "The request is invalid or not allowed.");
const UNAUTHORIZED: Answer = (401, &[JSON], "The token is invalid.");
const FORBIDDEN: Answer = (403, &[JSON], "The account is disabled or being deleted.");
const UNKNOWN_APP: Answer = (404, &[JSON], "The app does not exist.");
const TOO_LARGE: Answer = (413, &[JSON], "The form is too large.");
const INVALID_FORM: Answer = (422, &[JSON], "The form is invalid, or a field is missing.");
const RATE_LIMITED: Answer = (429, &[JSON], "Rate limit exceeded.");
const INTERNAL: Answer = (500, &[JSON], "Internal server error; the log has the details.");
const UNAVAILABLE: Answer = (503, &[JSON], "Service temporarily unavailable.");

/// What the sign-in page of an app answers to the person in front of it.
const SIGN_IN_FAILED: [Answer; 5] = [
    (403, &[HTML], "The page again: the account is disabled or being deleted."),
    (422, &[HTML, JSON], "The page again: wrong name or password. As JSON: the form is invalid."),
    (429, &[HTML], "The page again: too many attempts."),
    (500, &[HTML], "The page again: internal server error; the log has the details."),
    (503, &[HTML], "The page again: service temporarily unavailable."),
];

/// The described routes, by path.
pub(super) fn paths() -> Vec<MetaPath> {
    let path = |path: &str, operations| MetaPath { path: path.into(), operations };
    vec![
        path("/v1/users/export", vec![export()]),
        path("/healthz", vec![health()]),
        path("/v2/messages", vec![send_message()]),
        path("/v2/voice-messages", vec![ask_aloud()]),
        path("/v1/auth/authorize", vec![authorize_browser()]),
        path("/v1/auth/callback/{provider}", vec![finish_browser_sign_in()]),
        path("/v1/auth/token", vec![redeem_sign_in_code()]),
        path("/v1/oauth/authorize", vec![show_app_sign_in(), sign_in_to_app()]),
        path("/v1/oauth/token", vec![get_app_redirect()]),
    ]
}

fn health() -> MetaOperation {
    let responses = success(JSON, "The state of the server.");
    let description = "Get the state of the server; no authentication is needed.";
    MetaOperation {
        security: Vec::new(),
        ..app_operation(Method::GET, "get_health", "Get health", description, responses)
    }
}

fn export() -> MetaOperation {
    let responses = success(JSON, "All data, with a list for each kind of item.");
    app_operation(Method::GET, "export", "Export", "Export all data of the user as one JSON document.", responses)
}

fn send_message() -> MetaOperation {
    let responses = success(STREAM, ANSWER_FRAMES);
    let description = "Ask a question about the user's memory; the answer is streamed.";
    MetaOperation {
        params: vec![chat_app()],
        request: Some(body(JSON, question())),
        ..app_operation(Method::POST, "send_message", "Send message", description, responses)
    }
}

fn ask_aloud() -> MetaOperation {
    let responses = success(STREAM, "A frame `message: <base64>` with the question, then the frames of the answer.");
    let description = "Ask a spoken question about the user's memory; the answer is streamed.";
    MetaOperation {
        params: vec![chat_app()],
        request: Some(body("multipart/form-data", recording())),
        ..app_operation(Method::POST, "ask_aloud", "Ask aloud", description, responses)
    }
}

fn authorize_browser() -> MetaOperation {
    let required = [
        ("provider", "This server's name for the issuer, such as `google`."),
        ("redirect_uri", "The redirect URI: of a program on the browser's machine, or a configured one."),
    ];
    let optional =
        [STATE, ("code_challenge", "PKCE code challenge (S256)."), ("code_challenge_method", "Always `S256`.")];
    let answers = [REDIRECT, BAD_REQUEST, RATE_LIMITED, INTERNAL, UNAVAILABLE];
    MetaOperation {
        params: query(&required, &optional),
        ..public_operation(Method::GET, "authorize_browser", "Redirect a browser to the issuer to sign in.", &answers)
    }
}

fn finish_browser_sign_in() -> MetaOperation {
    let required = [("state", "The state that was sent to the issuer.")];
    let optional = [("code", "The issuer's authorization code."), ("error", "The issuer's OAuth error code.")];
    let provider = parameter(&("provider", "The name of the issuer."));
    let mut params = vec![MetaOperationParam { in_type: MetaParamIn::Path, ..provider }];
    params.extend(query(&required, &optional));
    let (id, description) = ("finish_browser_sign_in", "Accept a browser's return from the issuer.");
    let answers = [REDIRECT, BAD_REQUEST, INTERNAL, UNAVAILABLE];
    MetaOperation { params, ..public_operation(Method::GET, id, description, &answers) }
}

fn redeem_sign_in_code() -> MetaOperation {
    let required = [
        ("grant_type", "Always `authorization_code`."),
        ("code", "The authorization code."),
        ("redirect_uri", "The redirect URI that the code was sent to."),
    ];
    let optional = [("code_verifier", "PKCE code verifier, where there was a challenge.")];
    let answers = [SUCCESS, BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, TOO_LARGE, INVALID_FORM, INTERNAL, UNAVAILABLE];
    let description = "Exchange the authorization code of a browser sign-in for tokens.";
    MetaOperation {
        request: Some(form(&required, &optional)),
        ..public_operation(Method::POST, "redeem_sign_in_code", description, &answers)
    }
}

fn show_app_sign_in() -> MetaOperation {
    let (id, description) = ("show_app_sign_in", "Show the page on which a user signs in to an app.");
    MetaOperation {
        params: query(&[APP], &[STATE]),
        ..public_operation(Method::GET, id, description, &[PAGE, UNKNOWN_APP])
    }
}

fn sign_in_to_app() -> MetaOperation {
    let required = [APP, ("account", "A name or an e-mail address."), ("password", "The password.")];
    let answers = [vec![APP_PAGE, UNKNOWN_APP, TOO_LARGE], SIGN_IN_FAILED.to_vec()].concat();
    MetaOperation {
        request: Some(form(&required, &[STATE])),
        ..public_operation(Method::POST, "sign_in_to_app", "Sign a user in to an app.", &answers)
    }
}

fn get_app_redirect() -> MetaOperation {
    let required = [("firebase_id_token", "A user's token, of any kind."), APP];
    let answers = [SUCCESS, UNAUTHORIZED, FORBIDDEN, UNKNOWN_APP, TOO_LARGE, INVALID_FORM, INTERNAL, UNAVAILABLE];
    let description = "Get the user of a token, and the URL that opens an app for them.";
    MetaOperation {
        request: Some(form(&required, &[STATE])),
        ..public_operation(Method::POST, "get_app_redirect", description, &answers)
    }
}

fn app_operation(
    method: Method,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    responses: MetaResponses,
) -> MetaOperation {
    MetaOperation {
        method,
        tags: vec!["App"],
        summary: Some(summary),
        description: Some(description),
        external_docs: None,
        params: Vec::new(),
        request: None,
        responses,
        deprecated: false,
        security: vec![HashMap::from([("session", Vec::new())])],
        operation_id: Some(id),
        code_samples: Vec::new(),
    }
}

fn public_operation(method: Method, id: &'static str, description: &'static str, answers: &[Answer]) -> MetaOperation {
    let responses = MetaResponses { responses: answers.iter().map(response).collect() };
    let summary = description.trim_end_matches('.');
    let operation = app_operation(method, id, summary, description, responses);
    MetaOperation { tags: vec!["Public"], security: Vec::new(), ..operation }
}

fn success(content_type: &'static str, description: &'static str) -> MetaResponses {
    // A stream is described in words: a schema would be read as that of each event.
    let schema = if content_type == JSON { MetaSchema::new("object") } else { MetaSchema::ANY };
    let content = vec![MetaMediaType { content_type, schema: inline(schema) }];
    let response = MetaResponse { description, status: Some(200), status_range: None, content, headers: Vec::new() };
    MetaResponses { responses: vec![response] }
}

fn response(&(status, content_types, description): &Answer) -> MetaResponse {
    let content = |&content_type: &&'static str| {
        let schema = match content_type {
            JSON if status >= 400 => error_body(),
            JSON => MetaSchema::new("object"),
            _ => MetaSchema::new("string"),
        };
        MetaMediaType { content_type, schema: inline(schema) }
    };
    let content = content_types.iter().map(content).collect();
    MetaResponse { description, status: Some(status), status_range: None, content, headers: Vec::new() }
}

/// The body of an error. `detail` is mostly a sentence; a list for arguments, an object for an account being deleted.
fn error_body() -> MetaSchema {
    let detail = MetaSchema { description: Some("The reason."), ..MetaSchema::ANY };
    object(vec![("detail", detail)], vec!["detail"])
}

fn question() -> MetaSchema {
    let files =
        list("The ids of attached files, at most 20; `POST /v2/files` returns them.", MetaSchema::new("string"));
    let time = |description| MetaSchema { format: Some("date-time"), ..text(description) };
    let page = object(
        vec![
            ("type", text("The type: `conversation`, `task` (an action item), `memory` or `recap`.")),
            ("id", text("The id of the item.")),
            ("title", text("The title of the item.")),
            ("start_date", time("Start of the period that is shown: earlier items are ignored.")),
            ("end_date", time("End of the period that is shown: later items are ignored.")),
        ],
        vec!["type"],
    );
    let fields = vec![
        ("text", text("The question, of 1 to 20,000 characters.")),
        ("file_ids", MetaSchema { max_items: Some(20), ..files }),
        ("context", MetaSchema { description: Some("What the user is looking at."), ..page }),
    ];
    object(fields, vec!["text"])
}

fn recording() -> MetaSchema {
    let bytes = MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
    let fields = vec![
        ("files", list("The recording; further files are ignored.", bytes)),
        ("language", text("The language spoken, such as `en`.")),
    ];
    object(fields, vec!["files"])
}

/// The app of a chat.
fn chat_app() -> MetaOperationParam {
    let description = "The id of the app; none, or `null`, is Recollect itself.";
    MetaOperationParam { required: false, ..parameter(&("app_id", description)) }
}

fn query(required: &[Named], optional: &[Named]) -> Vec<MetaOperationParam> {
    let optional = optional.iter().map(|named| MetaOperationParam { required: false, ..parameter(named) });
    required.iter().map(parameter).chain(optional).collect()
}

fn parameter(&(name, description): &Named) -> MetaOperationParam {
    MetaOperationParam {
        name: name.into(),
        schema: inline(MetaSchema::new("string")),
        required: true,
        in_type: MetaParamIn::Query,
        description: Some(description.into()),
        deprecated: false,
        explode: true,
        style: None,
    }
}

fn form(required: &[Named], optional: &[Named]) -> MetaRequest {
    let fields = required.iter().chain(optional).map(|&(name, description)| (name, text(description)));
    let names = required.iter().map(|&(name, _)| name).collect();
    body("application/x-www-form-urlencoded", object(fields.collect(), names))
}

fn body(content_type: &'static str, schema: MetaSchema) -> MetaRequest {
    let content = vec![MetaMediaType { content_type, schema: inline(schema) }];
    MetaRequest { description: None, content, required: true }
}

fn object(fields: Vec<(&'static str, MetaSchema)>, required: Vec<&'static str>) -> MetaSchema {
    let properties = fields.into_iter().map(|(name, schema)| (name, inline(schema))).collect();
    MetaSchema { properties, required, ..MetaSchema::new("object") }
}

fn text(description: &'static str) -> MetaSchema {
    MetaSchema { description: Some(description), ..MetaSchema::new("string") }
}

fn list(description: &'static str, item: MetaSchema) -> MetaSchema {
    MetaSchema { description: Some(description), items: Some(Box::new(inline(item))), ..MetaSchema::new("array") }
}

fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}
