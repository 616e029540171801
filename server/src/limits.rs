//! How much each caller gets: rate limits and the room that requests may take.
