//! Which embedding model filled the index: vectors of two models must never be mixed.

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The embedding model of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexModel {
    /// What tells this model from all others, such as the hash of its file or its name at an endpoint.
    pub identity: String,
    /// The length of its vectors.
    pub dimension: usize,
}

/// What an index says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The model's identity; none while no model has been used.
    pub(super) identity: Option<String>,
    /// The length of the vectors.
    pub(super) dimension: usize,
}

/// How an index stands to the model in use.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It can be used as it is.
    Fits,
    /// It has no vectors yet; the model is to be recorded.
    Unclaimed,
    /// It is empty, and made for vectors of another model; it is to be made anew.
    Replaceable,
}

/// The length of vectors in an index that is made before there is a model: that of the model a first start gets.
const USUAL_DIMENSION: usize = 384;

impl Record {
    /// What an index made for a model says.
    pub(super) fn of(model: Option<&IndexModel>) -> Self {
        Self {
            identity: model.map(|model| model.identity.clone()),
            dimension: model.map_or(USUAL_DIMENSION, |model| model.dimension),
        }
    }

    /// Compare an index of `count` records with the model in use.
    pub(super) fn fit(&self, model: &IndexModel, count: u64) -> Result<Fit> {
        let same_dimension = self.dimension == model.dimension;
        match &self.identity {
            Some(identity) if *identity == model.identity && same_dimension => Ok(Fit::Fits),
            None if same_dimension => Ok(Fit::Unclaimed),
            _ if count == 0 => Ok(Fit::Replaceable),
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
