//! What assistants and scripts did: the words of the audit trail.
