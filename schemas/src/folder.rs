//! Folders: where conversations are filed.
