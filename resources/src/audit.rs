//! The audit trail: what each assistant and script read and wrote.
