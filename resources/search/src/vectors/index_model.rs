//! The embedding model that filled the index: vectors of two models must never be mixed.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The embedding model of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexModel {
    /// Tells this model from all others: the hash of its file, or its name at an endpoint.
    pub identity: String,
    /// The length of its vectors.
    pub dimension: usize,
}

/// What an index records of its model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IndexMetadata {
    /// The model's identity; none while no model has been used.
    pub(super) identity: Option<String>,
    /// The length of the vectors.
    pub(super) dimension: usize,
}

/// Whether an index can be used with a model.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Compatibility {
    /// It can be used as it is.
    Compatible,
    /// It has no vectors yet; the model is to be recorded.
    Unrecorded,
    /// It is empty, and was created for vectors of another model; it is to be created anew.
    Replaceable,
}

/// The length of vectors in an index that is created before there is a model: that of the default model.
const DEFAULT_DIMENSION: usize = 384;

impl IndexMetadata {
    /// The metadata of an index created for a model.
    pub(super) fn of(model: Option<&IndexModel>) -> Self {
        Self {
            identity: model.map(|model| model.identity.clone()),
            dimension: model.map_or(DEFAULT_DIMENSION, |model| model.dimension),
        }
    }

    /// Compares an index of `count` records with the model in use. [`Error::Setting`] if it was filled by another.
    pub(super) fn compare(&self, model: &IndexModel, count: u64) -> Result<Compatibility> {
        let same_dimension = self.dimension == model.dimension;
        match &self.identity {
            Some(identity) if *identity == model.identity && same_dimension => Ok(Compatibility::Compatible),
            None if same_dimension => Ok(Compatibility::Unrecorded),
            _ if count == 0 => Ok(Compatibility::Replaceable),
            recorded => Err(Error::Setting(format!(
                "the vector index was filled by {} of {} dimensions, but the embedding model is now {} of {} \
                 dimensions: run `recollect reindex` to rebuild the index",
                recorded.as_deref().unwrap_or("no model, for vectors"),
                self.dimension,
                model.identity,
                model.dimension
            ))),
        }
    }
}
