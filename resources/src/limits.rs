//! How often what may be done: fixed windows, kept across restarts.
