//! Search: the embedding model, and the vector index over it. It knows users, kinds and texts, but no database and no
//! noun.

pub mod embedder;
pub mod embedding_files;
pub mod vectors;

pub(crate) use outbound::{Error, Result, Secret, http, redact_url};
