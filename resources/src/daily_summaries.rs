//! Daily summaries of one user.
