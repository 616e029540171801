//! What exists: the database, the vector index, the embedding model, the language model, and one query file per noun.

mod error;
pub mod vectors;

pub use error::{Error, Result};
