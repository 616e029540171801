//! Export of all of a user's data, and import from exports of Recollect and other products.

mod export;
mod import;

pub use export::export;
pub use import::{Count, Importer, Input, ItemKind, Report};
