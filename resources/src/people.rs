//! The people whom one user talks with.
