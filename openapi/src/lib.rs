//! The REST routes of every tool, and the OpenAPI document of it.
//!
//! Both are made from [`tools::all`]: nothing here knows the name of a capability. poem-openapi routes and lists the
//! operations; `document` lays the schemas over them, which schemars writes.

mod api;
mod body;
mod body_memory;
mod catch_errors;
mod components;
mod depth;
mod document;
mod error;
mod form;
mod multipart;
mod operation;
mod query;
mod rate_limit;
mod reply;
mod request;
mod request_limit;
mod ui;

pub use api::{Api, Authenticate, PreparedCall, Service, service};
pub use body::read_json;
pub use body_memory::BodyMemory;
pub use catch_errors::catch_errors;
pub use depth::{MAX_DEPTH, is_too_deep};
pub use document::{document, document_endpoint};
pub use error::{refuse, refuse_as_text};
pub use operation::routes;
pub use rate_limit::{Whence, address_of, locality, network_of};
pub use request_limit::RequestPermit;
pub use ui::ui_endpoint;
