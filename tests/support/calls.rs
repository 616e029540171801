//! Calling any tool in any way: directly, by each of its routes, and over MCP.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{
    Method, Url,
    header::ACCEPT,
    multipart::{Form, Part},
};
use schemas::{key::KeyFamily, scope::Scope};
use serde_json::{Map, Value, json};
use tools::{Access, Audience, Context, Credential, Placement, Route, Surface, Tool};

use super::server::{Answer, Caller, Server, TestUser, on_runtime};

/// Method and path, as `server::routes()` writes them.
pub(crate) fn name_of(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// The caller for a route's audience.
pub(crate) fn caller(user: &TestUser, audience: Audience) -> Caller {
    match audience {
        Audience::App | Audience::Account => user.app(),
        Audience::Developer => user.developer(),
        Audience::Mcp => user.mcp(),
        Audience::Public => user.with(""),
    }
}

/// Whether MCP keys can hold what the tool asks for.
pub(crate) fn is_for_mcp(tool: &Tool) -> bool {
    match tool.access {
        Access::User | Access::KeyManager | Access::Anonymous | Access::Owner => false,
        Access::Scope(scope) => Scope::available(KeyFamily::Mcp).contains(&scope),
        Access::AnyCredential | Access::Public => true,
    }
}

/// The context that such a caller has.
pub(crate) async fn context(server: &'static Server, user: &TestUser, audience: Audience) -> Context {
    let resources = server.resources.clone();
    let (raw, surface) = match audience {
        Audience::App | Audience::Account => return Context::of_user(user.id.clone(), Surface::App, resources),
        Audience::Developer => (user.developer_key.clone(), Surface::Developer),
        Audience::Mcp => (user.mcp_key.clone(), Surface::Mcp),
        Audience::Public => return Context::of_nobody(resources),
    };
    let context = Context::of_user(user.id.clone(), surface, resources.clone());
    let key = on_runtime(async move { resources.keys().find(&raw).await.unwrap().unwrap() }).await;
    let mut caller = tools::Caller::clone(&context.caller);
    caller.credential = Credential::Key(key);
    Context { caller: caller.into(), ..context }
}

/// Calls the tool itself.
pub(crate) async fn directly(context: Context, tool: &'static Tool, arguments: &Value) -> tools::Result<Value> {
    let given = arguments.as_object().unwrap().clone();
    on_runtime(async move { tool.call(context, &tool.arguments, given).await }).await
}

/// Calls a route with the arguments of its tool.
pub(crate) async fn by_route(caller: &Caller, route: &Route, arguments: &Value) -> Answer {
    let mut path = route.path.to_owned();
    let mut rest = Map::new();
    for (name, value) in wire_arguments(route, arguments) {
        match path.split_once(&format!("{{{name}}}")) {
            Some((before, after)) => path = format!("{before}{}{after}", text_of(&value)),
            None => drop(rest.insert(name, value)),
        }
    }
    match route.placement {
        Placement::Query => Answer::to(caller.request(route.method.clone(), &with_query(&path, rest))).await,
        Placement::Body | Placement::QueryOrBody => {
            Answer::to(caller.request(route.method.clone(), &path).json(&Value::Object(rest))).await
        }
        Placement::List(name) => Answer::to(caller.request(route.method.clone(), &path).json(&rest[name])).await,
        Placement::Form(name) | Placement::FormOrBytes(name) => {
            Answer::to(caller.request(route.method.clone(), &path).multipart(form(name, rest))).await
        }
    }
}

/// A form with these files under the name `files`, and the other arguments beside them.
fn form(files: &str, arguments: Map<String, Value>) -> Form {
    arguments.into_iter().fold(Form::new(), |form, (name, value)| match value {
        Value::Array(list) if name == files => list.iter().fold(form, |form, file| {
            let content = STANDARD.decode(file["content"].as_str().unwrap()).unwrap();
            let part = Part::bytes(content).file_name(file["name"].as_str().unwrap().to_owned());
            let part = match file["mime_type"].as_str() {
                Some(mime_type) => part.mime_str(mime_type).unwrap(),
                None => part,
            };
            form.part(files.to_owned(), part)
        }),
        value => form.text(name, text_of(&value)),
    })
}

/// A request over MCP with all toolsets: the result, or the JSON-RPC error.
pub(crate) async fn over_mcp(user: &TestUser, method: &str, params: Value) -> Result<Value, Value> {
    over_mcp_with(&user.mcp(), method, params).await
}

/// The same, with another key.
pub(crate) async fn over_mcp_with(caller: &Caller, method: &str, params: Value) -> Result<Value, Value> {
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let request =
        caller.request(Method::POST, "/v1/mcp?toolsets=all").header(ACCEPT, "application/json").json(&message);
    let mut answer = Answer::to(request).await.ok();
    match answer.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(answer["error"].take()),
    }
}

/// The arguments by the names that clients of the route use.
fn wire_arguments(route: &Route, arguments: &Value) -> Map<String, Value> {
    let known = &route.arguments.schema()["properties"];
    let rename = |(name, value): (&String, &Value)| {
        let wire = route.arguments.wire_name(name);
        let is_known = known.get(wire).is_some();
        // What a route has fixed is none of its arguments.
        assert!(is_known || name == "family", "{} has no {name}", name_of(route));
        is_known.then(|| (wire.to_owned(), value.clone()))
    };
    arguments.as_object().unwrap().iter().filter_map(rename).collect()
}

fn with_query(path: &str, arguments: Map<String, Value>) -> String {
    let mut url = Url::parse("http://host/").unwrap().join(path).unwrap();
    for (name, value) in arguments {
        let texts = match value {
            Value::Array(items) => items,
            other => vec![other],
        };
        for text in texts {
            url.query_pairs_mut().append_pair(&name, &text_of(&text));
        }
    }
    url.as_str().trim_start_matches("http://host").to_owned()
}

/// A value as URL text.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
