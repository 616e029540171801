//! The REST face of every tool, and the OpenAPI document of it.
//!
//! Both are made from [`tools::all`]: nothing here knows the name of a capability. poem-openapi routes and lists the
//! operations; `document` lays the schemas over them, which schemars writes.

mod api;
mod charges;
mod components;
mod depth;
mod document;
mod form;
mod operation;
mod query;
mod refusal;
mod reply;
mod request;
mod room;
mod ui;

pub use api::{Api, Asked, Service, SignIn, service};
pub use charges::{Whence, address_of, nearness, network_of};
pub use depth::{DEEPEST, is_too_deep};
pub use document::{document, document_endpoint};
pub use operation::routes;
pub use refusal::{catch_errors, refuse};
pub use request::read_json;
pub use ui::ui_endpoint;
