//! `recollect users`: who may come in.
