//! The OpenAPI document: the operations by poem-openapi, completed with the schemas.

use std::{
    collections::{BTreeSet, HashMap},
    marker::PhantomData,
};

use bytes::Bytes;
use http::Method;
use poem::{
    Endpoint, Response,
    endpoint::{BoxEndpoint, make_sync},
};
use poem_openapi::{
    OpenApi,
    registry::{MetaApi, MetaPath, Registry},
};
use serde_json::{Map, Value, json};
use tools::{Access, Audience, DEFAULT_RETRY_AFTER, Placement};

use crate::{
    api::{self, Api},
    components::Components,
    form,
    operation::{self, Operation},
};

/// The document of the tools and of `Other`, made without a server.
pub fn document<Other: OpenApi>() -> Value {
    let spec = api::titled(Described::<(Api, Other)>(PhantomData)).spec();
    let mut document: Value = serde_json::from_str(&spec).expect("poem-openapi writes JSON");
    let mut components = Components::new(operation::all());
    for operation in operation::all() {
        let described = &mut document["paths"][operation.route.path][operation::method_key(&operation.route.method)];
        finish(described, operation, &mut components);
    }
    document["openapi"] = json!("3.0.3");
    components.add_to(&mut document["components"]["schemas"]);
    add_errors(&mut document["components"]["schemas"]);
    document["components"]["responses"] = refusals();
    drop_unused(&mut document);
    document
}

/// Serves the document as JSON.
pub fn document_endpoint<Other: OpenApi>() -> impl Endpoint {
    let text = Bytes::from(document::<Other>().to_string());
    make_sync(move |_| Response::builder().content_type("application/json").body(text.clone()))
}

/// An API that is described and not served.
struct Described<A>(PhantomData<A>);

impl<A: OpenApi> OpenApi for Described<A> {
    /// Every path once, with the methods of all APIs: of a path that occurs twice, the document would have the last only.
    fn meta() -> Vec<MetaApi> {
        let mut paths: Vec<MetaPath> = Vec::new();
        for path in A::meta().into_iter().flat_map(|api| api.paths) {
            match paths.iter_mut().find(|known| known.path == path.path) {
                Some(known) => known.operations.extend(path.operations),
                None => paths.push(path),
            }
        }
        vec![MetaApi { paths }]
    }

    fn register(registry: &mut Registry) {
        A::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

/// Adds parameters, body and responses to the operation of poem-openapi.
fn finish(described: &mut Value, operation: &Operation, components: &mut Components) {
    let parameters = parameters(operation, components);
    if !parameters.is_empty() {
        described["parameters"] = Value::Array(parameters);
    }
    if operation.takes_body() {
        let schema = operation.route.arguments.accepted();
        let content = match operation.route.placement {
            Placement::List(name) => json_content(components.express(&schema["properties"][name])),
            Placement::Form(name) | Placement::FormOrBytes(name) => form::content(operation, name, components),
            _ => json_content(components.express(&operation.body_schema(schema))),
        };
        let may_be_left_out = operation.route.placement == Placement::QueryOrBody;
        described["requestBody"] = json!({
            "required": !may_be_left_out && !operation.required().is_empty(),
            "content": content,
        });
    }
    described["responses"] = responses(operation, components);
    if operation.route.is_ours() {
        described["x-recollect"] = Value::Bool(true);
    }
}

fn parameters(operation: &Operation, components: &Components) -> Vec<Value> {
    let properties = operation.route.arguments.accepted()["properties"].as_object().into_iter().flatten();
    let outside_body = properties.filter(|(name, _)| operation.is_in_path(name) || operation.is_in_query(name));
    let required = operation.required();
    let parameter = |(name, schema): (&String, &Value)| {
        let mut schema = components.express(schema);
        let in_path = operation.is_in_path(name);
        let must = in_path || required.contains(&name.as_str()) && !operation.takes_body();
        let mut parameter = json!({ "name": name, "in": if in_path { "path" } else { "query" }, "required": must });
        if let Some(fields) = schema.as_object_mut() {
            // A parameter cannot be null: it is left out.
            fields.remove("nullable");
            if let Some(description) = fields.remove("description") {
                parameter["description"] = description;
            }
            if fields.get("type").is_some_and(|kind| kind == "array") {
                parameter["style"] = json!("form");
                parameter["explode"] = json!(false);
            }
        }
        parameter["schema"] = schema;
        parameter
    };
    outside_body.map(parameter).collect()
}

fn responses(operation: &Operation, components: &mut Components) -> Value {
    let route = operation.route;
    let mut success = json!({ "description": if route.reply.status == 204 { "Done." } else { "Success." } });
    if let Some(schema) = components.reply(operation) {
        success["content"] = json_content(schema);
    }
    if let Some(header) = route.reply.cursor {
        success["headers"] = json!({
            header: {
                "description": "Where the next page begins; left out on the last one.",
                "schema": { "type": "string" },
            },
        });
    }
    let arguments = route.arguments.schema()["properties"].as_object().is_some_and(|properties| !properties.is_empty());
    // Sign-in on a public route has credentials that can be wrong.
    let signs_in = matches!(operation.tool.access, Access::Anonymous);
    let is_closed = route.audience != Audience::Public || signs_in;
    let refusals = [
        ("400", route.arguments.rejects() || operation.takes_body() || route.reply.cursor.is_some()),
        ("401", is_closed),
        ("403", is_closed),
        ("404", route.path.contains('{')),
        ("409", matches!(route.method, Method::POST | Method::PATCH)),
        ("413", operation.takes_body()),
        ("422", arguments),
        ("429", !route.limits.is_empty() || signs_in),
        ("500", true),
        ("503", true),
    ];
    let mut responses = Map::from_iter([(route.reply.status.as_str().to_owned(), success)]);
    for (status, _) in refusals.into_iter().filter(|(_, possible)| *possible) {
        responses.insert(status.to_owned(), json!({ "$ref": format!("#/components/responses/{status}") }));
    }
    Value::Object(responses)
}

/// The error responses that all operations share, by status.
fn refusals() -> Value {
    let refusal = |description: &str, schema: &str| {
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        json!({ "description": description, "content": json_content(schema) })
    };
    let header = |text: &str| json!({ "description": text, "schema": { "type": "string" } });
    let mut refusals = json!({
        "400": refusal("The body cannot be read, or an argument names what does not exist.", "Error"),
        "401": refusal("The credential is missing, or is not one of those that this route takes.", "Error"),
        "403": refusal("The credential does not allow this.", "Forbidden"),
        "404": refusal("It does not exist, or belongs to another user.", "Error"),
        "409": refusal("It conflicts with existing data or an ongoing operation.", "Error"),
        "413": refusal("The request body is too large.", "Error"),
        "422": refusal("The arguments are invalid.", "ValidationError"),
        "429": refusal("Rate limit exceeded.", "Error"),
        "500": refusal("A defect of the server; its log says more.", "Error"),
        "503": refusal("Service temporarily unavailable.", "Error"),
    });
    refusals["401"]["headers"] = json!({ "WWW-Authenticate": header("Always `Bearer`.") });
    refusals["429"]["headers"] = json!({
        "Retry-After": header("Seconds after which to retry."),
        "X-RateLimit-Limit": header("Requests allowed an hour."),
        "X-RateLimit-Remaining": header("Always `0`."),
    });
    let wait = format!("Seconds after which to retry: {DEFAULT_RETRY_AFTER} where nothing better is known.");
    refusals["503"]["headers"] = json!({ "Retry-After": header(&wait) });
    refusals
}

/// The bodies of those responses.
fn add_errors(schemas: &mut Value) {
    let detail = |description: &str, detail: Value| {
        json!({
            "type": "object",
            "description": description,
            "required": ["detail"],
            "properties": { "detail": detail },
        })
    };
    let sentence = json!({ "type": "string", "description": "The reason, in a sentence." });
    let issues = json!({ "type": "array", "items": { "$ref": "#/components/schemas/ValidationIssue" } });
    schemas["Error"] = detail("Why a request was refused.", sentence.clone());
    let leaving = json!({
        "type": "object",
        "description": "The account is being deleted.",
        "required": ["code", "status", "retryable"],
        "properties": {
            "code": { "type": "string", "description": "Always `account_deletion_in_progress`." },
            "status": { "type": "string", "description": "How far that is." },
            "retryable": { "type": "boolean", "description": "Always false." },
        },
    });
    schemas["Forbidden"] = detail("Why this is not allowed.", json!({ "anyOf": [sentence, leaving] }));
    schemas["ValidationError"] = detail("What is wrong with the arguments.", json!({ "anyOf": [issues, sentence] }));
}

fn json_content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// Drops the components that no operation leads to.
fn drop_unused(document: &mut Value) {
    let mut used = BTreeSet::new();
    let mut open = vec![&document["paths"]];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                let reference = fields.get("$ref").and_then(Value::as_str).and_then(|text| text.strip_prefix('#'));
                if let Some(pointer) = reference
                    && used.insert(pointer.to_owned())
                {
                    open.extend(document.pointer(pointer));
                }
                open.extend(fields.values());
            }
            _ => {}
        }
    }
    for kind in ["schemas", "responses"] {
        if let Some(components) = document["components"][kind].as_object_mut() {
            components.retain(|name, _| used.contains(&format!("/components/{kind}/{name}")));
            components.sort_keys();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every object in the document, with the pointer to it.
    fn objects<'a>(value: &'a Value, pointer: String, found: &mut Vec<(String, &'a Map<String, Value>)>) {
        match value {
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| objects(item, format!("{pointer}/{index}"), found))
            }
            Value::Object(fields) => {
                found.push((pointer.clone(), fields));
                fields.iter().for_each(|(key, field)| {
                    objects(field, format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")), found)
                });
            }
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document::<()>();
        let mut found = Vec::new();
        objects(&document, String::new(), &mut found);
        let references = found.iter().filter_map(|(place, fields)| Some((place, fields.get("$ref")?.as_str()?)));
        let references: Vec<_> = references.collect();
        assert!(!references.is_empty());
        for (place, reference) in references {
            assert!(document.pointer(&reference[1..]).is_some(), "{place} refers to {reference}");
        }
    }

    #[test]
    fn every_operation_says_what_it_does_who_may_call_it_and_what_comes_back() {
        let document = document::<()>();
        for Operation { route, .. } in operation::all() {
            let described = &document["paths"][route.path][operation::method_key(&route.method)];
            for text in ["operationId", "summary", "description"] {
                assert!(described[text].as_str().is_some_and(|text| !text.is_empty()), "{} {text}", route.path);
            }
            let expected = usize::from(route.audience != Audience::Public);
            assert_eq!(described["security"].as_array().map_or(0, Vec::len), expected, "{}", route.path);
            assert!(described["responses"][route.reply.status.as_str()].is_object(), "{}", route.path);
        }
    }

    #[test]
    fn nothing_of_later_dialects_is_left() {
        let document = document::<()>();
        let mut found = Vec::new();
        objects(&document["components"], String::new(), &mut found);
        for (place, fields) in found.iter().filter(|(place, _)| !place.ends_with("/properties")) {
            for keyword in ["examples", "const", "$defs", "prefixItems"] {
                assert!(!fields.contains_key(keyword), "{place} has {keyword}");
            }
            assert!(!fields.get("type").is_some_and(Value::is_array), "{place} has several types");
        }
    }
}
