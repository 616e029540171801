//! A REST route to a tool: where a client's wire shape differs from the tool's own, that difference is data here.

use http::{Method, StatusCode};
use schemas::key::KeyFamily;
use serde_json::{Value, json};

use super::{
    Arguments, Error, keep,
    limits::{Charge, Policy},
};

/// Whose credentials a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Signed-in users: the app and the page.
    App,
    /// Signed-in users, where they manage their keys: those routes word their refusals otherwise.
    Account,
    /// Keys that start with `omi_dev_`.
    Developer,
    /// Keys that start with `omi_mcp_`.
    Mcp,
    /// Everybody, signed in or not.
    Public,
}

impl Audience {
    /// The family of the keys it takes; `None` where users sign in themselves.
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
    /// Whose credentials it takes.
    pub audience: Audience,
    /// GET, POST, PATCH or DELETE.
    pub method: Method,
    /// The path; names in `{}` are arguments.
    pub path: &'static str,
    /// How arguments are spelled here.
    pub arguments: Arguments,
    /// Where those arguments stand that are not in the path.
    pub placement: Placement,
    /// The largest body that is read, in bytes.
    pub largest_body: usize,
    /// What a request is counted as, for the rate limits.
    pub limits: Vec<Charge>,
    /// What comes back.
    pub reply: Reply,
    /// Whether this is Recollect's own, and not in the Omi contract.
    pub ours: bool,
}

/// Where arguments stand that are not in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// In the query string.
    Query,
    /// In a JSON body.
    Body,
    /// In the query string, as older clients send them, or in a JSON body; the two must not contradict each other.
    QueryOrBody,
    /// In a JSON body that is a bare list: the argument of this name.
    List(&'static str),
    /// In a form (`multipart/form-data`): its files are the argument of this name, a list of `{name, mime_type, content}`
    /// with the content in base64; its other fields are arguments of plain values.
    Form(&'static str),
    /// In such a form, or the body (`application/octet-stream`) is itself the only file, and the other arguments stand in
    /// the query string.
    FormOrBytes(&'static str),
}

impl Placement {
    /// The argument that files come as.
    pub fn files(self) -> Option<&'static str> {
        match self {
            Placement::Form(name) | Placement::FormOrBytes(name) => Some(name),
            Placement::Query | Placement::Body | Placement::QueryOrBody | Placement::List(_) => None,
        }
    }
}

/// The largest body of a route that says nothing else, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// What comes back from a route: one shape, its status, and the fields that this audience sees.
pub struct Reply {
    /// The HTTP status of success.
    pub status: StatusCode,
    /// Which part of the tool's result is sent.
    pub shape: Shape,
    /// The fields that objects keep; empty keeps all.
    pub only: &'static [&'static str],
    /// The field of the result that `only` is about; `None` is what is sent itself.
    pub within: Option<&'static str>,
    /// A field of the result that is not sent.
    pub omit: Option<&'static str>,
    /// A response header that carries the cursor of the next page.
    pub cursor: Option<&'static str>,
}

/// Which part of the tool's result is sent.
pub enum Shape {
    /// All of it.
    Whole,
    /// The value of one field.
    Field(&'static str),
    /// All of it, with the list in the first field under the second name, and more constant fields.
    Envelope(&'static str, &'static str, Value),
    /// The same words every time.
    Constant(Value),
    /// Nothing.
    Empty,
}

/// A route for GET; arguments stand in the query string.
pub(crate) fn get(path: &'static str) -> Route {
    Route::new(Method::GET, path, Placement::Query)
}

/// A route for POST; arguments stand in a JSON body.
pub(crate) fn post(path: &'static str) -> Route {
    Route::new(Method::POST, path, Placement::Body)
}

/// A route for PATCH; arguments stand in a JSON body.
pub(crate) fn patch(path: &'static str) -> Route {
    Route::new(Method::PATCH, path, Placement::Body)
}

/// A route for DELETE; arguments stand in the query string.
pub(crate) fn delete(path: &'static str) -> Route {
    Route::new(Method::DELETE, path, Placement::Query)
}

impl Route {
    fn new(method: Method, path: &'static str, placement: Placement) -> Self {
        let reply =
            Reply { status: StatusCode::OK, shape: Shape::Whole, only: &[], within: None, omit: None, cursor: None };
        let arguments = Arguments::default();
        let (audience, largest_body) = (Audience::App, LARGEST_BODY);
        let limits = Vec::new();
        Self { audience, method, path, arguments, placement, largest_body, limits, reply, ours: false }
    }

    /// Marks a route that the Omi contract does not have.
    pub(crate) fn ours(mut self) -> Self {
        self.ours = true;
        self
    }

    /// Takes arguments from a JSON body, whatever the method.
    pub(crate) fn body(mut self) -> Self {
        self.placement = Placement::Body;
        self
    }

    /// Takes a JSON body that is a bare list, as the argument `name`.
    pub(crate) fn list(mut self, name: &'static str) -> Self {
        self.placement = Placement::List(name);
        self
    }

    /// Takes a form whose files are the argument `name`.
    pub(crate) fn files(mut self, name: &'static str) -> Self {
        self.placement = Placement::Form(name);
        self
    }

    /// Takes a form whose files are the argument `name`, or a body that is the only file.
    pub(crate) fn files_or_bytes(mut self, name: &'static str) -> Self {
        self.placement = Placement::FormOrBytes(name);
        self
    }

    /// Takes bodies of so many bytes.
    pub(crate) fn largest(mut self, bytes: usize) -> Self {
        self.largest_body = bytes;
        self
    }

    /// Counts requests under this policy.
    pub(crate) fn limit(mut self, policy: Policy) -> Self {
        self.limits.push(Charge { policy, when: None });
        self
    }

    /// Counts requests under this policy too where the argument `field` is true in the query string.
    pub(crate) fn limit_when(mut self, field: &'static str, policy: Policy) -> Self {
        self.limits.push(Charge { policy, when: Some(field) });
        self
    }

    /// Takes arguments from the query string too.
    pub(crate) fn query(mut self) -> Self {
        self.placement = Placement::QueryOrBody;
        self
    }

    /// Spells the argument `field` as `wire`.
    pub(crate) fn rename(mut self, wire: &'static str, field: &'static str) -> Self {
        self.arguments.renamed.push((wire, field));
        self
    }

    /// Also takes the argument at `path` under the name `other`, which older clients use; `items.content` reaches into
    /// each object of a list.
    pub(crate) fn also(mut self, other: &'static str, path: &'static str) -> Self {
        self.arguments.also.push((other, path));
        self
    }

    /// Takes a list of plain values under the name `alias` in place of the argument spelled `name`: each stands for an
    /// object with that one `member`.
    pub(crate) fn alias(mut self, alias: &'static str, name: &'static str, member: &'static str) -> Self {
        self.arguments.aliased.push((alias, name, member));
        self
    }

    /// Fixes the argument `field`; clients cannot give it.
    pub(crate) fn preset(mut self, field: &'static str, value: Value) -> Self {
        self.arguments.preset.push((field, value));
        self
    }

    /// Lays other schema keywords (bounds, a default) over the argument at `field`; `items.content` reaches into a list.
    pub(crate) fn narrow(mut self, field: &'static str, keywords: Value) -> Self {
        self.arguments.narrowed.push((field, keywords));
        self
    }

    /// Gives `limit` and `offset` this page size and largest page, and pulls values beyond the bounds inside.
    pub(crate) fn page(mut self, size: u32, largest: u32) -> Self {
        self.arguments.clamped = true;
        self.narrow("limit", json!({ "default": size, "minimum": 1, "maximum": largest }))
    }

    /// Counts a text outside the enum of `field` as not given.
    pub(crate) fn lenient(mut self, field: &'static str) -> Self {
        self.arguments.lenient.push(field);
        self
    }

    /// Answers 400 with this sentence to a value outside the enum of `field`; `{}` stands for the value.
    pub(crate) fn reject(mut self, field: &'static str, sentence: &'static str) -> Self {
        self.arguments.rejected.push((field, sentence, Error::Rejected));
        self
    }

    /// Answers 422 with this sentence, in place of a list, to a value outside the enum of `field`.
    pub(crate) fn sentence(mut self, field: &'static str, sentence: &'static str) -> Self {
        self.arguments.rejected.push((field, sentence, Error::Invalid));
        self
    }

    /// Sends only the value of `field`.
    pub(crate) fn field(mut self, field: &'static str) -> Self {
        self.reply.shape = Shape::Field(field);
        self
    }

    /// Sends everything, with the list in `field` under the name `wire`, and more constant fields.
    pub(crate) fn envelope(mut self, field: &'static str, wire: &'static str, constants: Value) -> Self {
        self.reply.shape = Shape::Envelope(field, wire, constants);
        self
    }

    /// Sends the same words every time.
    pub(crate) fn constant(mut self, value: Value) -> Self {
        self.reply.shape = Shape::Constant(value);
        self
    }

    /// Sends nothing, with status 204.
    pub(crate) fn empty(mut self) -> Self {
        self.reply.status = StatusCode::NO_CONTENT;
        self.reply.shape = Shape::Empty;
        self
    }

    /// Sends only these fields of the object, or of each object in the list.
    pub(crate) fn only(mut self, fields: &'static [&'static str]) -> Self {
        self.reply.only = fields;
        self
    }

    /// Sends only these fields of the objects in `field` of the result.
    pub(crate) fn only_in(mut self, field: &'static str, fields: &'static [&'static str]) -> Self {
        self.reply.within = Some(field);
        self.only(fields)
    }

    /// Does not send this field of the result.
    pub(crate) fn omit(mut self, field: &'static str) -> Self {
        self.reply.omit = Some(field);
        self
    }

    /// Insists on an argument that the tool itself can do without.
    pub(crate) fn require(mut self, field: &'static str) -> Self {
        self.arguments.required.push(field);
        self
    }

    /// Sends the cursor of the next page in this response header.
    pub(crate) fn cursor(mut self, header: &'static str) -> Self {
        self.reply.cursor = Some(header);
        self
    }
}

impl Reply {
    /// The body of this route's answer, made from the tool's result; `None` is an empty one.
    pub fn body(&self, mut result: Value) -> Option<Value> {
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
        Some(if self.within.is_none() { self.narrow(body) } else { body })
    }

    fn narrow(&self, value: Value) -> Value {
        if self.only.is_empty() { value } else { keep(value, self.only) }
    }
}
