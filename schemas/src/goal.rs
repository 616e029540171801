//! Goals: what the user wants to reach, and how far they are.
