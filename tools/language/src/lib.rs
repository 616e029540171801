//! Rules for natural language: dates, sentences, stems, stop words, and what can be extracted from a conversation
//! without a language model.
//!
//! Everything here is a pure function of its arguments: no input or output, no users, no embeddings.

mod clauses;
pub mod dates;
pub mod extraction;
mod fillers;
pub mod numbers;
pub mod sentences;
pub mod stemming;
pub mod stop_words;
mod third_person;
pub mod truncate;
pub mod words;
pub mod zone;
