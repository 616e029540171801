//! Finding what was said.
