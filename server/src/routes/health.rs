//! `GET /healthz`: the state of the server.

use std::sync::Arc;

use poem::{IntoResponse, Request, Response, web::Json};
use resources::{LanguageModel, Speech};
use schemas::health::{Health, IndexHealth};

use super::State;

/// Responds with the state of the server.
pub(super) async fn show(state: Arc<State>, _: Request) -> Response {
    let resources = &state.resources;
    let pending = resources.index.pending().await;
    let absence = resources.index.embedder.unavailable_reason().map(|reason| format!("no embedding model: {reason}"));
    let problems: Vec<String> = pending.as_ref().err().map(ToString::to_string).into_iter().chain(absence).collect();
    let health = Health {
        status: if problems.is_empty() { "ok".into() } else { "degraded".into() },
        version: env!("CARGO_PKG_VERSION").into(),
        index: IndexHealth { pending: pending.unwrap_or_default() },
        embedder: resources.index.embedder.name().map(str::to_owned),
        model: resources.llm.as_ref().map(LanguageModel::name).map(str::to_owned),
        speech: resources.speech.as_ref().map(Speech::name).map(str::to_owned),
        problems,
    };
    Json(health).into_response()
}
