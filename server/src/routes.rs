//! The few routes that are no tools: the state of the server, and what is streamed: an answer, and all that a user has.

mod dictation;
mod frames;
mod operations;
mod voice;

use std::{collections::HashMap, sync::Arc};

use futures::{Stream, TryStreamExt};
use http::Method;
use openapi::{SignIn as _, locality, read_json, refuse};
use poem::{
    Body, Endpoint, EndpointExt, IntoResponse, Request, Response,
    endpoint::{BoxEndpoint, make},
    web::Json,
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, Registry},
};
use resources::{LanguageModel, Resources, Speech};
use schemas::{
    audit::AuditAccess,
    health::{Health, IndexHealth},
};
use serde_json::{Map, Value};
use tools::{
    Audience, Error, Result,
    assistant::agent::{self, Frame},
    limits::Policy,
};

use crate::{
    address::BaseUrl,
    auth::{SignIn, oidc_login},
    http::Connections,
    middleware::stream_limit::StreamLimit,
    pages,
};

/// A question is a text with a few ids.
const LONGEST_QUESTION: usize = 256 * 1024;

/// The routes that are no tools.
pub(crate) struct Others {
    pub(crate) sign_in: Arc<SignIn>,
    resources: Arc<Resources>,
    pub(crate) connections: Connections,
    pub(crate) streams: StreamLimit,
    base: BaseUrl,
}

impl Others {
    pub(crate) fn new(
        sign_in: Arc<SignIn>,
        resources: Arc<Resources>,
        connections: Connections,
        streams: StreamLimit,
        base: BaseUrl,
    ) -> Self {
        Self { sign_in, resources, connections, streams, base }
    }
}

impl OpenApi for Others {
    fn meta() -> Vec<MetaApi> {
        vec![MetaApi { paths: operations::paths() }, MetaApi { paths: oidc_login::paths() }]
    }

    fn register(_: &mut Registry) {}

    fn add_routes(self, routes: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {
        oidc_login::add_routes(Arc::clone(&self.resources), Arc::clone(&self.sign_in), self.base.clone(), routes);
        let health = {
            let resources = Arc::clone(&self.resources);
            make(move |_| {
                let resources = Arc::clone(&resources);
                async move { Json(health(&resources).await) }
            })
        };
        let this = Arc::new(self);
        let others = Arc::clone(&this);
        let ask = make(move |request| {
            let others = Arc::clone(&others);
            async move { others.ask(request).await.unwrap_or_else(|refusal| refusal) }
        });
        let others = Arc::clone(&this);
        let ask_aloud = make(move |request| {
            let others = Arc::clone(&others);
            async move { voice::ask(&others, request).await.unwrap_or_else(|refusal| refusal) }
        });
        let others = Arc::clone(&this);
        let dictate = make(move |request| {
            let others = Arc::clone(&others);
            async move { dictation::listen(&others, request).await }
        });
        let export = make(move |request: Request| {
            let others = Arc::clone(&this);
            async move { others.export(request).await.unwrap_or_else(refuse) }
        });
        // The start page has to be here: the API is mounted at the root and would hide any other route for it.
        routes.entry("/".into()).or_default().insert(Method::GET, boxed(pages::index));
        routes.entry("/healthz".into()).or_default().insert(Method::GET, boxed(health));
        routes.entry("/v1/users/export".into()).or_default().insert(Method::GET, boxed(export));
        routes.entry("/v2/messages".into()).or_default().insert(Method::POST, boxed(ask));
        // A WebSocket, which the document cannot describe.
        let dictation = "/v2/voice-message/transcribe-stream".to_owned();
        routes.entry(dictation).or_default().insert(Method::GET, boxed(dictate));
        routes.entry("/v2/voice-messages".into()).or_default().insert(Method::POST, boxed(ask_aloud));
    }
}

fn boxed(endpoint: impl Endpoint<Output: IntoResponse> + 'static) -> BoxEndpoint<'static> {
    endpoint.map_to_response().boxed()
}

async fn health(resources: &Resources) -> Health {
    let pending = resources.pending().await;
    let absence = resources.embedder.unavailable_reason().map(|reason| format!("no embedding model: {reason}"));
    let problems: Vec<String> = pending.as_ref().err().map(ToString::to_string).into_iter().chain(absence).collect();
    Health {
        status: if problems.is_empty() { "ok".into() } else { "degraded".into() },
        version: env!("CARGO_PKG_VERSION").into(),
        index: IndexHealth { pending: pending.unwrap_or_default() },
        embedder: resources.embedder.name().map(str::to_owned),
        model: resources.llm.as_ref().map(LanguageModel::name).map(str::to_owned),
        speech: resources.speech.as_ref().map(Speech::name).map(str::to_owned),
        problems,
    }
}

impl Others {
    async fn ask(&self, mut request: Request) -> Result<Response, Response> {
        let context = self.sign_in.context(Audience::App, request.headers()).await.map_err(refuse)?;
        context.note_acting("send_message", AuditAccess::Write);
        context.check_rate_limit(&[Policy::ChatSend], 1, locality(&request)).map_err(refuse)?;
        let permit = self.streams.acquire(&context.caller.user).map_err(refuse)?;
        let app_id = app_id(&request);
        let body = read_json(&mut request, LONGEST_QUESTION).await?;
        let unreadable = |error| refuse(Error::Invalid(format!("The body is not a JSON object: {error}")));
        let given: Map<String, Value> = serde_json::from_slice(&body).map_err(unreadable)?;
        let question = agent::parse_message(given).map_err(|error| refuse(in_body(error)))?;
        let closed = self.connections.closed(request.remote_addr());
        let (_, frames) = agent::ask(context, app_id, question, closed).await.map_err(refuse)?;
        Ok(permit.hold(streamed(frames)))
    }

    async fn export(&self, request: Request) -> Result<Response> {
        let context = self.sign_in.context(Audience::App, request.headers()).await?;
        context.note_acting("export", AuditAccess::Read);
        let permit = self.streams.acquire(&context.caller.user)?;
        let rows = tools::transfer::export(Arc::clone(&context.resources), context.caller.user.clone());
        let body = Body::from_bytes_stream(rows.map_err(std::io::Error::other));
        let disposition = "attachment; filename=\"omi-export.json\"";
        let response = Response::builder().content_type("application/json").header("Content-Disposition", disposition);
        Ok(permit.hold(response.body(body)))
    }
}

/// The frames of an answer as a response.
pub(crate) fn streamed(frames: impl Stream<Item = Frame> + Send + 'static) -> Response {
    let stream = Body::from_bytes_stream(frames::encode(frames));
    Response::builder().content_type("text/event-stream").header("Cache-Control", "no-cache").body(stream)
}

/// Says of each argument that is wrong that it stands in the body.
fn in_body(mut error: Error) -> Error {
    if let Error::Arguments(issues) = &mut error {
        issues.iter_mut().for_each(|issue| issue.loc.insert(0, "body".into()));
    }
    error
}

/// The app that is asked; clients write `null` or nothing for none.
pub(crate) fn app_id(request: &Request) -> Option<String> {
    let query: HashMap<String, String> = request.params().unwrap_or_default();
    let given = query.get("app_id").or_else(|| query.get("plugin_id"));
    given.filter(|id| !id.is_empty() && *id != "null").cloned()
}
