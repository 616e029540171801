//! Signing in with a browser or a password: the routes below /v1/auth.
