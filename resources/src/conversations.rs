//! Conversations of one user: their rows, transcripts and photos.
