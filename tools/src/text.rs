//! What can be said of a text without a model.

use schemas::memory::MemoryCategory;

/// Openings of advice and of things heard elsewhere.
const OUTSIDE: &[&str] = &[
    "according to",
    "experts ",
    "research shows",
    "scientists ",
    "studies show",
    "tip:",
    "always ",
    "never ",
    "you should",
    "people should",
    "it is recommended",
    "the best way to",
];

/// The category of a memory that came without one: about the user, unless it is plainly advice from outside.
pub(crate) fn category_of(content: &str) -> MemoryCategory {
    let content = content.to_lowercase();
    if OUTSIDE.iter().any(|opening| content.starts_with(opening)) {
        MemoryCategory::Interesting
    } else {
        MemoryCategory::System
    }
}
