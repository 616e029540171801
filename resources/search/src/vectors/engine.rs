//! The engine of the index: within the process or on a server, with the same methods.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use uuid::Uuid;

use super::edge::Edge;
use super::index_model::{Compatibility, IndexMetadata, IndexModel};
use super::point::{PassagePayload, Point, Scope, ScoredPoint, SubQuery};
use super::remote::Remote;
use super::terms::Terms;
use super::token_signatures::QuerySignatures;
use crate::{Result, Secret};

/// Where the vector index lives.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VectorsSettings {
    /// The gRPC address of a Qdrant server or cluster, such as `http://localhost:6334`; none for the engine within the
    /// process.
    pub url: Option<String>,
    /// The API key of that server.
    pub key: Option<Secret>,
    /// The collection on that server; it is created when it is missing.
    pub collection: String,
}

impl Default for VectorsSettings {
    fn default() -> Self {
        Self { url: None, key: None, collection: "recollect".into() }
    }
}

/// The engine of the index.
pub(super) enum Engine {
    /// Within the process.
    Edge(Edge),
    /// On a server.
    Remote(Remote),
}

impl Engine {
    pub(super) async fn open(settings: &VectorsSettings, folder: &Path, model: Option<&IndexModel>) -> Result<Self> {
        let metadata = IndexMetadata::of(model);
        Ok(match &settings.url {
            Some(url) => Self::Remote(Remote::open(url, settings.key.as_ref(), &settings.collection, metadata).await?),
            None => Self::Edge(Edge::open(folder, metadata).await?),
        })
    }

    pub(super) async fn recreate(
        settings: &VectorsSettings,
        folder: &Path,
        model: Option<&IndexModel>,
    ) -> Result<Self> {
        if settings.url.is_none() {
            return Ok(Self::Edge(Edge::recreate(folder, IndexMetadata::of(model)).await?));
        }
        let engine = Self::open(settings, folder, model).await?;
        engine.clear(model).await?;
        Ok(engine)
    }

    /// Ensures that the index holds vectors of no other model.
    pub(super) async fn ensure_model(&self, model: Option<IndexModel>) -> Result<()> {
        let Some(model) = model else { return Ok(()) };
        let recorded = match self {
            Self::Edge(edge) => edge.metadata().await?,
            Self::Remote(remote) => remote.metadata().await?,
        };
        match recorded.compare(&model, self.count().await?)? {
            Compatibility::Compatible => Ok(()),
            Compatibility::Replaceable => self.clear(Some(&model)).await,
            Compatibility::Unrecorded => match self {
                Self::Edge(edge) => edge.set_metadata(IndexMetadata::of(Some(&model))).await,
                Self::Remote(remote) => remote.set_metadata(IndexMetadata::of(Some(&model))).await,
            },
        }
    }

    pub(super) async fn clear(&self, model: Option<&IndexModel>) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.clear(IndexMetadata::of(model)).await,
            Self::Remote(remote) => remote.clear(IndexMetadata::of(model)).await,
        }
    }

    pub(super) async fn upsert(&self, points: Vec<Point>) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.upsert(points).await,
            Self::Remote(remote) => remote.upsert(points).await,
        }
    }

    pub(super) async fn delete(&self, points: Vec<Uuid>) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.delete(points).await,
            Self::Remote(remote) => remote.delete(points).await,
        }
    }

    pub(super) async fn delete_all(&self, scope: &Scope) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.delete_all(scope).await,
            Self::Remote(remote) => remote.delete_all(scope).await,
        }
    }

    /// Runs each sub-query; the results are in the order of the sub-queries, each best first.
    pub(super) async fn search(
        &self,
        scope: &Scope,
        sub_queries: Vec<SubQuery>,
        limit: usize,
    ) -> Result<Vec<Vec<ScoredPoint>>> {
        match self {
            Self::Edge(edge) => edge.search(scope, sub_queries, limit).await,
            Self::Remote(remote) => remote.search(scope, sub_queries, limit).await,
        }
    }

    /// The terms of some points; points that do not exist are left out.
    pub(super) async fn terms_of(&self, points: Vec<Uuid>) -> Result<Vec<(Uuid, Terms)>> {
        match self {
            Self::Edge(edge) => edge.terms_of(points).await,
            Self::Remote(remote) => remote.terms_of(points).await,
        }
    }

    /// The terms of every point of a scope.
    pub(super) async fn all_terms(&self, scope: &Scope) -> Result<Vec<Vec<u32>>> {
        match self {
            Self::Edge(edge) => edge.all_terms(scope).await,
            Self::Remote(remote) => remote.all_terms(scope).await,
        }
    }

    /// The record ids of some points; points that do not exist are left out.
    pub(super) async fn record_ids(&self, points: Vec<Uuid>) -> Result<HashMap<Uuid, String>> {
        match self {
            Self::Edge(edge) => edge.record_ids(points).await,
            Self::Remote(remote) => remote.record_ids(points).await,
        }
    }

    /// The payloads of some passages, compared with the query's tokens; points that do not exist are left out.
    pub(super) async fn passages(
        &self,
        points: Vec<Uuid>,
        query: Option<QuerySignatures>,
    ) -> Result<Vec<PassagePayload>> {
        match self {
            Self::Edge(edge) => edge.passages(points, query).await,
            Self::Remote(remote) => remote.passages(points, query).await,
        }
    }

    /// The digest of every point of a scope, by its record's id.
    pub(super) async fn digests(&self, scope: &Scope) -> Result<HashMap<String, String>> {
        match self {
            Self::Edge(edge) => edge.digests(scope).await,
            Self::Remote(remote) => remote.digests(scope).await,
        }
    }

    pub(super) async fn flush(&self) -> Result<()> {
        match self {
            Self::Edge(edge) => edge.flush().await,
            // A server acknowledges a write only when it will survive.
            Self::Remote(_) => Ok(()),
        }
    }

    pub(super) async fn count(&self) -> Result<u64> {
        match self {
            Self::Edge(edge) => edge.count().await,
            Self::Remote(remote) => remote.count().await,
        }
    }
}
