//! Action items of one user.
