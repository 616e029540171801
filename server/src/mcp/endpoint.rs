//! What stands between a client and rmcp: who it is, whose session it names.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use poem::{
    Body, Endpoint, EndpointExt, Request, Response,
    endpoint::{BoxEndpoint, TowerCompatExt},
    error::ReadBodyError,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tools::{Context, Error};

use super::{
    Extension, Handler, McpSettings, batch,
    errors::{detail, invalid_request, not_acceptable, refuse, understood},
    legacy_sse::{TwoEndpoints, stream},
    limits, message,
    negotiate::Accept,
    sessions::Sessions,
    step_up::step_up,
    stream_response::Streaming,
};
use crate::{
    address::BaseUrl,
    auth::{SignIn, oauth},
    middleware::stream_limit::StreamLimit,
};

pub(super) const SESSION_ID: &str = "mcp-session-id";
const MESSAGES: &str = "/v1/mcp/messages";
const OLDER_PATH: &str = "/v1/mcp/sse";

/// rmcp's service, mounted.
pub(super) type Rmcp = BoxEndpoint<'static>;

/// How a message is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Era {
    /// Within the session that it names or begins.
    Sessions,
    /// By itself: as messages of 2026-07-28 are, and those of older clients that care for no session.
    Stateless,
}

/// The MCP endpoint.
pub(super) struct Gate {
    sign_in: Arc<SignIn>,
    base: BaseUrl,
    sessions: Arc<Sessions>,
    /// The streams that no session asked for.
    two_endpoints: Arc<TwoEndpoints>,
    stateful: Rmcp,
    stateless: Rmcp,
    max_body: usize,
    streams: StreamLimit,
    closing: CancellationToken,
}

impl Gate {
    /// Sets rmcp up for both eras.
    pub(super) fn new(
        sign_in: Arc<SignIn>,
        base: BaseUrl,
        settings: &McpSettings,
        extension: Arc<dyn Extension>,
        streams: StreamLimit,
        closing: CancellationToken,
    ) -> Self {
        let sessions = Arc::new(Sessions::new());
        tokio::spawn(closing.clone().run_until_cancelled_owned(Arc::clone(&sessions).keep_tidy()));
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

    fn rmcp(&self, era: Era) -> &Rmcp {
        match era {
            Era::Sessions => &self.stateful,
            Era::Stateless => &self.stateless,
        }
    }

    /// The body of a request, as it came and as JSON; the request's headers then say of it what rmcp wants to hear.
    async fn body(&self, request: &mut Request) -> poem::Result<Result<(Bytes, Value), Response>> {
        let body = match request.take_body().into_bytes_limit(self.max_body).await {
            Ok(body) => body,
            Err(ReadBodyError::PayloadTooLarge) => {
                let sentence = format!("The body is larger than {} bytes", self.max_body);
                return Ok(Err(detail(StatusCode::PAYLOAD_TOO_LARGE, &sentence)));
            }
            Err(error) => return Err(error.into()),
        };
        if openapi::is_too_deep(&body) {
            let sentence = format!("JSON is nested more than {} levels deep", openapi::MAX_DEPTH);
            return Ok(Err(invalid_request(&sentence)));
        }
        let Ok(said) = serde_json::from_slice(&body) else {
            return Ok(Err(detail(StatusCode::BAD_REQUEST, "Invalid JSON body")));
        };
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Ok((body, said)))
    }

    /// A message for a stream of the transport with two endpoints.
    async fn post_to_stream(&self, mut request: Request, context: &Context) -> poem::Result<Response> {
        let params = request.params::<HashMap<String, String>>().unwrap_or_default();
        let id = params.get("session_id").map_or("", String::as_str);
        let Some(stream) = self.two_endpoints.find(id, &context.caller.user) else {
            return Ok(detail(StatusCode::NOT_FOUND, "Session not found"));
        };
        let (body, message) = match self.body(&mut request).await? {
            Ok(said) => said,
            Err(refused) => return Ok(refused),
        };
        if !message.is_object() {
            return Ok(invalid_request("A message is a JSON object"));
        }
        let lacking = step_up(&self.base, &request, context, &message);
        request.set_body(body);
        if let Err(error) = charge(context, &message, &mut request) {
            return Ok(refuse(&error));
        }
        match lacking {
            None => Ok(understood(stream.post(request, &self.stateful, &self.sessions).await?)),
            Some(refused) if refused.status().is_success() => stream.answer(refused).await,
            // The client learns from the status that it may ask for more.
            Some(refused) => Ok(refused),
        }
    }

    async fn post(&self, mut request: Request, context: &Context, streaming: &mut Streaming) -> poem::Result<Response> {
        let accept = Accept::of(request.headers());
        let (body, message) = match self.body(&mut request).await? {
            Ok((_, Value::Array(batch))) => return self.post_batch(request, &batch, accept, context, streaming).await,
            Ok(said) => said,
            Err(refused) => return Ok(refused),
        };
        if !message.is_object() {
            return Ok(invalid_request("A message is a JSON object"));
        }
        if message::method(&message) == message::LISTEN && accept == Accept::Json {
            return Ok(not_acceptable("News is told as an event stream: accept text/event-stream"));
        }
        let lacking = step_up(&self.base, &request, context, &message);
        request.set_body(body);
        if let Err(error) = charge(context, &message, &mut request) {
            return Ok(refuse(&error));
        }
        if let Some(refused) = lacking {
            return accept.shape(refused).await;
        }
        let begins = message::method(&message) == message::INITIALIZE;
        let era = if begins { Era::Sessions } else { era_of(&request) };
        if let Err(error) = streaming.reserve_for(&[message], era, accept) {
            return Ok(refuse(&error));
        }
        let response = self.rmcp(era).call(request).await?;
        if let Some(id) = session_id(response.headers()) {
            self.sessions.open(&id, &context.caller.user).await;
        }
        accept.shape(understood(response)).await
    }

    async fn post_batch(
        &self,
        request: Request,
        batch: &[Value],
        accept: Accept,
        context: &Context,
        streaming: &mut Streaming,
    ) -> poem::Result<Response> {
        let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        if let Err(error) = limits::charge_messages(context, count, &request) {
            return Ok(refuse(&error));
        }
        if let Err(sentence) = batch::check(&request, batch) {
            return Ok(invalid_request(&sentence));
        }
        let era = era_of(&request);
        if let Err(error) = streaming.reserve_for(batch, era, accept) {
            return Ok(refuse(&error));
        }
        batch::answer(self.rmcp(era), accept, request, batch).await
    }

    async fn get(&self, mut request: Request, user: &str, streaming: &mut Streaming) -> poem::Result<Response> {
        if let Err(error) = streaming.reserve() {
            return Ok(refuse(&error));
        }
        let query = (request.uri().path() == OLDER_PATH).then(|| request.uri().query().unwrap_or_default().to_owned());
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/event-stream"));
        let has_session = session_id(request.headers()).is_some();
        let response = self.stateful.call(request).await?;
        if has_session || response.status() != StatusCode::BAD_REQUEST {
            return Ok(response);
        }
        Ok(stream(query.map(|query| self.two_endpoints.open(user, &query)), &self.closing))
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
    fn turn_away(&self, request: &Request, error: &Error) -> Response {
        let mut response = refuse(error);
        if error.status() == StatusCode::UNAUTHORIZED {
            let wrong = request.headers().contains_key(header::AUTHORIZATION).then_some(error);
            let challenge = oauth::unauthorized(&self.base, request, wrong);
            response.headers_mut().extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
        }
        response
    }
}

impl Endpoint for Gate {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let context = match self.sign_in.mcp_endpoint_context(request.headers()).await {
            Ok(context) => context,
            Err(error) => return Ok(self.turn_away(&request, &error)),
        };
        if let Some(id) = session_id(request.headers()) {
            if !self.sessions.is_of(&id, &context.caller.user) {
                return Ok(detail(StatusCode::NOT_FOUND, "Session not found"));
            }
            self.sessions.note(&id, &mut request);
        }
        let locality = openapi::locality(&request);
        request.extensions_mut().insert(locality);
        request.extensions_mut().insert(context.clone());
        request.extensions_mut().insert(Arc::clone(&self.sign_in));
        let mut streaming = Streaming::new(&self.streams, &self.sign_in, &context, request.headers());
        let response = match *request.method() {
            Method::POST if request.uri().path() == MESSAGES => self.post_to_stream(request, &context).await,
            Method::POST => self.post(request, &context, &mut streaming).await,
            Method::GET => self.get(request, &context.caller.user, &mut streaming).await,
            Method::DELETE => self.delete(request).await,
            Method::HEAD => Ok(StatusCode::OK.into()),
            _ => self.stateful.call(request).await,
        }?;
        Ok(streaming.around(response).unwrap_or_else(|error| refuse(&error)))
    }
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

/// Counts a message. A call that is one too many is let through, for its tool to say so: the model can read that.
fn charge(context: &Context, message: &Value, request: &mut Request) -> tools::Result<()> {
    match limits::charge_messages(context, 1, request) {
        Err(Error::Limited(exceeded)) if message::method(message) == message::CALL => {
            limits::pass_on(exceeded, request);
            Ok(())
        }
        outcome => outcome,
    }
}

fn era_of(request: &Request) -> Era {
    if session_id(request.headers()).is_some() { Era::Sessions } else { Era::Stateless }
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
