//! Search everything at once, and fetch what was found.
