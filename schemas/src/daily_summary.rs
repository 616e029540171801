//! Daily summaries: what a day brought.
