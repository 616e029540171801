//! News of what has changed, for those who watch it.
