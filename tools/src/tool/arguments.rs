//! The arguments of a tool as a surface takes them: one schema, which everything is read by.

mod bounds;
mod lenient;
mod wire_schema;

use std::sync::OnceLock;

use chrono_tz::Tz;
use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Map, Value, json};

use super::{Error, Issue, Result, SchemaOf, times::parse_times, validation_errors, validator::ArgumentValidator};

/// The arguments of a tool as one surface takes them: the schema of its input type, and what differs from it. Each
/// difference names the field of the input type first.
#[derive(Default)]
pub struct Arguments {
    pub(super) schema: Option<SchemaOf>,
    /// The name that clients use.
    pub(super) renamed: Vec<(&'static str, &'static str)>,
    /// Another name; the field is a path, as `items.content`.
    pub(super) aliases: Vec<(&'static str, &'static str)>,
    /// Another name for a list of plain values, and the member that each of them is.
    pub(super) list_aliases: Vec<(&'static str, &'static str, &'static str)>,
    pub(super) preset: Vec<(&'static str, Value)>,
    /// Keywords of the schema; the field is a path.
    pub(super) narrowed: Vec<(&'static str, Value)>,
    pub(super) required: Vec<&'static str>,
    pub(super) unknown: Vec<(&'static str, UnknownValue)>,
    /// Names that clients of the Omi API use and that are refused here, each with the sentence.
    pub(super) unsupported: Vec<(&'static str, &'static str)>,
    /// Whether `limit` and `offset`, whatever clients call them, are moved inside their bounds.
    pub(super) clamped: bool,
    /// Whether values of other types may come as JSON text, as models and their clients write them.
    reads_json_text: bool,
    compiled: OnceLock<Compiled>,
}

/// What happens to a text that is not one of an enum's values; `{}` in the sentence is replaced by it.
#[derive(Clone, Copy)]
pub(crate) enum UnknownValue {
    /// It counts as not given.
    Ignored,
    /// 400 with this sentence.
    Rejected(&'static str),
    /// 422 with this sentence, in place of a list of issues.
    Invalid(&'static str),
}

struct Compiled {
    schema: Map<String, Value>,
    accepted: Map<String, Value>,
    validator: ArgumentValidator,
}

impl Arguments {
    /// The arguments just as the input type has them.
    pub(crate) fn of(schema: SchemaOf) -> Self {
        Self { schema: Some(schema), ..Self::default() }
    }

    /// The same from MCP clients and the chat model, which write JSON in texts.
    pub(crate) fn for_assistants(schema: SchemaOf) -> Self {
        Self { reads_json_text: true, ..Self::of(schema) }
    }

    /// The JSON schema of the arguments as clients of this surface name them: an object, without references.
    pub fn schema(&self) -> &Map<String, Value> {
        &self.compiled().schema
    }

    /// The same, without the bounds that this surface does not enforce.
    pub fn accepted(&self) -> &Map<String, Value> {
        &self.compiled().accepted
    }

    /// The schema of the input type, named for components; `None` where this surface differs from it.
    pub fn plain(&self) -> Option<SchemaOf> {
        let differs = !self.renamed.is_empty() || !self.preset.is_empty() || !self.narrowed.is_empty();
        let differs = differs || !self.required.is_empty() || self.clamped;
        let differs = differs || self.unknown.iter().any(|(_, value)| matches!(value, UnknownValue::Ignored));
        self.schema.filter(|_| !differs)
    }

    /// Whether an argument may be given under this name.
    pub fn takes(&self, name: &str) -> bool {
        properties(self.schema()).contains_key(name)
            || self.is_unsupported(name)
            || self.list_aliases.iter().any(|(_, other, _)| *other == name)
            || self.canonical(name) != name
    }

    /// Whether an argument of this name is refused.
    pub fn is_unsupported(&self, name: &str) -> bool {
        self.unsupported.iter().any(|(unsupported, _)| *unsupported == name)
    }

    /// The first name of the argument that clients may also call `name`.
    pub fn canonical<'a>(&self, name: &'a str) -> &'a str {
        let alias = self.aliases.iter().find(|(path, other)| *other == name && !path.contains('.'));
        alias.map_or(name, |&(field, _)| self.wire_name(field))
    }

    /// Whether an unknown value of an enum, or an unsupported argument, is answered with 400.
    pub fn rejects(&self) -> bool {
        let is_rejected = |(_, value): &(_, UnknownValue)| matches!(value, UnknownValue::Rejected(_));
        !self.unsupported.is_empty() || self.unknown.iter().any(is_rejected)
    }

    /// The name that clients use of a field.
    pub fn wire_name<'a>(&self, field: &'a str) -> &'a str {
        self.renamed.iter().find(|(renamed, _)| *renamed == field).map_or(field, |&(_, wire)| wire)
    }

    /// The doc comment of the input type.
    pub(crate) fn description(&self) -> String {
        self.schema()["description"].as_str().unwrap_or_default().to_owned()
    }

    /// Validates what a client sent and makes the tool's input of it. Days without a time are days in `zone`.
    pub(crate) fn read(&self, mut given: Map<String, Value>, zone: Tz) -> Result<Value> {
        let compiled = self.compiled();
        if let Some((_, sentence)) = self.unsupported.iter().find(|(name, _)| given.contains_key(*name)) {
            return Err(Error::Rejected((*sentence).to_owned()));
        }
        self.parse_json_text(&mut given);
        self.resolve_aliases(&mut given);
        self.resolve_list_aliases(&mut given);
        if self.reads_json_text {
            lenient::drop_nulls(&compiled.schema, &mut given);
        }
        let properties = properties(&compiled.schema);
        let mut wrong = Vec::new();
        for (name, schema) in properties {
            let enter = |value: &mut Value| self.adjust(name, schema, value, zone);
            match given.get_mut(name).map(enter) {
                Some(Adjusted::Absent) => drop(given.remove(name)),
                Some(Adjusted::Wrong(issue)) => wrong.push(*issue),
                Some(Adjusted::Kept) | None => {}
            }
            if !given.contains_key(name)
                && let Some(default) = self.default_of(name)
            {
                given.insert(name.clone(), default.clone());
            }
        }
        let given = Value::Object(given);
        wrong.extend(compiled.validator.find(&compiled.schema, &given).issues);
        if !wrong.is_empty() {
            return Err(self.refuse(wrong));
        }
        Ok(self.to_input(given))
    }

    /// Parses lists, objects, numbers and booleans that came as JSON text, where this surface takes them.
    pub(crate) fn parse_json_text(&self, given: &mut Map<String, Value>) {
        if self.reads_json_text {
            let known = properties(self.schema());
            lenient::parse_json_text(given, |name| known.get(self.canonical(name)));
        }
    }

    fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| {
            let schema = inline(self.schema.expect("every contract is made with a schema"));
            let mut schema = self.with_wire_names(schema);
            bounds::bound_ids(&mut schema);
            let validator = ArgumentValidator::new(&schema);
            let Value::Object(schema) = schema else { unreachable!("an input type is a struct") };
            Compiled { accepted: self.relax(schema.clone()), schema, validator }
        })
    }

    /// Whether an unknown value of the argument that clients call `name` counts as not given.
    fn ignores_unknown(&self, name: &str) -> bool {
        let ignored = self.unknown.iter().filter(|(_, value)| matches!(value, UnknownValue::Ignored));
        ignored.map(|(field, _)| self.wire_name(field)).any(|wire| wire == name)
    }

    fn is_clamped(&self, name: &str) -> bool {
        self.clamped && ["limit", "offset"].map(|field| self.wire_name(field)).contains(&name)
    }

    /// Gives arguments that came under an alias their first name, which wins where both are given.
    fn resolve_aliases(&self, given: &mut Map<String, Value>) {
        let rename = |object: &mut Map<String, Value>, other: &str, name: &str| {
            if let Some(value) = object.remove(other) {
                object.entry(name).or_insert(value);
            }
        };
        for (path, other) in &self.aliases {
            match path.split_once('.') {
                None => rename(given, other, self.wire_name(path)),
                Some((list, name)) => {
                    let items = given.get_mut(self.wire_name(list)).and_then(Value::as_array_mut);
                    let objects = items.into_iter().flatten().filter_map(Value::as_object_mut);
                    objects.for_each(|object| rename(object, other, name));
                }
            }
        }
    }

    /// Makes objects of lists of plain values that came under an alias.
    fn resolve_list_aliases(&self, given: &mut Map<String, Value>) {
        for (field, other, member) in &self.list_aliases {
            if let Some(Value::Array(items)) = given.remove(*other) {
                let wrap = |item| json!({ *member: item });
                given.entry(self.wire_name(field)).or_insert_with(|| items.into_iter().map(wrap).collect());
            }
        }
    }

    /// Brings one given value into the form that its schema describes, where there is no doubt what was meant.
    fn adjust(&self, name: &str, schema: &Value, value: &mut Value, zone: Tz) -> Adjusted {
        let may_be_unknown = (value.is_string() || value.is_null()) && self.ignores_unknown(name);
        if may_be_unknown && !validation_errors::choices(schema).is_some_and(|choices| choices.contains(value)) {
            return Adjusted::Absent;
        }
        if self.is_clamped(name) {
            clamp(schema, value);
        }
        if lenient::is_too_long(schema, value) {
            return Adjusted::Kept;
        }
        match parse_times(schema, value, &mut vec![json!(name)], zone) {
            Some(issue) => Adjusted::Wrong(Box::new(issue)),
            None => Adjusted::Kept,
        }
    }

    /// The default that this surface gives to an argument, where it has one of its own.
    fn default_of(&self, name: &str) -> Option<&Value> {
        self.own_default(self.renamed.iter().find(|(_, wire)| *wire == name).map_or(name, |(field, _)| field))
    }

    fn own_default(&self, field: &str) -> Option<&Value> {
        self.narrowed.iter().filter(|(path, _)| *path == field).find_map(|(_, keywords)| keywords.get("default"))
    }

    fn refuse(&self, wrong: Vec<Issue>) -> Error {
        let sentence = wrong.iter().filter(|issue| issue.kind == "enum").find_map(|issue| {
            let (_, value) = self.unknown.iter().find(|(field, _)| issue.loc[0] == self.wire_name(field))?;
            let fill = |sentence: &str| sentence.replace("{}", issue.input.as_str().unwrap_or_default());
            match value {
                UnknownValue::Ignored => None,
                UnknownValue::Rejected(sentence) => Some(Error::Rejected(fill(sentence))),
                UnknownValue::Invalid(sentence) => Some(Error::Invalid(fill(sentence))),
            }
        });
        sentence.unwrap_or(Error::Arguments(wrong))
    }

    /// Makes the tool's input of arguments with the names of this surface.
    fn to_input(&self, given: Value) -> Value {
        let Value::Object(mut input) = given else { return given };
        for (field, wire) in &self.renamed {
            if let Some(value) = input.remove(*wire) {
                input.insert((*field).to_owned(), value);
            }
        }
        for (field, value) in &self.preset {
            input.insert((*field).to_owned(), value.clone());
        }
        Value::Object(input)
    }
}

enum Adjusted {
    Kept,
    Absent,
    Wrong(Box<Issue>),
}

fn properties(schema: &Map<String, Value>) -> &Map<String, Value> {
    schema["properties"].as_object().expect("an arguments schema has properties")
}

/// The schema without references, and without the widths of Rust's numbers, which tell a client nothing.
pub(crate) fn inline(schema: SchemaOf) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = schema(&mut settings.into_generator());
    let drop_width = |schema: &mut Schema| {
        if schema.get("format").and_then(Value::as_str).is_some_and(|format| format != "date-time") {
            schema.remove("format");
        }
    };
    schemars::transform::Transform::transform(&mut RecursiveTransform(drop_width), &mut schema);
    schema.to_value()
}

fn clamp(schema: &Value, value: &mut Value) {
    let Some(number) = value.as_i64() else { return };
    let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
    let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
    *value = number.clamp(least, most).into();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields that only routes set: they are not in the schema.
    const HIDDEN: &[&str] = &["when_empty"];

    /// Whether a path such as `items.content` leads to a field.
    fn exists(schema: &Map<String, Value>, path: &str) -> bool {
        let root = Value::Object(schema.clone());
        let field = path.split('.').try_fold(&root, |at, name| {
            let object = at.get("items").unwrap_or(at);
            object["properties"].get(name)
        });
        field.is_some()
    }

    #[test]
    fn every_difference_names_a_field_of_the_input_type() {
        for tool in crate::all() {
            for route in &tool.routes {
                let Arguments { renamed, aliases, list_aliases, preset, narrowed, required, unknown, .. } =
                    &route.arguments;
                let pairs = renamed.iter().chain(aliases).map(|(field, _)| *field);
                let lists = list_aliases.iter().map(|(field, ..)| *field);
                let values = preset.iter().chain(narrowed).map(|(field, _)| *field);
                let enums = unknown.iter().map(|(field, _)| *field);
                for field in pairs.chain(lists).chain(values).chain(enums).chain(required.iter().copied()) {
                    let is_known = HIDDEN.contains(&field) || exists(tool.arguments.schema(), field);
                    assert!(is_known, "{} {}: {field}", route.method, route.path);
                }
            }
        }
    }
}
