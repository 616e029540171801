//! Action items: what is to be done.
