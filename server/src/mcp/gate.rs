//! What stands between a client and rmcp: who it is, whose session it names.

use std::{borrow::Cow, collections::HashMap, sync::Arc, time::Duration};

use poem::{
    Body, Endpoint, EndpointExt, Request, Response,
    endpoint::{BoxEndpoint, TowerCompatExt},
    error::ReadBodyError,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use tools::{Context, Credential, Error};

use super::{
    Extension, Handler, McpSettings,
    accept::Accept,
    batch,
    sessions::Sessions,
    two_endpoints::{PING, Telling, TwoEndpoints},
};
use crate::{
    auth::SignIn,
    limits,
    oauth::{self, Base},
    walls::streams::Streams,
};

pub(super) const SESSION_ID: &str = "mcp-session-id";
const MESSAGES: &str = "/v1/mcp/messages";
const OLDER_PATH: &str = "/v1/mcp/sse";
const PING_EVERY: Duration = Duration::from_secs(30);

/// rmcp's service, mounted.
pub(super) type Rmcp = BoxEndpoint<'static>;

/// The MCP endpoint.
pub(super) struct Gate {
    sign_in: Arc<SignIn>,
    base: Base,
    sessions: Arc<Sessions>,
    /// The streams that no session asked for.
    two_endpoints: Arc<TwoEndpoints>,
    /// Answers within sessions, and opens them.
    stateful: Rmcp,
    /// Answers single requests: those of 2026-07-28, and those of older clients that care for no session.
    stateless: Rmcp,
    max_body: usize,
    streams: Streams,
    closing: CancellationToken,
}

impl Gate {
    /// Sets rmcp up for both eras.
    pub(super) fn new(
        sign_in: Arc<SignIn>,
        base: Base,
        settings: &McpSettings,
        extension: Arc<dyn Extension>,
        streams: Streams,
        closing: CancellationToken,
    ) -> Self {
        let sessions = Arc::new(Sessions::new());
        let handler = Handler::for_requests(settings.page_size, extension);
        let serve = move || Ok(handler.begin());
        let config = rmcp_config(settings, &closing);
        let no_sessions = Arc::new(NeverSessionManager::default());
        let sessionless = config.clone().with_legacy_session_mode(false);
        Self {
            sign_in,
            base,
            stateful: StreamableHttpService::new(serve.clone(), sessions.manager(), config).compat().boxed(),
            stateless: StreamableHttpService::new(serve, no_sessions, sessionless).compat().boxed(),
            sessions,
            two_endpoints: Arc::default(),
            max_body: settings.max_body,
            streams,
            closing,
        }
    }

    /// The body of a request, whose headers then say of it what rmcp wants to hear.
    async fn body(&self, request: &mut Request) -> poem::Result<Result<Vec<u8>, Response>> {
        let body = match request.take_body().into_bytes_limit(self.max_body).await {
            Ok(body) => body,
            Err(ReadBodyError::PayloadTooLarge) => return Ok(Err(too_large(self.max_body))),
            Err(error) => return Err(error.into()),
        };
        if openapi::is_too_deep(&body) {
            let sentence = format!("Lists and objects stand within each other more than {} deep", openapi::DEEPEST);
            return Ok(Err(invalid_request(&sentence)));
        }
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Ok(body.into()))
    }

    /// A message for a stream of the transport with two endpoints.
    async fn post_to_stream(&self, mut request: Request, context: &Context) -> poem::Result<Response> {
        let params = request.params::<HashMap<String, String>>().unwrap_or_default();
        let id = params.get("session_id").map_or("", String::as_str);
        let Some(stream) = self.two_endpoints.find(id, &context.caller.user) else {
            return Ok(detail(StatusCode::NOT_FOUND, "Session not found"));
        };
        match self.body(&mut request).await? {
            Ok(body) => request.set_body(body),
            Err(refused) => return Ok(refused),
        }
        if let Err(error) = limits::charge_messages(context, 1, &request) {
            return Ok(refuse(&error));
        }
        Ok(understood(stream.post(request, &self.stateful, &self.sessions).await?))
    }

    async fn post(&self, mut request: Request, context: &Context) -> poem::Result<Response> {
        let accept = Accept::of(request.headers());
        let body = match self.body(&mut request).await? {
            Ok(body) => body,
            Err(refused) => return Ok(refused),
        };
        if body.trim_ascii_start().starts_with(b"[") {
            if let Err(error) = limits::charge_messages(context, batch::length(&body), &request) {
                return Ok(refuse(&error));
            }
            return batch::answer(&self.stateless, request, &body).await;
        }
        let method = match serde_json::from_slice::<Envelope>(&body) {
            Ok(envelope) => envelope.method.into_owned(),
            Err(error) if error.is_data() => return Ok(invalid_request("A message is a JSON object")),
            Err(_) => return Ok(detail(StatusCode::BAD_REQUEST, "Invalid JSON body")),
        };
        let lacking = oauth::step_up(&self.base, &request, context, &body);
        request.set_body(body);
        match limits::charge_messages(context, 1, &request) {
            Err(Error::Limited(exceeded)) if method == "tools/call" => limits::pass_on(exceeded, &mut request),
            Err(error) => return Ok(refuse(&error)),
            Ok(()) => {}
        }
        if let Some(refused) = lacking {
            return accept.shape(refused).await;
        }
        let response = if session_id(request.headers()).is_some() || method == "initialize" {
            self.stateful.call(request).await?
        } else {
            self.stateless.call(request).await?
        };
        if let Some(id) = session_id(response.headers()) {
            self.sessions.open(&id, &context.caller.user).await;
        }
        accept.shape(understood(response)).await
    }

    async fn get(&self, mut request: Request, user: &str) -> poem::Result<Response> {
        let is_older = request.uri().path() == OLDER_PATH;
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let has_session = session_id(request.headers()).is_some();
        let response = self.stateful.call(request).await?;
        let lacks_session = !has_session && response.status() == StatusCode::BAD_REQUEST;
        Ok(if lacks_session { self.stream(is_older.then(|| self.two_endpoints.open(user))) } else { response })
    }

    async fn delete(&self, request: Request) -> poem::Result<Response> {
        let Some(id) = session_id(request.headers()) else {
            return Ok(detail(StatusCode::BAD_REQUEST, "Mcp-Session-Id header required"));
        };
        let response = self.stateful.call(request).await?;
        if response.status() != StatusCode::ACCEPTED {
            return Ok(response);
        }
        self.sessions.close(&id);
        Ok(StatusCode::NO_CONTENT.into())
    }

    /// The answer to a request that nobody has signed in for, with the way to sign in.
    fn refuse(&self, request: &Request, error: &tools::Error) -> Response {
        let mut response = refuse(error);
        if error.status() == StatusCode::UNAUTHORIZED {
            let wrong = request.headers().contains_key(header::AUTHORIZATION).then_some(error);
            let challenge = oauth::unauthorized(&self.base, request, wrong);
            response.headers_mut().extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
        }
        response
    }

    /// The stream that older Omi clients hold open without a session: a sign of life, then one every half minute. At the
    /// older path it is also the stream of the transport with two endpoints, and says first where messages go.
    fn stream(&self, telling: Option<Telling>) -> Response {
        let mut ticks = interval(PING_EVERY);
        let events = async_stream::stream! {
            let Some(mut telling) = telling else {
                loop {
                    ticks.tick().await;
                    yield Ok::<_, std::io::Error>(PING.to_owned());
                }
            };
            yield Ok(telling.beginning());
            loop {
                tokio::select! {
                    _ = ticks.tick() => yield Ok(telling.ping().to_owned()),
                    message = telling.next() => match message {
                        Some(message) => yield Ok(message),
                        None => return,
                    }
                }
            }
        };
        let until_closing = futures::StreamExt::take_until(events, self.closing.clone().cancelled_owned());
        Response::builder()
            .content_type("text/event-stream")
            .header(header::CACHE_CONTROL, "no-cache")
            .header("x-accel-buffering", "no")
            .body(Body::from_bytes_stream(until_closing))
    }
}

impl Endpoint for Gate {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let context = match self.sign_in.mcp_endpoint_context(request.headers()).await {
            Ok(context) => context,
            Err(error) => return Ok(self.refuse(&request, &error)),
        };
        if session_id(request.headers()).is_some_and(|id| !self.sessions.is_of(&id, &context.caller.user)) {
            return Ok(detail(StatusCode::NOT_FOUND, "Session not found"));
        }
        let nearness = openapi::nearness(&request);
        request.extensions_mut().insert(nearness);
        request.extensions_mut().insert(context.clone());
        request.extensions_mut().insert(Arc::clone(&self.sign_in));
        let response = match *request.method() {
            Method::POST if request.uri().path() == MESSAGES => self.post_to_stream(request, &context).await,
            Method::POST => self.post(request, &context).await,
            Method::GET => self.get(request, &context.caller.user).await,
            Method::DELETE => self.delete(request).await,
            Method::HEAD => Ok(StatusCode::OK.into()),
            _ => self.stateful.call(request).await,
        }?;
        if response.content_type() != Some("text/event-stream") {
            return Ok(response);
        }
        let place = self.streams.take(&context.caller.user);
        Ok(place.map_or_else(|error| refuse(&error), |place| place.during(until_revoked(response, &context))))
    }
}

/// Ends a stream when what opened it is revoked.
fn until_revoked(mut response: Response, context: &Context) -> Response {
    if let Credential::Key(key) = &context.caller.credential {
        let pieces = response.take_body().into_bytes_stream();
        let pieces = futures::StreamExt::take_until(pieces, key.ended.clone().cancelled_owned());
        response.set_body(Body::from_bytes_stream(pieces));
    }
    response
}

/// As much of a message as it takes to know where it goes.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, default)]
    method: Cow<'a, str>,
}

/// From where requests may come is seen to before they come here.
fn rmcp_config(settings: &McpSettings, closing: &CancellationToken) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_json_response(true)
        .with_sse_retry(None)
        .with_max_request_body_bytes(settings.max_body)
        .with_cancellation_token(closing.clone())
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION_ID)?.to_str().ok().map(str::to_owned)
}

/// A request with the same head and another body.
pub(super) fn like(request: &Request, body: impl Into<Body>) -> Request {
    let mut like = Request::builder().method(request.method().clone()).uri(request.uri().clone()).finish();
    like.headers_mut().clone_from(request.headers());
    like.extensions_mut().clone_from(request.extensions());
    like.set_body(body.into());
    like
}

/// What rmcp could not read as JSON-RPC it calls an unsupported media type; JSON-RPC has its own word for it.
fn understood(response: Response) -> Response {
    match response.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => invalid_request("Not a JSON-RPC message"),
        _ => response,
    }
}

/// A refusal in JSON-RPC's own form, with status 400.
pub(super) fn invalid_request(message: &str) -> Response {
    let error = json!({ "jsonrpc": "2.0", "id": null, "error": { "code": -32600, "message": message } });
    let response = Response::builder().status(StatusCode::BAD_REQUEST).content_type("application/json");
    response.body(error.to_string())
}

fn refuse(error: &tools::Error) -> Response {
    let mut response = detail(error.status(), &error.to_string());
    let mut advice = error.advice();
    if error.status() == StatusCode::SERVICE_UNAVAILABLE && advice.is_empty() {
        advice.push(("Retry-After", "30".into()));
    }
    for (name, value) in advice {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn too_large(max_body: usize) -> Response {
    detail(StatusCode::PAYLOAD_TOO_LARGE, &format!("The body is larger than {max_body} bytes"))
}

fn detail(status: StatusCode, sentence: &str) -> Response {
    let body = json!({ "detail": sentence }).to_string();
    Response::builder().status(status).content_type("application/json").body(body)
}
