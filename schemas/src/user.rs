//! Users: who they are, how they sign in, how they are invited.
