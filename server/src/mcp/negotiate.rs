//! Content negotiation: rmcp requires every client to accept both JSON and event streams, older clients accept one.

use poem::{
    Response,
    error::ReadBodyError,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use rmcp::transport::common::http_header::{EVENT_STREAM_MIME_TYPE, JSON_MIME_TYPE};

use super::sse::{event, last, messages};

/// The form of response that a client's Accept header asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Accept {
    /// Plain JSON: the header does not name event streams.
    Json,
    /// An event stream: the header names nothing else.
    EventStream,
    /// Either: rmcp chooses.
    Either,
}

impl Accept {
    /// Reads the Accept header.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let accepted = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
        match (accepted.contains(EVENT_STREAM_MIME_TYPE), accepted.contains(JSON_MIME_TYPE) || accepted.contains("*/*"))
        {
            (false, _) => Accept::Json,
            (true, false) => Accept::EventStream,
            (true, true) => Accept::Either,
        }
    }

    /// Converts rmcp's response to a request into this form. Fails when the response breaks off.
    pub(super) async fn convert(self, mut response: Response) -> poem::Result<Response> {
        let (media_type, body) = match (self, response.content_type()) {
            (Accept::Json, Some(EVENT_STREAM_MIME_TYPE)) => {
                let messages = messages(response.take_body().into_bytes_stream());
                (JSON_MIME_TYPE, last(messages).await.map_err(ReadBodyError::Io)?)
            }
            (Accept::EventStream, Some(JSON_MIME_TYPE)) => {
                (EVENT_STREAM_MIME_TYPE, Some(event(&response.take_body().into_string().await?)))
            }
            _ => return Ok(response),
        };
        let Some(body) = body else { return Ok(StatusCode::ACCEPTED.into()) };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        response.set_body(body);
        Ok(response)
    }
}
