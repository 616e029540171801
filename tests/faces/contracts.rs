//! Committed contracts: compared, or written anew with `UPDATE=1`.

use std::{env, fs, path::Path};

use serde_json::{Value, json};
use tools::Tool;

use crate::support::{calls::over_mcp, server::Server};

/// Compares a text with the committed file.
#[track_caller]
pub(crate) fn assert_committed(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts").join(file);
    if env::var_os("UPDATE").is_some() {
        return fs::write(path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let differing = committed.lines().zip(text.lines()).find(|(was, is)| was != is);
    let note = "differs from what is committed; if that is meant, run the tests with UPDATE=1";
    assert!(committed == text, "{file} {note}: {differing:?}");
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

#[test]
fn the_openapi_document() {
    assert_committed("openapi.json", &pretty(&server::openapi_document()));
}

#[test]
fn the_routes() {
    assert_committed("routes.txt", &format!("{}\n{}", routes_with_limits(), tools_with_limits()));
}

/// One line for each route: method, path, audience, tool, and the limits that a request is charged under, in this
/// order. `limit?argument` is charged only where that argument is true; `-` is none.
fn routes_with_limits() -> String {
    let limits_of = |line: &str| {
        let mut routes = tools::all().iter().flat_map(|tool| &tool.routes);
        let route = routes.find(|route| line.starts_with(&format!("{} {} ", route.method, route.path))).unwrap();
        let limits = route.limits.iter().map(|limit| match limit.when {
            None => limit.policy.name().to_owned(),
            Some(argument) => format!("{}?{argument}", limit.policy.name()),
        });
        or_dash(limits.collect())
    };
    server::routes().lines().map(|line| format!("{line} {}\n", limits_of(line))).collect()
}

/// One line for each tool: its name, and the limits that a call of it by an MCP client is charged under, in this order.
fn tools_with_limits() -> String {
    let mut tools: Vec<&Tool> = tools::all().iter().collect();
    tools.sort_by_key(|tool| tool.name);
    let limits_of = |tool: &Tool| or_dash(tool.limits.iter().map(|policy| policy.name().to_owned()).collect());
    tools.into_iter().map(|tool| format!("tools/call {} {}\n", tool.name, limits_of(tool))).collect()
}

fn or_dash(names: Vec<String>) -> String {
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

#[tokio::test]
async fn the_mcp_tools() {
    let user = Server::shared().await.user().await;
    let listed = over_mcp(&user, "tools/list", json!({})).await.unwrap();
    assert_committed("tools.json", &pretty(&listed["tools"]));
}

#[test]
fn every_operation_and_every_field_is_described() {
    let document = server::openapi_document();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let way = format!("{method} {path}");
            for text in ["summary", "description", "operationId"] {
                assert!(is_filled(&operation[text]), "{way} has no {text}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(is_filled(&parameter["description"]), "{way}: {parameter}");
            }
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            fields_are_described(&document, body, &way);
        }
    }
    for tool in tools::all() {
        fields_are_described(&Value::Null, &Value::Object(tool.arguments.schema().clone()), tool.name);
        fields_are_described(&Value::Null, &Value::Object(tool.result()), tool.name);
    }
}

fn is_filled(text: &Value) -> bool {
    text.as_str().is_some_and(|text| !text.trim().is_empty())
}

/// Asserts that every property below this schema has a description, of its own or of its type.
fn fields_are_described(document: &Value, schema: &Value, way: &str) {
    let schema = resolved(document, schema);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let described = is_filled(&field["description"]) || is_filled(&resolved(document, field)["description"]);
        assert!(described, "{way}: {name} has no description");
        fields_are_described(document, field, way);
    }
    for inner in ["anyOf", "allOf", "oneOf"].iter().flat_map(|kind| schema[kind].as_array()).flatten() {
        fields_are_described(document, inner, way);
    }
    if schema["items"].is_object() {
        fields_are_described(document, &schema["items"], way);
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|target| document.pointer(target.trim_start_matches('#')));
    target.unwrap_or(schema)
}
