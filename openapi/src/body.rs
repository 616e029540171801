//! Request bodies: reading them within a limit, and the errors of those that cannot be read.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, stream::BoxStream};
use poem::{IntoResponse, Request, Response};
use serde_json::{Value, json};
use tools::{Error, Issue};

use crate::{
    body_memory::BodyMemory,
    depth::{MAX_DEPTH, is_too_deep},
    error::Refusal,
};

/// How much of a body that is too large is drained, in bytes.
const MAX_DRAINED: usize = 256 << 20;

/// How long it may take.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// A body that is being received.
pub(crate) type Body = BoxStream<'static, io::Result<Bytes>>;

/// Reads the body of a request, for the few routes that are no tool's.
///
/// # Errors
/// The response to a body that is larger than `limit` bytes, times out or is nested too deep for JSON.
pub async fn read_json(request: &mut Request, limit: usize) -> Result<Bytes, Response> {
    let bytes = read_body(request, limit, None).await.map_err(IntoResponse::into_response)?;
    if is_too_deep(&bytes) { Err(too_deep().into_response()) } else { Ok(bytes) }
}

/// Reads the body of a request, of at most `limit` bytes, which are counted in `memory`; drains what is too large.
pub(crate) async fn read_body(
    request: &mut Request,
    limit: usize,
    memory: Option<&BodyMemory>,
) -> Result<Bytes, Refusal> {
    let mut body = request.take_body().into_bytes_stream().boxed();
    let mut read = BytesMut::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(unreadable)?;
        if read.len() + piece.len() > limit {
            drain(body).await;
            return Err(Refusal::too_large(limit));
        }
        memory.map_or(Ok(()), |memory| memory.grow(piece.len())).map_err(|_| BodyMemory::refusal())?;
        read.extend_from_slice(&piece);
    }
    Ok(read.freeze())
}

fn unreadable(error: io::Error) -> Refusal {
    match error.kind() {
        ErrorKind::TimedOut => Refusal::too_slow(),
        _ => Error::Rejected(format!("The request body could not be read: {error}")).into(),
    }
}

/// The error of JSON that is nested too deep.
pub(crate) fn too_deep() -> Refusal {
    let reason = format!("JSON is nested more than {MAX_DEPTH} levels deep");
    let ctx = Some(json!({ "error": reason }));
    invalid("json_invalid", vec![json!("body")], "JSON decode error", json!({}), ctx)
}

/// The error that FastAPI sends for malformed JSON: the place is the character at which reading stopped.
pub(crate) fn not_json(text: &[u8], error: &serde_json::Error) -> Refusal {
    let before: usize = text.split_inclusive(|byte| *byte == b'\n').take(error.line() - 1).map(<[u8]>::len).sum();
    let end = (before + error.column().saturating_sub(1)).min(text.len());
    let position = String::from_utf8_lossy(&text[..end]).chars().count();
    let reason = error.to_string();
    let reason = reason.split(" at line ").next().unwrap_or(&reason);
    let ctx = Some(json!({ "error": reason }));
    invalid("json_invalid", vec![json!("body"), json!(position)], "JSON decode error", json!({}), ctx)
}

/// The error of one invalid argument.
pub(crate) fn invalid(kind: &'static str, loc: Vec<Value>, msg: &str, input: Value, ctx: Option<Value>) -> Refusal {
    Error::Arguments(vec![Issue::new(kind, loc, msg.to_owned(), &input, ctx)]).into()
}

/// Reads on for a while: a client that is still sending would not see the response.
pub(crate) async fn drain(mut body: Body) {
    let mut length = 0;
    let draining = async {
        while let Some(Ok(chunk)) = body.next().await
            && length < MAX_DRAINED
        {
            length += chunk.len();
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, draining).await;
}
