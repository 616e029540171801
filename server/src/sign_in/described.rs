//! How the document describes signing in with a browser.

use http::Method;
use poem_openapi::registry::{
    MetaMediaType, MetaOperation, MetaOperationParam, MetaParamIn, MetaPath, MetaRequest, MetaResponse, MetaResponses,
    MetaSchema, MetaSchemaRef,
};

/// The routes, by path.
pub(crate) fn paths() -> Vec<MetaPath> {
    let path = |path: &str, operations| MetaPath { path: path.into(), operations };
    let state = ("state", "What the browser takes along.");
    let app = ("app_id", "The app.");
    let authorize = MetaOperation {
        params: parameters(&[
            ("provider", "What this server calls the issuer, such as `google`."),
            ("redirect_uri", "Where the browser goes then: a program on its own machine, or a configured address."),
            state,
        ]),
        ..operation(Method::GET, "authorize_browser", "Send a browser to the issuer to sign in.", REDIRECT)
    };
    let come_back = MetaOperation {
        params: vec![parameter("provider", "The issuer.", MetaParamIn::Path)],
        ..operation(Method::GET, "finish_browser_sign_in", "Take a browser back from the issuer.", REDIRECT)
    };
    let fields = [
        ("grant_type", "Always `authorization_code`."),
        ("code", "What the browser brought."),
        ("redirect_uri", "Where it brought it."),
    ];
    let give_tokens = MetaOperation {
        request: Some(form(&fields)),
        ..operation(Method::POST, "redeem_sign_in_code", "Get tokens for the code that a browser brought.", TOKENS)
    };
    let show = MetaOperation {
        params: parameters(&[app, state]),
        ..operation(Method::GET, "show_app_sign_in", "Ask a user who they are before an app opens.", PAGE)
    };
    let fields = [app, state, ("account", "A name or an e-mail address."), ("password", "The password.")];
    let sign_in = MetaOperation {
        request: Some(form(&fields)),
        ..operation(Method::POST, "sign_in_to_app", "Send a user to an app with their id.", REDIRECT)
    };
    let fields = [("firebase_id_token", "A user's token, of any kind that signs in here."), app, state];
    let tell = MetaOperation {
        request: Some(form(&fields)),
        ..operation(Method::POST, "get_app_redirect", "Say whose a token is, and where an app begins.", TOKENS)
    };
    vec![
        path("/v1/auth/authorize", vec![authorize]),
        path("/v1/auth/callback/{provider}", vec![come_back]),
        path("/v1/auth/token", vec![give_tokens]),
        path("/v1/oauth/authorize", vec![show, sign_in]),
        path("/v1/oauth/token", vec![tell]),
    ]
}

/// What comes back: a status, its content type, and what that is.
type Answer = (u16, &'static str, &'static str);

const REDIRECT: Answer = (303, "text/html", "Where the browser goes.");
const PAGE: Answer = (200, "text/html", "The page.");
const TOKENS: Answer = (200, "application/json", "What was asked for.");

fn operation(method: Method, id: &'static str, description: &'static str, answer: Answer) -> MetaOperation {
    let (status, content_type, meaning) = answer;
    let kind = if content_type == "application/json" { "object" } else { "string" };
    let content = match status {
        303 => Vec::new(),
        _ => vec![MetaMediaType { content_type, schema: inline(MetaSchema::new(kind)) }],
    };
    let success =
        MetaResponse { description: meaning, status: Some(status), status_range: None, content, headers: Vec::new() };
    MetaOperation {
        method,
        tags: vec!["Public"],
        summary: Some(description.trim_end_matches('.')),
        description: Some(description),
        external_docs: None,
        params: Vec::new(),
        request: None,
        responses: MetaResponses { responses: vec![success] },
        deprecated: false,
        security: Vec::new(),
        operation_id: Some(id),
        code_samples: Vec::new(),
    }
}

fn parameters(named: &[(&'static str, &'static str)]) -> Vec<MetaOperationParam> {
    named.iter().map(|(name, about)| parameter(name, about, MetaParamIn::Query)).collect()
}

fn parameter(name: &'static str, about: &'static str, place: MetaParamIn) -> MetaOperationParam {
    MetaOperationParam {
        name: name.into(),
        schema: inline(MetaSchema::new("string")),
        required: name != "state",
        in_type: place,
        description: Some(about.into()),
        deprecated: false,
        explode: true,
        style: None,
    }
}

fn form(fields: &[(&'static str, &'static str)]) -> MetaRequest {
    let field = |(name, about): &(&'static str, &'static str)| {
        (*name, inline(MetaSchema { description: Some(about), ..MetaSchema::new("string") }))
    };
    let schema = MetaSchema {
        properties: fields.iter().map(field).collect(),
        required: fields.iter().map(|(name, _)| *name).filter(|name| *name != "state").collect(),
        ..MetaSchema::new("object")
    };
    let content = MetaMediaType { content_type: "application/x-www-form-urlencoded", schema: inline(schema) };
    MetaRequest { description: None, content: vec![content], required: true }
}

fn inline(schema: MetaSchema) -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(schema))
}
