//! In which form a client takes its answer: rmcp wants every client to take both, older ones ask for one.

use poem::{
    Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// The form that a client's Accept header asks for.
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

    /// Brings rmcp's answer to a request into this form. Fails when the answer breaks off.
    pub(super) async fn shape(&self, mut response: Response) -> poem::Result<Response> {
        let (wanted, body) = match (self, response.content_type()) {
            (Accept::Json, Some(EVENTS)) => (JSON, only_message(&response.take_body().into_string().await?)),
            (Accept::Events, Some(JSON)) => (EVENTS, as_event(&response.take_body().into_string().await?)),
            _ => return Ok(response),
        };
        if body.is_empty() {
            return Ok(StatusCode::ACCEPTED.into());
        }
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(wanted));
        response.set_body(body);
        Ok(response)
    }
}

/// The answer in a stream that ends with it; nothing when the request was cancelled.
fn only_message(events: &str) -> String {
    let mut data = events.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim_start);
    data.rfind(|data| !data.is_empty()).unwrap_or_default().to_owned()
}

fn as_event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}
