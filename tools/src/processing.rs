//! Understanding conversations: what is said becomes a title, an overview, action items, appointments and memories.

pub mod understanding;
