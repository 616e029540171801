//! Grants: list and revoke what assistants were allowed.
