//! Grants: what a user has allowed an assistant that signed in through OAuth.
