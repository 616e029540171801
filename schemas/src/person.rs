//! People: whom the user talks with.
