//! A REST route to a tool, with its differences from the tool.

use std::{collections::HashSet, sync::LazyLock};

use http::{Method, StatusCode};
use schemas::key::KeyFamily;
use serde_json::Value;

use super::{Arguments, keep, limits::RateLimit};

/// Whose credentials a route accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Signed-in users: the app and the page.
    App,
    /// Signed-in users who manage their keys; these routes have error sentences of their own.
    Account,
    /// Keys that start with `omi_dev_`.
    Developer,
    /// Keys that start with `omi_mcp_`.
    Mcp,
    /// Everybody, signed in or not.
    Public,
}

impl Audience {
    /// The family of the keys it accepts; `None` where users sign in themselves.
    pub fn family(self) -> Option<KeyFamily> {
        match self {
            Audience::App | Audience::Account | Audience::Public => None,
            Audience::Developer => Some(KeyFamily::Developer),
            Audience::Mcp => Some(KeyFamily::Mcp),
        }
    }
}

/// One method on one path.
pub struct Route {
    /// Whose credentials it accepts.
    pub audience: Audience,
    /// GET, POST, PATCH or DELETE.
    pub method: Method,
    /// The path; names in `{}` are arguments.
    pub path: &'static str,
    /// The arguments.
    pub arguments: Arguments,
    /// Where the arguments are that are not in the path.
    pub placement: Placement,
    /// The largest body that is read, in bytes.
    pub max_body: usize,
    /// The rate limits that a request is counted under.
    pub limits: Vec<RateLimit>,
    /// The response.
    pub reply: Reply,
}

/// The routes of the Omi API, one a line.
static OMI_ROUTES: LazyLock<HashSet<String>> =
    LazyLock::new(|| include_str!("omi_routes.txt").lines().map(without_names).collect());

impl Route {
    /// Whether the Omi API has no such route.
    pub fn is_ours(&self) -> bool {
        !OMI_ROUTES.contains(&without_names(&format!("{} {}", self.method, self.path)))
    }
}

/// A route whose arguments have no names: `GET /v3/memories/{}`.
fn without_names(route: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "{}".to_owned() } else { segment.to_owned() };
    route.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Where the arguments are that are not in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// In the query string.
    Query,
    /// In a JSON body.
    Body,
    /// In the query string, as older clients send them, or in a JSON body; the two must agree.
    QueryOrBody,
    /// In a JSON body that is a bare list: the argument of this name.
    List(&'static str),
    /// In a form (`multipart/form-data`): its files are the argument of this name, a list of `{name, mime_type, content}`
    /// with the content in base64; its other fields are arguments of plain values.
    Form(&'static str),
    /// In such a form, or the body (`application/octet-stream`) is itself the only file, and the other arguments are in
    /// the query string.
    FormOrBytes(&'static str),
}

impl Placement {
    /// The argument for files.
    pub fn files(self) -> Option<&'static str> {
        match self {
            Placement::Form(name) | Placement::FormOrBytes(name) => Some(name),
            Placement::Query | Placement::Body | Placement::QueryOrBody | Placement::List(_) => None,
        }
    }
}

/// The response of a route: its shape, its status, and the fields that this audience sees.
pub struct Reply {
    /// The HTTP status of success.
    pub status: StatusCode,
    /// Which part of the tool's result is sent.
    pub shape: Shape,
    /// The fields that objects keep; empty keeps all.
    pub only: &'static [&'static str],
    /// The field of the result that `only` applies to; `None` is what is sent itself.
    pub within: Option<&'static str>,
    /// A field of the result that is not sent.
    pub omit: Option<&'static str>,
    /// A field of the result that is sent within the object.
    pub beside: Option<&'static str>,
    /// Fields that are sent as an empty list where they are null.
    pub lists: &'static [&'static str],
    /// A response header that carries the cursor of the next page.
    pub cursor: Option<&'static str>,
}

/// Which part of the tool's result is sent.
#[derive(Clone)]
pub enum Shape {
    /// All of it.
    Whole,
    /// The value of one field.
    Field(&'static str),
    /// All of it, with the list in the first field under the second name, and more constant fields.
    Envelope(&'static str, &'static str, Value),
    /// A constant.
    Constant(Value),
    /// Nothing.
    Empty,
}

impl Reply {
    /// The response body, made from the tool's result; `None` is an empty one.
    pub fn body(&self, mut result: Value) -> Option<Value> {
        let beside = self.beside.map(|field| (field, result[field].clone()));
        if let Some(field) = self.within {
            result[field] = self.narrow(result[field].take());
        }
        if let (Some(field), Value::Object(object)) = (self.omit, &mut result) {
            object.shift_remove(field);
        }
        let body = match (&self.shape, result) {
            (Shape::Empty, _) => return None,
            (Shape::Constant(value), _) => value.clone(),
            (Shape::Whole, value) => value,
            (Shape::Field(field), mut value) => value[field].take(),
            (Shape::Envelope(field, wire, constants), Value::Object(mut object)) => {
                let list = object.shift_remove(*field).map(|list| ((*wire).to_owned(), list));
                let constants = constants.as_object().cloned().unwrap_or_default();
                Value::Object(list.into_iter().chain(object).chain(constants).collect())
            }
            (_, other) => other,
        };
        let mut body = if self.within.is_none() { self.narrow(body) } else { body };
        if let (Some((field, value)), Value::Object(object)) = (beside, &mut body) {
            object.insert(field.to_owned(), value);
        }
        if !self.lists.is_empty() {
            fill_lists(&mut body, self.lists);
        }
        Some(body)
    }

    fn narrow(&self, value: Value) -> Value {
        if self.only.is_empty() { value } else { keep(value, self.only) }
    }
}

/// Puts an empty list in the place of each of these fields that is null.
fn fill_lists(value: &mut Value, lists: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| fill_lists(item, lists)),
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::Null if lists.contains(&name.as_str()) => *field = Value::Array(Vec::new()),
                    field => fill_lists(field, lists),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_of_omi_are_told_from_ours_whatever_their_arguments_are_called() {
        let is_ours = |name: &str, path: &str| {
            let tool = crate::find(name).unwrap();
            tool.routes.iter().find(|route| route.path == path).unwrap().is_ours()
        };
        assert!(!is_ours("get_memories", "/v3/memories"));
        assert!(is_ours("get_memory", "/v3/memories/{memory_id}"));
        assert!(OMI_ROUTES.contains(&without_names("PATCH /v3/memories/{anything}")));
    }
}
