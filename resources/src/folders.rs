//! Folders of one user.
