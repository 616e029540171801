//! Processing jobs: one for each conversation that is to be understood.
