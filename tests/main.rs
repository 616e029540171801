//! The one integration binary.

mod qdrant;
mod vectors;
