//! TLS, from configured files.
