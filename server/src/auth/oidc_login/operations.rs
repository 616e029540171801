//! How the document describes signing in with a browser.

use http::Method;
use poem_openapi::registry::{
    MetaMediaType, MetaOperation, MetaOperationParam, MetaParamIn, MetaPath, MetaRequest, MetaResponse, MetaResponses,
    MetaSchema, MetaSchemaRef,
};

/// The name of a field or parameter, and what it is.
type Named = (&'static str, &'static str);

/// What comes back: a status, its content types, and what that is.
type Answer = (u16, &'static [&'static str], &'static str);

const JSON: &str = "application/json";
const HTML: &str = "text/html";

const STATE: Named = ("state", "What the browser takes along.");
const APP: Named = ("app_id", "The app.");

const REDIRECT: Answer = (303, &[], "Where the browser goes.");
const PAGE: Answer = (200, &[HTML], "The page.");
const ONWARD: Answer = (200, &[HTML], "A page from which the browser goes on to the app.");
const TOKENS: Answer = (200, &[JSON], "What was asked for.");

const REJECTED: Answer = (400, &[JSON], "It is not known here, or not allowed.");
const UNKNOWN: Answer = (401, &[JSON], "The token is no good.");
const SHUT_OUT: Answer = (403, &[JSON], "The account may not come in at present.");
const NO_APP: Answer = (404, &[JSON], "There is no such app.");
const TOO_LARGE: Answer = (413, &[JSON], "The form is too large.");
const UNREADABLE: Answer = (422, &[JSON], "The form cannot be read, or lacks a field.");
const OFTEN: Answer = (429, &[JSON], "This was asked for often enough for now.");
const DEFECT: Answer = (500, &[JSON], "A defect of the server; its log says more.");
const AWAY: Answer = (503, &[JSON], "A part of the server, or the issuer, is away; the same request may work later.");

/// What the page says that asks for a password, where it is no program's fault.
const NOT_IN: [Answer; 5] = [
    (403, &[HTML], "The page again: the account may not come in at present."),
    (422, &[HTML, JSON], "The page again: the name or the password is wrong. Or the form cannot be read."),
    (429, &[HTML], "The page again: there were too many attempts."),
    (500, &[HTML], "The page again: a defect of the server; its log says more."),
    (503, &[HTML], "The page again: a part of the server is away."),
];

/// The routes, by path.
pub(crate) fn paths() -> Vec<MetaPath> {
    let path = |path: &str, operations| MetaPath { path: path.into(), operations };
    vec![
        path("/v1/auth/authorize", vec![authorize()]),
        path("/v1/auth/callback/{provider}", vec![come_back()]),
        path("/v1/auth/token", vec![give_tokens()]),
        path("/v1/oauth/authorize", vec![show(), sign_in()]),
        path("/v1/oauth/token", vec![tell()]),
    ]
}

fn authorize() -> MetaOperation {
    let required = [
        ("provider", "What this server calls the issuer, such as `google`."),
        ("redirect_uri", "Where the browser goes then: a program on its own machine, or a configured address."),
    ];
    let optional = [
        STATE,
        ("code_challenge", "The SHA-256 of what the code will be given back with, in base64url (RFC 7636)."),
        ("code_challenge_method", "How it was made: always `S256`."),
    ];
    let answers = [REDIRECT, REJECTED, OFTEN, DEFECT, AWAY];
    MetaOperation {
        params: parameters(&required, &optional),
        ..operation(Method::GET, "authorize_browser", "Send a browser to the issuer to sign in.", &answers)
    }
}

fn come_back() -> MetaOperation {
    let required = [("state", "What the browser took along to the issuer.")];
    let optional =
        [("code", "What the issuer gave it."), ("error", "Why the issuer gave it nothing, in a word of OAuth.")];
    let mut params = vec![MetaOperationParam { in_type: MetaParamIn::Path, ..parameter(&("provider", "The issuer.")) }];
    params.extend(parameters(&required, &optional));
    let answers = [REDIRECT, REJECTED, DEFECT, AWAY];
    MetaOperation {
        params,
        ..operation(Method::GET, "finish_browser_sign_in", "Take a browser back from the issuer.", &answers)
    }
}

fn give_tokens() -> MetaOperation {
    let required = [
        ("grant_type", "Always `authorization_code`."),
        ("code", "What the browser brought."),
        ("redirect_uri", "Where it brought it."),
    ];
    let optional = [("code_verifier", "What the challenge was made of, where there was one.")];
    let answers = [TOKENS, REJECTED, UNKNOWN, SHUT_OUT, TOO_LARGE, UNREADABLE, DEFECT, AWAY];
    let about = "Get tokens for the code that a browser brought.";
    MetaOperation {
        request: Some(form(&required, &optional)),
        ..operation(Method::POST, "redeem_sign_in_code", about, &answers)
    }
}

fn show() -> MetaOperation {
    MetaOperation {
        params: parameters(&[APP], &[STATE]),
        ..operation(Method::GET, "show_app_sign_in", "Ask a user who they are before an app opens.", &[PAGE, NO_APP])
    }
}

fn sign_in() -> MetaOperation {
    let required = [APP, ("account", "A name or an e-mail address."), ("password", "The password.")];
    let answers = [vec![ONWARD, NO_APP, TOO_LARGE], NOT_IN.to_vec()].concat();
    MetaOperation {
        request: Some(form(&required, &[STATE])),
        ..operation(Method::POST, "sign_in_to_app", "Send a user to an app with their id.", &answers)
    }
}

fn tell() -> MetaOperation {
    let required = [("firebase_id_token", "A user's token, of any kind that signs in here."), APP];
    let answers = [TOKENS, UNKNOWN, SHUT_OUT, NO_APP, TOO_LARGE, UNREADABLE, DEFECT, AWAY];
    let about = "Say whose a token is, and where an app begins.";
    MetaOperation {
        request: Some(form(&required, &[STATE])),
        ..operation(Method::POST, "get_app_redirect", about, &answers)
    }
}

fn operation(method: Method, id: &'static str, description: &'static str, answers: &[Answer]) -> MetaOperation {
    MetaOperation {
        method,
        tags: vec!["Public"],
        summary: Some(description.trim_end_matches('.')),
        description: Some(description),
        external_docs: None,
        params: Vec::new(),
        request: None,
        responses: MetaResponses { responses: answers.iter().map(response).collect() },
        deprecated: false,
        security: Vec::new(),
        operation_id: Some(id),
        code_samples: Vec::new(),
    }
}

fn response(&(status, content_types, description): &Answer) -> MetaResponse {
    let is_refusal = status >= 400;
    let content = |&content_type: &&'static str| {
        let schema = match content_type {
            JSON if is_refusal => refusal(),
            JSON => MetaSchema::new("object"),
            _ => MetaSchema::new("string"),
        };
        MetaMediaType { content_type, schema: inline(schema) }
    };
    let content = content_types.iter().map(content).collect();
    MetaResponse { description, status: Some(status), status_range: None, content, headers: Vec::new() }
}

/// The body of a refusal, as everywhere.
fn refusal() -> MetaSchema {
    // A sentence mostly; of arguments a list, and of an account that is being deleted an object.
    let detail = MetaSchema { description: Some("The reason."), ..MetaSchema::ANY };
    MetaSchema { properties: vec![("detail", inline(detail))], required: vec!["detail"], ..MetaSchema::new("object") }
}

fn parameters(required: &[Named], optional: &[Named]) -> Vec<MetaOperationParam> {
    let left_out = |named: &Named| MetaOperationParam { required: false, ..parameter(named) };
    required.iter().map(parameter).chain(optional.iter().map(left_out)).collect()
}

fn parameter(&(name, about): &Named) -> MetaOperationParam {
    MetaOperationParam {
        name: name.into(),
        schema: inline(MetaSchema::new("string")),
        required: true,
        in_type: MetaParamIn::Query,
        description: Some(about.into()),
        deprecated: false,
        explode: true,
        style: None,
    }
}

fn form(required: &[Named], optional: &[Named]) -> MetaRequest {
    let field = |&(name, about): &Named| {
        let schema = MetaSchema { description: Some(about), ..MetaSchema::new("string") };
        (name, inline(schema))
    };
    let schema = MetaSchema {
        properties: required.iter().chain(optional).map(field).collect(),
        required: required.iter().map(|&(name, _)| name).collect(),
        ..MetaSchema::new("object")
    };
    let content = MetaMediaType { content_type: "application/x-www-form-urlencoded", schema: inline(schema) };
    MetaRequest { description: None, content: vec![content], required: true }
}

fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}
