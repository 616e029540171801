//! Turning speech into text.
