//! The audit trail, for the user whose data it is about.
