//! Signing in by the word of others: ID tokens of Firebase and of OpenID Connect, browsers on their way, and apps.
