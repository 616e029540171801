//! How a route is bound to a tool: its path, and what differs there from the tool itself.

use http::{Method, StatusCode};
use schemas::conversation::Conversation;
use serde_json::{Value, json};

use super::{
    Arguments, Audience, Noun, Placement, Reply, Route, SchemaOf, Shape, Verb,
    arguments::UnknownValue,
    limits::{self, Policy, RateLimit},
};

/// The largest body of a route that names no other, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Fields that the Omi app decodes as a list, and does not accept as null. Keys get them as they are: on the Developer
/// API null says that a transcript was not requested.
const LISTS: &[&str] = fields!(Conversation { transcript_segments });

/// All fields, where a noun has fewer for keys.
pub(crate) const ALL_FIELDS: &[&str] = &[];

/// A path, and what differs on this route from the tool. A path alone is a route with the method of the tool's verb. The
/// order of the modifiers never matters.
pub(crate) struct Binding {
    path: &'static str,
    method: Option<Method>,
    placement: Option<Placement>,
    arguments: Arguments,
    max_body: usize,
    limits: Option<&'static [Policy]>,
    limits_when: Vec<RateLimit>,
    shape: Option<Shape>,
    only: Option<&'static [&'static str]>,
    omit: Option<&'static str>,
    beside: Option<&'static str>,
    cursor: Option<&'static str>,
}

/// What a binding takes from its tool.
pub(super) struct Bound<'a> {
    pub(super) noun: &'static Noun,
    pub(super) verb: Verb,
    pub(super) audience: Audience,
    pub(super) schema: SchemaOf,
    /// The limits that the tool's definition names, for the app.
    pub(super) limits: Option<&'static [Policy]>,
    /// The shape that the tool's definition names.
    pub(super) shape: Option<&'a Shape>,
    /// The fields of the result.
    pub(super) fields: &'a [String],
    /// Whether the result says no more than that it is done.
    pub(super) is_done: bool,
}

/// A route for GET; arguments stand in the query string.
pub(crate) fn get(path: &'static str) -> Binding {
    Binding::new(path, Some(Method::GET))
}

/// A route for POST; arguments stand in a JSON body.
pub(crate) fn post(path: &'static str) -> Binding {
    Binding::new(path, Some(Method::POST))
}

/// A route for PATCH; arguments stand in a JSON body.
pub(crate) fn patch(path: &'static str) -> Binding {
    Binding::new(path, Some(Method::PATCH))
}

/// A route for DELETE; arguments stand in the query string.
pub(crate) fn delete(path: &'static str) -> Binding {
    Binding::new(path, Some(Method::DELETE))
}

/// The answer `{"status": …}`.
pub(crate) fn status(word: &str) -> Value {
    json!({ "status": word })
}

impl From<&'static str> for Binding {
    fn from(path: &'static str) -> Self {
        Self::new(path, None)
    }
}

impl Binding {
    fn new(path: &'static str, method: Option<Method>) -> Self {
        Self {
            path,
            method,
            placement: None,
            arguments: Arguments::default(),
            max_body: MAX_BODY,
            limits: None,
            limits_when: Vec::new(),
            shape: None,
            only: None,
            omit: None,
            beside: None,
            cursor: None,
        }
    }

    /// Takes arguments from a JSON body, whatever the method.
    pub(crate) fn body(self) -> Self {
        self.placed(Placement::Body)
    }

    /// Takes arguments from the query string too.
    pub(crate) fn query(self) -> Self {
        self.placed(Placement::QueryOrBody)
    }

    /// Takes arguments from there.
    pub(crate) fn placed(mut self, placement: Placement) -> Self {
        self.placement = Some(placement);
        self
    }

    /// Takes bodies of at most so many bytes.
    pub(crate) fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Counts requests under these policies instead of those of its noun.
    pub(crate) fn limited(mut self, policies: &'static [Policy]) -> Self {
        self.limits = Some(policies);
        self
    }

    /// Counts requests under this policy too where the argument `field` is true in the query string.
    pub(crate) fn limited_when(mut self, field: &'static str, policy: Policy) -> Self {
        self.limits_when.push(RateLimit { policy, when: Some(field) });
        self
    }

    /// Calls the argument `field` by the name `wire`.
    pub(crate) fn rename(mut self, field: &'static str, wire: &'static str) -> Self {
        self.arguments.renamed.push((field, wire));
        self
    }

    /// Also takes the argument `field` by the name `other`, which older clients use; `items.content` reaches into each
    /// object of a list.
    pub(crate) fn alias(mut self, field: &'static str, other: &'static str) -> Self {
        self.arguments.aliases.push((field, other));
        self
    }

    /// Also takes the list `field` by the name `other` as plain values, each for an object with that one `member`.
    pub(crate) fn list_alias(mut self, field: &'static str, other: &'static str, member: &'static str) -> Self {
        self.arguments.list_aliases.push((field, other, member));
        self
    }

    /// Does not take the argument `field`: it is always this.
    pub(crate) fn preset(mut self, field: &'static str, value: Value) -> Self {
        self.arguments.preset.push((field, value));
        self
    }

    /// Gives the argument `field` this default.
    pub(crate) fn default(self, field: &'static str, value: impl Into<Value>) -> Self {
        self.narrow(field, json!({ "default": value.into() }))
    }

    /// Lays keywords over the schema of the argument `field`; `items.content` reaches into each object of a list.
    pub(crate) fn narrow(mut self, field: &'static str, keywords: Value) -> Self {
        self.arguments.narrowed.push((field, keywords));
        self
    }

    /// Gives `limit` and `offset` this page size and largest page, and moves values beyond the bounds inside.
    pub(crate) fn page(mut self, size: u32, max: u32) -> Self {
        self.arguments.clamped = true;
        self.narrow("limit", json!({ "default": size, "minimum": 1, "maximum": max }))
    }

    /// Requires the argument `field`, which is optional in the tool itself.
    pub(crate) fn require(mut self, field: &'static str) -> Self {
        self.arguments.required.push(field);
        self
    }

    /// Treats a text outside the enum of the argument `field` in another way than as an invalid argument.
    pub(crate) fn unknown(mut self, field: &'static str, value: UnknownValue) -> Self {
        self.arguments.unknown.push((field, value));
        self
    }

    /// Refuses requests with an argument `name` of the Omi API: 400 with this sentence.
    pub(crate) fn unsupported(mut self, name: &'static str, sentence: &'static str) -> Self {
        self.arguments.unsupported.push((name, sentence));
        self
    }

    /// Sends the whole result, where the noun's field would be sent.
    pub(crate) fn whole(self) -> Self {
        self.shaped(Shape::Whole)
    }

    /// Sends everything, with the list in `field` first and under the name `wire`, and more constant fields.
    pub(crate) fn envelope(self, field: &'static str, wire: &'static str, constants: Value) -> Self {
        self.shaped(Shape::Envelope(field, wire, constants))
    }

    /// Sends this, whatever the result.
    pub(crate) fn constant(self, value: Value) -> Self {
        self.shaped(Shape::Constant(value))
    }

    /// Sends nothing, with status 204.
    pub(crate) fn empty(self) -> Self {
        self.shaped(Shape::Empty)
    }

    fn shaped(mut self, shape: Shape) -> Self {
        self.shape = Some(shape);
        self
    }

    /// Sends only these fields of the object, or of each object in the list.
    pub(crate) fn only(mut self, fields: &'static [&'static str]) -> Self {
        self.only = Some(fields);
        self
    }

    /// Does not send this field of the result.
    pub(crate) fn omit(mut self, field: &'static str) -> Self {
        self.omit = Some(field);
        self
    }

    /// Sends this field of the result within the object that is sent.
    pub(crate) fn beside(mut self, field: &'static str) -> Self {
        self.beside = Some(field);
        self
    }

    /// Sends the cursor of the next page in this response header.
    pub(crate) fn cursor(mut self, header: &'static str) -> Self {
        self.cursor = Some(header);
        self
    }

    /// The route, with what it takes from its tool.
    pub(super) fn complete(self, tool: Bound<'_>) -> Route {
        let method = self.method.clone().unwrap_or(tool.verb.method());
        let has_body = matches!(method, Method::POST | Method::PATCH);
        let placement = self.placement.unwrap_or(if has_body { Placement::Body } else { Placement::Query });
        let limits = self.limits(&tool);
        let reply = self.reply(&tool);
        let mut arguments = self.arguments;
        arguments.schema = Some(tool.schema);
        let (audience, path, max_body) = (tool.audience, self.path, self.max_body);
        Route { audience, method, path, arguments, placement, max_body, limits, reply }
    }

    fn limits(&self, tool: &Bound<'_>) -> Vec<RateLimit> {
        let of_tool = tool.limits.filter(|_| tool.audience == Audience::App);
        let of_noun = || limits::policies_of_route(tool.audience, tool.noun.limits, tool.verb);
        let policies = self.limits.or(of_tool).unwrap_or_else(of_noun);
        let always = policies.iter().map(|policy| RateLimit { policy: *policy, when: None });
        always.chain(self.limits_when.iter().copied()).collect()
    }

    /// A result that holds the noun is sent as the thing or the list itself, to keys without what is none of theirs.
    fn reply(&self, tool: &Bound<'_>) -> Reply {
        let named = [tool.noun.name, tool.noun.plural];
        let held = named.into_iter().find(|name| tool.fields.iter().any(|field| field == name));
        let usual = || match (tool.is_done, tool.audience, held) {
            (true, Audience::Developer, _) => Shape::Constant(json!({ "success": true })),
            (true, ..) => Shape::Constant(status("ok")),
            (false, _, Some(name)) => Shape::Field(name),
            (false, _, None) => Shape::Whole,
        };
        let shape = self.shape.clone().or_else(|| tool.shape.cloned()).unwrap_or_else(usual);
        let for_keys = tool.audience.family().map_or(ALL_FIELDS, |_| tool.noun.for_keys);
        let is_held = matches!(shape, Shape::Field(name) if Some(name) == held);
        let within = held.filter(|_| matches!(shape, Shape::Whole | Shape::Envelope(..)));
        let only = self.only.unwrap_or(if is_held || within.is_some() { for_keys } else { ALL_FIELDS });
        let within = within.filter(|_| !only.is_empty());
        let status = if matches!(shape, Shape::Empty) { StatusCode::NO_CONTENT } else { StatusCode::OK };
        let lists = if tool.audience.family().is_none() { LISTS } else { &[] };
        Reply { status, shape, only, within, omit: self.omit, beside: self.beside, lists, cursor: self.cursor }
    }
}
