//! Reading a request's arguments from its path, query string and body.

use std::collections::HashMap;

use poem::Request;
use serde_json::{Map, Value, json};
use tools::{Issue, Placement};

use crate::{
    body,
    body_memory::BodyMemory,
    depth::{count_values, is_too_deep},
    error::Refusal,
    form,
    operation::Operation,
    query,
};

/// The memory that a parsed value takes up besides its text, in bytes.
const VALUE_SIZE: usize = 64;

/// The maximum number of values in a body: many small ones take up far more than their text.
const MAX_VALUES: usize = 1 << 20;

/// Which part of the request each argument came from, so that an issue can say where it is.
pub(crate) struct ArgumentSources {
    operation: &'static Operation,
    found: Vec<(String, &'static str)>,
    has_body: bool,
    /// Held until the request is answered.
    _memory: BodyMemory,
}

/// The arguments of a request of this user, and their sources. The path wins over the body; query and body must agree.
pub(crate) async fn read(
    operation: &'static Operation,
    user: &str,
    request: &mut Request,
) -> Result<(Map<String, Value>, ArgumentSources), Refusal> {
    let mut given = Map::new();
    let memory = BodyMemory::of(user);
    let mut sources = ArgumentSources { operation, found: Vec::new(), has_body: false, _memory: memory.clone() };
    if operation.takes_query() {
        sources.add("query", from_query(operation, request), &mut given);
    }
    let queried = given.clone();
    if operation.takes_body() {
        let body = match operation.route.placement.files() {
            Some(files) => Some(form::read(operation, files, request, &memory).await?),
            None => from_body(operation, request, &memory).await?,
        };
        sources.has_body = body.is_some();
        sources.add("body", body.unwrap_or_default(), &mut given);
        check_agreement(&queried, &given)?;
    }
    sources.add("path", from_path(operation, request), &mut given);
    Ok((given, sources))
}

impl ArgumentSources {
    /// Puts the part of the request before the place of each issue, as FastAPI does.
    pub(crate) fn locate(&self, mut issues: Vec<Issue>) -> Vec<Issue> {
        for issue in &mut issues {
            let first = issue.loc.first().cloned();
            // Files are not sent back.
            if self.operation.route.placement.files().is_some() && !issue.input.is_number() {
                issue.input = Value::Null;
            }
            if matches!(self.operation.route.placement, Placement::List(list) if first == Some(json!(list))) {
                issue.loc[0] = json!("body");
                continue;
            }
            let place = first.as_ref().and_then(Value::as_str).map_or("body", |name| self.place_of(name));
            issue.loc.insert(0, json!(place));
        }
        issues
    }

    /// Where the argument was or, where it is missing, where it is expected.
    fn place_of(&self, name: &str) -> &'static str {
        let found = self.found.iter().rev().find(|(argument, _)| argument == name);
        found.map(|(_, place)| *place).unwrap_or_else(|| match self.operation.route.placement {
            _ if self.operation.is_in_path(name) => "path",
            Placement::Body | Placement::List(_) | Placement::Form(_) | Placement::FormOrBytes(_) => "body",
            Placement::QueryOrBody if self.has_body => "body",
            Placement::QueryOrBody | Placement::Query => "query",
        })
    }

    fn add(&mut self, place: &'static str, arguments: Map<String, Value>, given: &mut Map<String, Value>) {
        self.found.extend(arguments.keys().map(|name| (name.clone(), place)));
        given.extend(arguments);
    }
}

/// A client that gives an argument twice, and not the same, would not know which one counted.
fn check_agreement(queried: &Map<String, Value>, given: &Map<String, Value>) -> Result<(), Refusal> {
    // 3 and 3.0 are one number.
    let is_same = |one: &Value, other: &Value| one == other || one.is_number() && one.as_f64() == other.as_f64();
    let is_same = |name: &str, value: &Value| given.get(name).is_none_or(|other| is_same(value, other));
    match queried.iter().find(|(name, value)| !is_same(name, value)) {
        None => Ok(()),
        Some((name, value)) => {
            let place = vec![json!("query"), json!(name)];
            Err(body::invalid("value_error", place, "The body gives another value", value.clone(), None))
        }
    }
}

fn from_path(operation: &Operation, request: &Request) -> Map<String, Value> {
    let named: HashMap<String, String> = request.path_params().unwrap_or_default();
    let pairs: Vec<_> = named.into_iter().collect();
    query::read(&pairs, operation.route.arguments.schema(), |name| operation.is_in_path(name))
}

fn from_query(operation: &Operation, request: &Request) -> Map<String, Value> {
    let pairs: Vec<(String, String)> = request.params().unwrap_or_default();
    let contract = &operation.route.arguments;
    // What came under the right name wins over what came under another one.
    let is_right = |name: &str| {
        let right = contract.canonical(name);
        right == name || pairs.iter().all(|(other, _)| other != right)
    };
    let right = pairs.iter().filter(|(name, _)| is_right(name));
    let pairs: Vec<_> = right.map(|(name, text)| (contract.canonical(name).to_owned(), text.clone())).collect();
    let unsupported = pairs.iter().filter(|(name, _)| contract.is_unsupported(name)).cloned();
    let unsupported = unsupported.map(|(name, text)| (name, Value::String(text)));
    let mut given = query::read(&pairs, contract.schema(), |name| operation.is_in_query(name));
    given.extend(unsupported);
    given
}

/// The body's fields that the route knows; `None` when there is no body and the route can do without one.
async fn from_body(
    operation: &Operation,
    request: &mut Request,
    memory: &BodyMemory,
) -> Result<Option<Map<String, Value>>, Refusal> {
    let bytes = body::read_body(request, operation.route.max_body, Some(memory)).await?;
    let body: Option<Value> = match bytes.trim_ascii() {
        [] => None,
        text => Some(parse(text, memory)?),
    };
    let contract = &operation.route.arguments;
    if let Placement::List(name) = operation.route.placement {
        return match body {
            None => Err(body::invalid("missing", vec![json!("body")], "Field required", Value::Null, None)),
            Some(list) => Ok(Some(Map::from_iter([(name.to_owned(), list)]))),
        };
    }
    match body {
        Some(Value::Object(fields)) => Ok(Some(fields.into_iter().filter(|(name, _)| contract.takes(name)).collect())),
        None if operation.takes_query() || operation.required().is_empty() => Ok(None),
        None => Err(body::invalid("missing", vec![json!("body")], "Field required", Value::Null, None)),
        Some(other) => {
            let sentence = "Input should be a valid dictionary or object to extract fields from";
            Err(body::invalid("model_attributes_type", vec![json!("body")], sentence, other, None))
        }
    }
}

/// Parses JSON whose text is counted in `memory` already.
fn parse(text: &[u8], memory: &BodyMemory) -> Result<Value, Refusal> {
    if is_too_deep(text) {
        return Err(body::too_deep());
    }
    let values = count_values(text);
    if values > MAX_VALUES {
        return Err(Refusal::too_many_values(MAX_VALUES));
    }
    memory.grow(values * VALUE_SIZE).map_err(|_| BodyMemory::refusal())?;
    serde_json::from_slice(text).map_err(|error| body::not_json(text, &error))
}

#[cfg(test)]
mod tests {
    use http::Method;
    use poem::{Endpoint, IntoResponse, Response, Route, endpoint::make};

    use super::*;
    use crate::operation;

    /// What is read of a request to a route, with the place of each argument; or the refusal.
    async fn read_request(method: Method, route: &str, target: &str, body: impl Into<poem::Body>) -> Value {
        let is_wanted = |operation: &&Operation| operation.route.method == method && operation.route.path == route;
        let operation = operation::all().iter().find(is_wanted).unwrap();
        let endpoint = make(move |mut request: Request| async move {
            let (given, places) = match read(operation, "user", &mut request).await {
                Ok(read) => read,
                Err(refusal) => return refusal.into_response(),
            };
            let known = operation.route.arguments.schema()["properties"].as_object().unwrap();
            let places: Map<_, _> = known.keys().map(|name| (name.clone(), json!(places.place_of(name)))).collect();
            Response::builder().body(json!({ "given": given, "places": places }).to_string())
        });
        let request = Request::builder().method(method.clone()).uri_str(target).body(body);
        let answer = Route::new().at(operation.router_path(), endpoint).get_response(request).await;
        let status = answer.status().as_u16();
        let mut body: Value = serde_json::from_str(&answer.into_body().into_string().await.unwrap()).unwrap();
        body["status"] = json!(status);
        body
    }

    async fn create(body: impl Into<poem::Body>) -> Value {
        read_request(Method::POST, "/v1/dev/user/memories", "/v1/dev/user/memories", body).await
    }

    #[tokio::test]
    async fn fields_that_the_route_does_not_know_are_left_out() {
        let read = create(r#"{"content": "x", "unknown": 1}"#).await;
        assert_eq!(read["given"], json!({ "content": "x" }));
        assert_eq!(read["places"]["content"], "body");
    }

    #[tokio::test]
    async fn the_path_is_decoded_and_wins_over_the_body() {
        let route = "/v1/dev/user/memories/{memory_id}";
        let body = r#"{"memory_id": "other", "content": "x"}"#;
        let read = read_request(Method::PATCH, route, "/v1/dev/user/memories/a%20b", body).await;
        assert_eq!(read["given"], json!({ "memory_id": "a b", "content": "x" }));
        assert_eq!(read["places"]["memory_id"], "path");
    }

    #[tokio::test]
    async fn the_query_must_not_say_otherwise_than_the_body() {
        let route = "/v3/memories/{memory_id}";
        let queried = read_request(Method::PATCH, route, "/v3/memories/m?value=old", "").await;
        assert_eq!((&queried["given"]["value"], &queried["places"]["value"]), (&json!("old"), &json!("query")));
        let both = read_request(Method::PATCH, route, "/v3/memories/m?value=old", r#"{"value": "new"}"#).await;
        assert_eq!((&both["status"], &both["detail"][0]["loc"]), (&json!(422), &json!(["query", "value"])));
        let agreeing = read_request(Method::PATCH, route, "/v3/memories/m?value=x", r#"{"value": "x"}"#).await;
        assert_eq!((&agreeing["given"]["value"], &agreeing["places"]["value"]), (&json!("x"), &json!("body")));
        let neither = read_request(Method::PATCH, route, "/v3/memories/m", "").await;
        assert_eq!(neither["places"]["value"], "query");
    }

    #[tokio::test]
    async fn a_missing_body_is_reported_as_a_whole() {
        let expected = json!([{ "type": "missing", "loc": ["body"], "msg": "Field required", "input": null }]);
        assert_eq!(create("").await, json!({ "detail": expected, "status": 422 }));
    }

    #[tokio::test]
    async fn a_body_that_is_no_object_is_reported() {
        let settings = "/v1/users/daily-summary-settings";
        assert_eq!(read_request(Method::PATCH, settings, settings, "null").await["status"], 422);
        let refused = create("[1]").await;
        assert_eq!(refused["status"], 422);
        assert_eq!(refused["detail"][0]["type"], "model_attributes_type");
        assert_eq!(refused["detail"][0]["loc"], json!(["body"]));
        assert_eq!(refused["detail"][0]["input"], json!([1]));
    }

    #[tokio::test]
    async fn malformed_json_is_reported_with_its_place() {
        let refused = create("{\n \"content\": é}").await;
        assert_eq!(refused["status"], 422);
        assert_eq!(refused["detail"][0]["type"], "json_invalid");
        assert_eq!(refused["detail"][0]["loc"], json!(["body", 14]));
        assert_eq!(refused["detail"][0]["msg"], "JSON decode error");
        assert_eq!(refused["detail"][0]["ctx"], json!({ "error": "expected value" }));
    }

    #[tokio::test]
    async fn a_body_that_nests_too_deep_is_refused() {
        let refused = create(format!(r#"{{"content": {}{}}}"#, "[".repeat(64), "]".repeat(64))).await;
        assert_eq!((&refused["status"], &refused["detail"][0]["type"]), (&json!(422), &json!("json_invalid")));
        let reason = "JSON is nested more than 64 levels deep";
        assert_eq!(refused["detail"][0]["ctx"], json!({ "error": reason }));
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused() {
        let refused = create(vec![b' '; (1 << 20) + 1]).await;
        assert_eq!(refused, json!({ "detail": "The request body is larger than 1048576 bytes", "status": 413 }));
    }
}
