//! Users: who may come in, with what, and what is left of them.
