//! Goals of one user, and their history by day.
