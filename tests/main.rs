//! The proof: everything over real HTTP, real engines and real files, in one binary.

mod agent;
mod assistant;
mod calls;
mod chat;
mod clients;
mod conformance;
mod contracts;
mod faces;
mod generators;
mod harness;
mod isolation;
mod mcp;
mod model;
mod nouns;
mod process;
mod processing;
mod qdrant;
mod real_model;
mod refusals;
mod remote;
mod rest;
mod schemathesis;
mod speech;
mod structured;
mod transfer;
mod vectors;
