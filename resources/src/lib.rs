//! What exists: the database, the vector index, the embedding model, the language model, and one query file per noun.

mod embedder;
mod error;
mod http;
pub mod models;

pub use embedder::{Embedder, EmbedderSettings};
pub use error::{Error, Result};
