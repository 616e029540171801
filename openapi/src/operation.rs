//! Operations: each is one route of one tool, with its texts in the document.

use std::{collections::HashSet, sync::OnceLock};

use http::Method;
use poem_openapi::registry::MetaSecurityScheme;
use serde_json::{Map, Value};
use tools::{Access, Audience, Placement, Route, Tool};

/// One line for each route: method, path, audience and tool, sorted by path.
pub fn routes() -> String {
    let mut operations: Vec<&Operation> = all().iter().collect();
    operations.sort_by_key(|operation| (operation.route.path, operation.route.method.as_str()));
    let line = |operation: &&Operation| {
        let Operation { tool, route, .. } = operation;
        format!("{} {} {} {}\n", route.method, route.path, AudienceInfo::of(route.audience).tag, tool.name)
    };
    operations.iter().map(line).collect()
}

/// A route, its tool, and its texts in the document.
pub(crate) struct Operation {
    pub(crate) tool: &'static Tool,
    pub(crate) route: &'static Route,
    pub(crate) id: String,
    pub(crate) summary: String,
    pub(crate) description: String,
}

/// Every operation, in the order of the tools.
pub(crate) fn all() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let mut taken = HashSet::new();
        let routes = tools::all().iter().flat_map(|tool| tool.routes.iter().map(move |route| (tool, route)));
        routes.map(|(tool, route)| Operation::new(tool, route, &mut taken)).collect()
    })
}

impl Operation {
    fn new(tool: &'static Tool, route: &'static Route, taken: &mut HashSet<String>) -> Self {
        let id = identify(tool, route, taken);
        Self { tool, route, id, summary: tool.title(), description: describe(tool, route) }
    }

    /// The audience in the document.
    pub(crate) fn audience(&self) -> AudienceInfo {
        AudienceInfo::of(self.route.audience)
    }

    /// The path in the syntax of poem's router.
    pub(crate) fn router_path(&self) -> String {
        let segment = |segment: &str| match path_argument(segment) {
            Some(name) => format!(":{name}"),
            None => segment.to_owned(),
        };
        self.route.path.split('/').map(segment).collect::<Vec<_>>().join("/")
    }

    /// Whether the argument is in the path.
    pub(crate) fn is_in_path(&self, name: &str) -> bool {
        self.route.path.split('/').filter_map(path_argument).any(|argument| argument == name)
    }

    /// Whether the arguments that are not in the path may be in the query string.
    pub(crate) fn takes_query(&self) -> bool {
        matches!(self.route.placement, Placement::Query | Placement::QueryOrBody | Placement::FormOrBytes(_))
    }

    /// Whether the argument may be in the query string.
    pub(crate) fn is_in_query(&self, name: &str) -> bool {
        self.takes_query() && !self.is_in_path(name) && self.route.placement.files() != Some(name)
    }

    /// Whether the request has a body.
    pub(crate) fn takes_body(&self) -> bool {
        let properties = self.route.arguments.schema()["properties"].as_object();
        let outside_path = properties.is_some_and(|properties| properties.keys().any(|name| !self.is_in_path(name)));
        self.route.placement != Placement::Query && outside_path
    }

    /// The part of an arguments' schema that is not in the path. What may be in the query string may be missing here.
    pub(crate) fn body_schema(&self, arguments: &Map<String, Value>) -> Value {
        let mut schema = arguments.clone();
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.retain(|name, _| !self.is_in_path(name));
        }
        if let Some(Value::Array(required)) = schema.get_mut("required") {
            let elsewhere = |name: &str| self.is_in_path(name) || self.is_in_query(name);
            required.retain(|name| name.as_str().is_some_and(|name| !elsewhere(name)));
        }
        Value::Object(schema)
    }

    /// The arguments that must be given and are not in the path.
    pub(crate) fn required(&self) -> Vec<&'static str> {
        let required = self.route.arguments.schema().get("required").and_then(Value::as_array);
        let names = required.into_iter().flatten().filter_map(Value::as_str);
        names.filter(|name| !self.is_in_path(name)).collect()
    }
}

/// An audience in the document.
pub(crate) struct AudienceInfo {
    pub(crate) tag: &'static str,
    pub(crate) about: &'static str,
    /// The prefix of operation ids; those of the app have the tools' names.
    prefix: &'static str,
    /// The prefix of components that only this audience sees.
    pub(crate) component: &'static str,
    pub(crate) scheme: &'static str,
    credential: &'static str,
}

impl AudienceInfo {
    /// Every audience, in the order of the document's tags.
    pub(crate) fn all() -> [AudienceInfo; 5] {
        [Audience::App, Audience::Developer, Audience::Mcp, Audience::Account, Audience::Public].map(AudienceInfo::of)
    }

    fn of(audience: Audience) -> AudienceInfo {
        match audience {
            Audience::App => AudienceInfo {
                tag: "App",
                about: "For signed-in users: the app and the page.",
                prefix: "",
                component: "App",
                scheme: "session",
                credential: "The token of a signed-in user.",
            },
            Audience::Account => AudienceInfo {
                tag: "Keys",
                about: "For signed-in users who manage their API keys.",
                prefix: "",
                component: "Account",
                scheme: "session",
                credential: "The token of a signed-in user.",
            },
            Audience::Developer => AudienceInfo {
                tag: "Developer",
                about: "For scripts and integrations, with a developer key.",
                prefix: "developer_",
                component: "Developer",
                scheme: "developerKey",
                credential: "A developer key; it starts with `omi_dev_`.",
            },
            Audience::Mcp => AudienceInfo {
                tag: "MCP",
                about: "For bridges of the Model Context Protocol, with an MCP key.",
                prefix: "mcp_",
                component: "Mcp",
                scheme: "mcpKey",
                credential: "An MCP key; it starts with `omi_mcp_`.",
            },
            Audience::Public => AudienceInfo {
                tag: "Public",
                about: "For everybody: signing in, and what a user has shared by a link.",
                prefix: "",
                component: "Public",
                scheme: "",
                credential: "",
            },
        }
    }

    /// The security scheme of this audience.
    pub(crate) fn security(&self) -> MetaSecurityScheme {
        MetaSecurityScheme {
            ty: "http",
            description: Some(self.credential),
            name: None,
            key_in: None,
            scheme: Some("bearer"),
            bearer_format: None,
            flows: None,
            openid_connect_url: None,
        }
    }
}

/// The name in a segment `{name}`.
fn path_argument(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The tool's name with its audience before it. Of several routes for one audience the first has the plain id; later
/// ones append the segments of their paths that differ, or else a number.
fn identify(tool: &Tool, route: &Route, taken: &mut HashSet<String>) -> String {
    let prefix = AudienceInfo::of(route.audience).prefix;
    let plain = format!("{prefix}{}", tool.name);
    let first = tool.routes.iter().find(|other| AudienceInfo::of(other.audience).prefix == prefix).unwrap_or(route);
    let differs = |segment: &&str| path_argument(segment).is_none() && !first.path.split('/').any(|s| s == *segment);
    let words: Vec<String> = route.path.split('/').filter(differs).map(|word| word.replace('-', "_")).collect();
    let apart = [vec![plain.clone()], words].concat().join("_");
    let counted = (2..).map(|count| format!("{apart}_{count}"));
    let mut candidates = [plain, apart.clone()].into_iter().chain(counted);
    candidates.find(|id| taken.insert(id.clone())).expect("one of endlessly many is free")
}

fn describe(tool: &Tool, route: &Route) -> String {
    let mut text = tool.description();
    if let (Access::Scope(_), Some(family)) = (tool.access, route.audience.family()) {
        let scopes: Vec<String> = tool.scopes().map(|scope| format!("`{}`", scope.spelling(family))).collect();
        let noun = if scopes.len() == 1 { "scope" } else { "scopes" };
        text += &format!("\n\nThe key needs the {noun} {}.", scopes.join(" and "));
    }
    if route.is_ours() {
        text += "\n\nThis route is Recollect's own; the Omi API does not have it.";
    }
    text
}

/// The method as a key of the document's path items.
pub(crate) fn method_key(method: &Method) -> String {
    method.as_str().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let ids: HashSet<&str> = all().iter().map(|operation| operation.id.as_str()).collect();
        assert_eq!(ids.len(), all().len());
        assert!(all().iter().all(|operation| operation.id.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())));
    }

    #[test]
    fn no_route_is_bound_twice_and_no_path_spelled_in_two_ways() {
        let mut spellings: HashMap<String, &str> = HashMap::new();
        let mut bound = HashSet::new();
        for Operation { route, .. } in all() {
            assert!(bound.insert((&route.method, route.path)), "{} {} is bound twice", route.method, route.path);
            let shape = route.path.split('/').map(|part| path_argument(part).map_or(part, |_| "{}"));
            let spelling = spellings.entry(shape.collect::<Vec<_>>().join("/")).or_insert(route.path);
            assert_eq!(*spelling, route.path);
        }
    }

    #[test]
    fn every_path_argument_is_an_argument_of_its_route() {
        for Operation { route, .. } in all() {
            for name in route.path.split('/').filter_map(path_argument) {
                assert!(route.arguments.schema()["properties"].get(name).is_some(), "{}: {name}", route.path);
            }
        }
    }
}
