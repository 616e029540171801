//! The HTTP endpoint: authentication, rate limits and session ownership before rmcp's service.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use poem::{
    Body, Endpoint, EndpointExt, Error, Request, Response, Result,
    endpoint::{BoxEndpoint, TowerCompatExt},
    error::ReadBodyError,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use rmcp::{
    ServerHandler,
    transport::{
        common::http_header::{EVENT_STREAM_MIME_TYPE, HEADER_MCP_PROTOCOL_VERSION, HEADER_SESSION_ID, JSON_MIME_TYPE},
        streamable_http_server::{
            StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
        },
    },
};
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use tools::Context;

use super::{
    McpSettings, batch,
    errors::{as_json_rpc, detail_response, insufficient_scope, invalid_request, not_acceptable, unauthorized},
    legacy_sse::{self, SseConnections},
    message::{INITIALIZE, Message, Payload, SUBSCRIPTIONS_LISTEN},
    negotiate::Accept,
    rate_limit,
    sessions::{McpSessions, SessionOwner},
    stream_response::StreamResponse,
};
use crate::{address::BaseUrl, auth::Authenticator, middleware::stream_limit::StreamLimit};

const MESSAGES_PATH: &str = "/v1/mcp/messages";
const OLDER_PATH: &str = "/v1/mcp/sse";

/// From this protocol version on, there are no sessions.
const FIRST_WITHOUT_SESSIONS: &str = "2026-07-28";

/// rmcp's service as an endpoint.
pub(super) type RmcpEndpoint = BoxEndpoint<'static>;

/// How a message is answered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// Within the session that it names or opens.
    Session,
    /// By itself, as messages of 2026-07-28 are, and those of older clients that send no session id.
    Stateless,
}

/// The MCP endpoint.
pub(crate) struct McpEndpoint {
    authenticator: Arc<Authenticator>,
    base: BaseUrl,
    sessions: Arc<McpSessions>,
    sse_connections: Arc<SseConnections>,
    with_sessions: RmcpEndpoint,
    stateless: RmcpEndpoint,
    max_body: usize,
    streams: StreamLimit,
    closing: CancellationToken,
}

impl McpEndpoint {
    /// Sets rmcp up for both transports.
    pub(super) fn new<H: ServerHandler>(
        authenticator: Arc<Authenticator>,
        base: BaseUrl,
        settings: &McpSettings,
        make_handler: impl Fn() -> H + Clone + Send + Sync + 'static,
        streams: StreamLimit,
        closing: CancellationToken,
    ) -> Self {
        let sessions = Arc::new(McpSessions::default());
        tokio::spawn(closing.clone().run_until_cancelled_owned(Arc::clone(&sessions).clean_up()));
        let make_handler = move || Ok(make_handler());
        let config = rmcp_config(settings, &closing);
        let no_sessions = Arc::new(NeverSessionManager::default());
        let sessionless = config.clone().with_legacy_session_mode(false);
        Self {
            authenticator,
            base,
            with_sessions: StreamableHttpService::new(make_handler.clone(), Arc::clone(&sessions), config)
                .compat()
                .boxed(),
            stateless: StreamableHttpService::new(make_handler, no_sessions, sessionless).compat().boxed(),
            sessions,
            sse_connections: Arc::default(),
            max_body: settings.max_body,
            streams,
            closing,
        }
    }

    fn rmcp(&self, transport: Transport) -> &RmcpEndpoint {
        match transport {
            Transport::Session => &self.with_sessions,
            Transport::Stateless => &self.stateless,
        }
    }

    /// Takes the body of a request, and sets the headers that rmcp requires of it.
    async fn take_body(&self, request: &mut Request) -> Result<Bytes> {
        let body = request.take_body().into_bytes_limit(self.max_body).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => {
                let sentence = format!("The body is larger than {} bytes", self.max_body);
                Error::from_response(detail_response(StatusCode::PAYLOAD_TOO_LARGE, &sentence))
            }
            error => error.into(),
        })?;
        if openapi::is_too_deep(&body) {
            let sentence = format!("JSON is nested more than {} levels deep", openapi::MAX_DEPTH);
            return Err(invalid_request(&sentence));
        }
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON_MIME_TYPE));
        Ok(body)
    }

    /// Charges a message against the rate limit; gives the response to a call for which the caller lacks the scope.
    fn check(&self, request: &mut Request, context: &Context, message: &Message<'_>) -> Result<Option<Response>> {
        let denied = insufficient_scope(&self.base, request, context, message);
        rate_limit::charge_message(context, message, request).map_err(refused)?;
        Ok(denied)
    }

    /// Attaches the session that a request names. Another owner's session is answered as an unknown one.
    ///
    /// An unknown id is 404, upon which a client opens a new session, if the request has the header
    /// `MCP-Protocol-Version` of a version with sessions. A client without the header may be one of Omi's, whose server
    /// ignores unknown ids: such a client keeps its id for ever, and would fail after each restart of the server.
    fn find_session(&self, request: &mut Request, context: &Context) -> Result<()> {
        let Some(id) = session_id(request.headers()) else { return Ok(()) };
        if self.sessions.admit(&id, &SessionOwner::of(context)) {
            self.sessions.record_request(&id, request);
            return Ok(());
        }
        if request.header(HEADER_MCP_PROTOCOL_VERSION).is_some_and(|version| version < FIRST_WITHOUT_SESSIONS) {
            return Err(Error::from_response(session_not_found()));
        }
        request.headers_mut().remove(HEADER_SESSION_ID);
        Ok(())
    }

    async fn post(&self, mut request: Request, context: &Context, response: &mut StreamResponse) -> Result<Response> {
        let accept = Accept::of(request.headers());
        let body = self.take_body(&mut request).await?;
        let payload = Payload::parse(&body)?;
        let opens = matches!(&payload, Payload::Message(message) if message.method() == INITIALIZE);
        if opens {
            // Clients that reconnect send the id of their previous session.
            request.headers_mut().remove(HEADER_SESSION_ID);
        } else {
            self.find_session(&mut request, context)?;
        }
        let message = match payload {
            Payload::Batch(batch) => return self.post_batch(request, &batch, accept, context, response).await,
            Payload::Message(message) => message,
        };
        if message.method() == SUBSCRIPTIONS_LISTEN && accept == Accept::Json {
            return Err(not_acceptable("`subscriptions/listen` requires `Accept: text/event-stream`"));
        }
        if let Some(denied) = self.check(&mut request, context, &message)? {
            return accept.convert(denied).await;
        }
        let transport = if opens { Transport::Session } else { transport_of(&request) };
        response.reserve_for(&[message], transport, accept).map_err(refused)?;
        request.set_body(body);
        let answer = self.rmcp(transport).call(request).await?;
        if let Some(id) = session_id(answer.headers()) {
            self.sessions.set_owner(&id, &SessionOwner::of(context)).await;
        }
        accept.convert(as_json_rpc(answer)).await
    }

    async fn post_batch(
        &self,
        request: Request,
        batch: &[&RawValue],
        accept: Accept,
        context: &Context,
        response: &mut StreamResponse,
    ) -> Result<Response> {
        let count = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        rate_limit::charge_messages(context, count, &request).map_err(refused)?;
        batch::check(&request, batch.len()).map_err(|sentence| invalid_request(&sentence))?;
        let messages: Vec<Message<'_>> = batch.iter().map(|message| Message::of_batch(message)).collect();
        let transport = transport_of(&request);
        response.reserve_for(&messages, transport, accept).map_err(refused)?;
        batch::call(self.rmcp(transport), accept, request, batch).await
    }

    /// A message of the HTTP+SSE transport, which is answered on an event stream that is open already.
    async fn post_to_stream(&self, mut request: Request, context: &Context) -> Result<Response> {
        let params = request.params::<HashMap<String, String>>().unwrap_or_default();
        let id = params.get("session_id").map_or("", String::as_str);
        let Some(stream) = self.sse_connections.find(id, &SessionOwner::of(context)) else {
            return Ok(session_not_found());
        };
        // The stream knows its session.
        request.headers_mut().remove(HEADER_SESSION_ID);
        let body = self.take_body(&mut request).await?;
        let Payload::Message(message) = Payload::parse(&body)? else {
            return Err(invalid_request("A message is a JSON object"));
        };
        match self.check(&mut request, context, &message)? {
            None => {
                request.set_body(body);
                Ok(as_json_rpc(stream.post(request, &self.with_sessions, &self.sessions).await?))
            }
            Some(denied) if denied.status().is_success() => stream.send_response(denied).await,
            // The client learns from the status that it may ask for more scopes.
            Some(denied) => Ok(denied),
        }
    }

    async fn get(&self, mut request: Request, context: &Context, response: &mut StreamResponse) -> Result<Response> {
        self.find_session(&mut request, context)?;
        response.reserve().map_err(refused)?;
        let query = (request.uri().path() == OLDER_PATH).then(|| request.uri().query().unwrap_or_default().to_owned());
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(EVENT_STREAM_MIME_TYPE));
        let has_session = session_id(request.headers()).is_some();
        let answer = self.with_sessions.call(request).await?;
        if has_session || answer.status() != StatusCode::BAD_REQUEST {
            return Ok(answer);
        }
        let stream = query.map(|query| self.sse_connections.open(SessionOwner::of(context), &query));
        Ok(legacy_sse::stream(stream, &self.closing))
    }

    async fn delete(&self, request: Request, context: &Context) -> Result<Response> {
        let Some(id) = session_id(request.headers()) else {
            return Ok(detail_response(StatusCode::BAD_REQUEST, "Mcp-Session-Id header required"));
        };
        if !self.sessions.admit(&id, &SessionOwner::of(context)) {
            return Ok(session_not_found());
        }
        let answer = self.with_sessions.call(request).await?;
        Ok(if answer.status() == StatusCode::ACCEPTED { StatusCode::NO_CONTENT.into() } else { answer })
    }

    async fn dispatch(&self, request: Request, context: &Context, response: &mut StreamResponse) -> Result<Response> {
        match *request.method() {
            Method::POST if request.uri().path() == MESSAGES_PATH => self.post_to_stream(request, context).await,
            Method::POST => self.post(request, context, response).await,
            Method::GET => self.get(request, context, response).await,
            Method::DELETE => self.delete(request, context).await,
            Method::HEAD => Ok(StatusCode::OK.into()),
            _ => self.with_sessions.call(request).await,
        }
    }
}

impl Endpoint for McpEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let context = match self.authenticator.mcp_endpoint_context(request.headers()).await {
            Ok(context) => context.with_base_url(self.base.of(&request)),
            Err(error) => return Ok(unauthorized(&self.base, &request, error)),
        };
        let locality = openapi::locality(&request);
        request.extensions_mut().insert(locality);
        request.extensions_mut().insert(context.clone());
        request.extensions_mut().insert(Arc::clone(&self.authenticator));
        let mut response = StreamResponse::new(&self.streams, &self.authenticator, &context, request.headers());
        match self.dispatch(request, &context, &mut response).await {
            Ok(answer) => Ok(response.wrap(answer).unwrap_or_else(openapi::refuse)),
            Err(error) if error.is_from_response() => Ok(error.into_response()),
            Err(error) => Err(error),
        }
    }
}

/// Hosts and origins are checked by the middleware.
fn rmcp_config(settings: &McpSettings, closing: &CancellationToken) -> StreamableHttpServerConfig {
    StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_json_response(true)
        .with_sse_retry(None)
        .with_max_request_body_bytes(settings.max_body)
        .with_cancellation_token(closing.clone())
}

/// Ends a request with a tool's error.
fn refused(error: tools::Error) -> Error {
    Error::from_response(openapi::refuse(error))
}

fn session_not_found() -> Response {
    detail_response(StatusCode::NOT_FOUND, "Session not found")
}

fn transport_of(request: &Request) -> Transport {
    if session_id(request.headers()).is_some() { Transport::Session } else { Transport::Stateless }
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    headers.get(HEADER_SESSION_ID)?.to_str().ok().map(str::to_owned)
}

/// A request with the same head and another body.
pub(super) fn with_body(request: &Request, body: impl Into<Body>) -> Request {
    let mut copy = Request::builder().method(request.method().clone()).uri(request.uri().clone()).finish();
    copy.headers_mut().clone_from(request.headers());
    copy.extensions_mut().clone_from(request.extensions());
    copy.set_body(body.into());
    copy
}
