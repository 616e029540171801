//! Everything that a user has, out of one data folder and into another; and what they have elsewhere, into this one.

mod export;
mod import;

pub use export::export;
pub use import::{Count, Import, Input, Kind, Report};
