//! Conversations are understood, whatever happens meanwhile: by the language model, by rules while that fails, once more
//! after a crash.

mod crash;
mod failures;
mod jobs;
mod scene;
mod steps;
mod understood;
