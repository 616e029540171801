//! Webhooks of one user, and the deliveries under way.
