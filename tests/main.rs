//! The proof: everything over real HTTP, real engines and real files, in one binary.

mod harness;
mod qdrant;
mod vectors;
