//! The named schemas of the document, in the dialect of OpenAPI 3.0.
//!
//! The tools' types are written by schemars. Where a route's arguments or response differ, that shape becomes a
//! component of its own, named after its audience.

use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Map, Value, json};
use tools::{Issue, Shape};

use crate::operation::Operation;

const PATH: &str = "#/components/schemas/";

/// The components of a document.
pub(crate) struct Components {
    schemas: Map<String, Value>,
    /// The request bodies of routes, with their names.
    bodies: Vec<(String, Value)>,
}

impl Components {
    /// The types of all results and request bodies.
    pub(crate) fn new(operations: &[Operation]) -> Self {
        let mut inputs = settings().for_deserialize().into_generator();
        let mut outputs = settings().for_serialize().into_generator();
        outputs.subschema_for::<Issue>();
        for operation in operations {
            (operation.tool.output)(&mut outputs);
            operation.tool.arguments.plain().map(|input| input(&mut inputs));
        }
        let enums = inputs.take_definitions(true).into_iter().filter(|(_, schema)| schema.get("enum").is_some());
        let schemas = outputs.take_definitions(true).into_iter().chain(enums).collect();
        let mut components = Self { schemas, bodies: Vec::new() };
        for operation in operations.iter().filter(|operation| operation.takes_body()) {
            let input = operation.tool.arguments.plain().expect("a tool's own arguments are its input type");
            components.name_body(operation, type_name(&input(&mut inputs).to_value()).unwrap_or("Body"));
        }
        let linked = |(name, schema): &(String, Value)| (name.clone(), translate(components.link_within(schema)));
        let bodies: Vec<_> = components.bodies.iter().map(linked).collect();
        components.schemas.extend(bodies);
        components
    }

    /// Adds the schemas to those of the document.
    pub(crate) fn add_to(self, document: &mut Value) {
        document.as_object_mut().expect("poem-openapi writes an object").extend(self.schemas);
    }

    /// The schema of an argument, with references to named schemas.
    pub(crate) fn express(&self, schema: &Value) -> Value {
        translate(self.link(schema))
    }

    /// The schema of a response; `None` is an empty one.
    pub(crate) fn reply(&mut self, operation: &Operation) -> Option<Value> {
        let reply = &operation.route.reply;
        let mut generator = settings().for_serialize().into_generator();
        let result = (operation.tool.output)(&mut generator).to_value();
        let sent = self.cut(operation, &result);
        let shaped = match &reply.shape {
            Shape::Empty => return None,
            Shape::Constant(value) => return Some(schema_of(value)),
            Shape::Whole => sent,
            Shape::Field(field) => self.resolve(&sent)["properties"][field].clone(),
            Shape::Envelope(field, wire, constants) => envelope(self.resolve(&sent), field, wire, constants),
        };
        let mut shaped = if reply.within.is_none() { self.narrow(operation, &shaped) } else { shaped };
        if let Some(field) = reply.beside {
            let (resolved, field_schema) = (self.resolve(&shaped), &self.resolve(&result)["properties"][field]);
            let mut all: Map<String, Value> =
                properties(resolved).map(|(name, schema)| (name.to_owned(), schema.clone())).collect();
            all.insert(field.to_owned(), field_schema.clone());
            shaped = object(resolved, all);
        }
        let is_object = shaped.get("properties").is_some();
        Some(if is_object { self.add(operation, &result, shaped) } else { shaped })
    }

    /// A body that is the input type itself has its name; one that differs has the audience before it.
    fn name_body(&mut self, operation: &Operation, input_type: &str) {
        let schema = operation.body_schema(operation.route.arguments.accepted());
        if self.bodies.iter().any(|(_, known)| *known == schema) {
            return;
        }
        let is_plain = schema == operation.body_schema(operation.tool.arguments.schema());
        let prefix = if is_plain { "" } else { operation.audience().component };
        let is_free = |name: &String| !self.schemas.contains_key(name) && self.bodies.iter().all(|(n, _)| n != name);
        let name = names(&format!("{prefix}{input_type}")).find(is_free).expect("one of endlessly many is free");
        self.bodies.push((name, schema));
    }

    /// Puts references in place of the enums and the bodies that have a name.
    fn link(&self, schema: &Value) -> Value {
        if let Some((name, _)) = self.bodies.iter().find(|(_, body)| body == schema) {
            return reference(name);
        }
        let named = self.schemas.iter().find(|(_, known)| choices(known).is_some_and(|c| choices(schema) == Some(c)));
        match named {
            Some((name, known)) => link_enum(schema, name, known),
            None => self.link_within(schema),
        }
    }

    fn link_within(&self, schema: &Value) -> Value {
        match schema {
            Value::Array(parts) => parts.iter().map(|part| self.link(part)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, part)| (key.clone(), self.link(part))).collect(),
            plain => plain.clone(),
        }
    }

    /// The result without the fields that the route leaves out of it.
    fn cut(&mut self, operation: &Operation, result: &Value) -> Value {
        let reply = &operation.route.reply;
        if reply.within.is_none() && reply.omit.is_none() {
            return result.clone();
        }
        let mut sent = self.resolve(result).clone();
        if let Some(field) = reply.within {
            sent["properties"][field] = self.narrow(operation, &sent["properties"][field]);
        }
        let properties = properties(&sent).filter(|(name, _)| Some(name.as_str()) != reply.omit).collect();
        object(&sent, properties)
    }

    /// The schema with only the fields that the route's reply keeps, also of the objects in a list.
    fn narrow(&mut self, operation: &Operation, schema: &Value) -> Value {
        let only = operation.route.reply.only;
        if only.is_empty() {
            return schema.clone();
        }
        if schema.get("items").is_some() {
            let mut list = schema.clone();
            list["items"] = self.narrow(operation, &schema["items"]);
            return list;
        }
        let whole = self.resolve(schema);
        let kept = only.iter().filter_map(|name| Some(((*name).to_owned(), whole["properties"].get(name)?.clone())));
        let narrowed = object(whole, kept.collect());
        let narrowed = if type_name(schema).is_some() { self.add(operation, schema, narrowed) } else { narrowed };
        if schema["nullable"] == true { json!({ "nullable": true, "allOf": [narrowed] }) } else { narrowed }
    }

    /// Names a schema that only this operation's audience sees, after the type it was made from.
    fn add(&mut self, operation: &Operation, made_from: &Value, schema: Value) -> Value {
        let name = format!("{}{}", operation.audience().component, type_name(made_from).unwrap_or("Result"));
        let is_fit = |name: &String| self.schemas.get(name).is_none_or(|known| *known == schema);
        let name = names(&name).find(is_fit).expect("one of endlessly many is free");
        let link = reference(&name);
        self.schemas.insert(name, schema);
        link
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        type_name(schema).map_or(schema, |name| &self.schemas[name])
    }
}

/// The name of the type that a schema refers to.
pub(crate) fn type_name(schema: &Value) -> Option<&str> {
    let link = schema.get("$ref").or_else(|| schema["allOf"].get(0)?.get("$ref"));
    link?.as_str()?.strip_prefix(PATH)
}

/// Turns a schema of JSON Schema 2020-12 into one of OpenAPI 3.0.
fn translate(schema: Value) -> Value {
    let mut schema = Schema::try_from(schema).expect("a schema with references is a schema");
    settings().transforms.iter_mut().for_each(|transform| transform.transform(&mut schema));
    schema.to_value()
}

fn settings() -> SchemaSettings {
    let mut settings = SchemaSettings::openapi3();
    settings.meta_schema = None;
    settings.transforms.insert(0, Box::new(RecursiveTransform(tidy as fn(&mut Schema))));
    settings
}

/// Writes nullable values as OpenAPI 3.0 does, and drops what is of no use to clients: the widths of Rust's numbers, null
/// defaults, empty lists of required fields.
fn tidy(schema: &mut Schema) {
    if schema.get("format").is_some_and(|format| format != "date-time") {
        schema.remove("format");
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if schema.get("required") == Some(&json!([])) {
        schema.remove("required");
    }
    let Some([form, null]) = schema.get("anyOf").and_then(Value::as_array).map(Vec::as_slice) else {
        return;
    };
    if null["type"] == "null" {
        let form = form.clone();
        schema.remove("anyOf");
        schema.insert("nullable".into(), json!(true));
        schema.insert("allOf".into(), json!([form]));
    }
}

/// The values of an enum, without the null that makes it optional.
fn choices(schema: &Value) -> Option<Vec<&Value>> {
    Some(schema.get("enum")?.as_array()?.iter().filter(|choice| !choice.is_null()).collect())
}

/// A reference to the enum `known`, with the keywords that differ.
fn link_enum(schema: &Value, name: &str, known: &Value) -> Value {
    let fields = schema.as_object().into_iter().flatten();
    let own = fields.filter(|(key, value)| !matches!(key.as_str(), "type" | "enum") && known.get(key) != Some(value));
    let mut linked: Map<String, Value> = own.map(|(key, value)| (key.clone(), value.clone())).collect();
    if schema["enum"].as_array().is_some_and(|choices| choices.contains(&Value::Null)) {
        linked.insert("anyOf".into(), json!([reference(name), { "type": "null" }]));
    } else {
        linked.insert("$ref".into(), json!(format!("{PATH}{name}")));
    }
    Value::Object(linked)
}

/// The object with its list under another name and first, and with constants last.
fn envelope(whole: &Value, field: &str, wire: &str, constants: &Value) -> Value {
    let constants = schema_of(constants);
    let list = [(wire.to_owned(), whole["properties"][field].clone())];
    let others = properties(whole).filter(|(name, _)| name != field);
    let mut enveloped = object(whole, list.into_iter().chain(others).chain(properties(&constants)).collect());
    let always = [json!(wire)].into_iter().chain(properties(&constants).map(|(name, _)| json!(name)));
    let mut required: Vec<Value> = always.collect();
    for name in enveloped["required"].as_array().into_iter().flatten() {
        if !required.contains(name) {
            required.push(name.clone());
        }
    }
    enveloped["required"] = required.into();
    enveloped
}

/// An object described like `whole` that has these properties; those that `whole` requires, it requires.
fn object(whole: &Value, properties: Map<String, Value>) -> Value {
    let required = whole["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<&str> = required.filter(|name| properties.contains_key(*name)).collect();
    let mut schema = json!({ "type": "object" });
    if let Some(description) = whole.get("description") {
        schema["description"] = description.clone();
    }
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema["properties"] = Value::Object(properties);
    schema
}

fn properties(schema: &Value) -> impl Iterator<Item = (String, Value)> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties.map(|(name, schema)| (name.clone(), schema.clone()))
}

/// The schema of a constant, with the constant as its example.
fn schema_of(value: &Value) -> Value {
    let schema = settings().into_generator().into_root_schema_for_value(value);
    schema.expect("a JSON value can be written").to_value()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PATH}{name}") })
}

/// The name itself, then the name with 2, 3, 4 … after it.
fn names(name: &str) -> impl Iterator<Item = String> {
    let counted = (2..).map(move |count| format!("{name}{count}"));
    [name.to_owned()].into_iter().chain(counted)
}
