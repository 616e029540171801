//! Webhooks: what the server tells others as it happens.
