//! `GET /v1/users/export`: all data of a user, as a stream.

use std::{io, sync::Arc};

use futures::TryStreamExt;
use http::header;
use openapi::refuse;
use poem::{Body, Request, Response};
use schemas::audit::AuditAccess;
use tools::{Result, streaming::StreamOperation};

use super::State;

const EXPORT: StreamOperation = StreamOperation { name: "export", access: Some(AuditAccess::Read), policies: &[] };

/// Responds with one JSON document, which is made while it is sent.
pub(super) async fn export(state: Arc<State>, request: Request) -> Response {
    stream(&state, &request).await.unwrap_or_else(refuse)
}

async fn stream(state: &State, request: &Request) -> Result<Response> {
    let (context, permit) = state.admit(request, &EXPORT).await?;
    let chunks = tools::transfer::export(Arc::clone(&context.resources), context.caller.user.clone());
    let response = Response::builder()
        .content_type("application/json")
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"omi-export.json\"")
        .body(Body::from_bytes_stream(chunks.map_err(io::Error::other)));
    Ok(permit.hold(response))
}
