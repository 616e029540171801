//! In which form a client takes its answer: rmcp wants every client to take both, older ones ask for one.

use poem::{
    Response,
    error::ReadBodyError,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

use super::sse::{EVENTS, event, last, messages};

/// The form of an answer that is one message.
pub(super) const JSON: &str = "application/json";

/// The form that a client's Accept header asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    /// Plain JSON: the header does not name event streams.
    Json,
    /// An event stream: the header names nothing else.
    Events,
    /// Whatever rmcp chooses.
    Either,
}

impl Accept {
    /// Reads the Accept header.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accepted = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
        match (accepted.contains(EVENTS), accepted.contains(JSON) || accepted.contains("*/*")) {
            (false, _) => Accept::Json,
            (true, false) => Accept::Events,
            (true, true) => Accept::Either,
        }
    }

    /// Brings rmcp's answer to a request, which ends, into this form. Fails when the answer breaks off.
    pub(super) async fn shape(self, mut response: Response) -> poem::Result<Response> {
        let (form, body) = match (self, response.content_type()) {
            (Accept::Json, Some(EVENTS)) => {
                let messages = messages(response.take_body().into_bytes_stream());
                (JSON, last(messages).await.map_err(ReadBodyError::Io)?)
            }
            (Accept::Events, Some(JSON)) => (EVENTS, Some(event(&response.take_body().into_string().await?))),
            _ => return Ok(response),
        };
        let Some(body) = body else { return Ok(StatusCode::ACCEPTED.into()) };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(form));
        response.set_body(body);
        Ok(response)
    }
}
