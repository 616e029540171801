//! Chat messages: read, clear, rate, report and share them.

use serde_json::json;

use super::Noun;

pub(crate) const NOUN: Noun = Noun {
    seed: |_| Box::pin(async { json!({}) }),
    calls: |_| vec![],
    attempts: |_| vec![],
    belongings: |_| vec![],
    secrets: &[],
    volatile: &[],
};
