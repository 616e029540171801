//! The proof: everything over real HTTP, real engines and real files, in one binary.

mod qdrant;
mod vectors;
