//! The schema of the arguments as one surface names and bounds them.

use serde_json::{Map, Value, json};

use super::{Arguments, validation_errors};

impl Arguments {
    /// Lays the differences of this surface over the schema of the input type.
    pub(super) fn with_wire_names(&self, mut schema: Value) -> Value {
        for (path, keywords) in &self.narrowed {
            let target = path.split('.').fold(&mut schema, |at, name| {
                let object = if at.get("items").is_some() { &mut at["items"] } else { at };
                &mut object["properties"][name]
            });
            for (keyword, value) in keywords.as_object().into_iter().flatten() {
                target[keyword] = value.clone();
            }
        }
        let wire_name = |field: &str| self.wire_name(field).to_owned();
        let is_preset = |field: &str| self.preset.iter().any(|(name, _)| *name == field);
        if let Value::Object(properties) = schema["properties"].take() {
            let open = properties.into_iter().filter(|(field, _)| !is_preset(field));
            schema["properties"] = open.map(|(field, schema)| (wire_name(&field), schema)).collect();
        } else {
            schema["properties"] = json!({});
        }
        for field in &self.required {
            // What is optional is of one kind or null; OpenAPI 3.0 knows no lists of kinds.
            if let Some(kind) = schema["properties"][wire_name(field)].get_mut("type")
                && let Some(kinds) = kind.as_array()
            {
                *kind = kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or_default();
            }
        }
        let native = schema.get_mut("required").map(Value::take).unwrap_or_default();
        let native = native.as_array().into_iter().flatten().filter_map(Value::as_str);
        let required = native.chain(self.required.iter().copied());
        let required = required.filter(|field| !is_preset(field) && self.own_default(field).is_none());
        schema["required"] = required.map(wire_name).collect();
        schema
    }

    /// Puts a sentence in the place of bounds that this surface does not enforce.
    pub(super) fn relax(&self, mut schema: Map<String, Value>) -> Map<String, Value> {
        for (name, argument) in schema["properties"].as_object_mut().into_iter().flatten() {
            let sentence = if self.is_clamped(name) {
                let bound = |keyword| argument[keyword].as_i64().map_or("…".to_owned(), |bound| bound.to_string());
                format!("A number outside {} to {} counts as the nearest of them.", bound("minimum"), bound("maximum"))
            } else if let Some(choices) = validation_errors::choices(argument).filter(|_| self.ignores_unknown(name)) {
                let choices: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
                format!("One of {}; anything else counts as not given.", choices.join(", "))
            } else {
                continue;
            };
            let Some(keywords) = argument.as_object_mut() else { continue };
            let bounds = ["minimum", "maximum", "enum", "anyOf"];
            if bounds[2..].iter().filter_map(|keyword| keywords.remove(*keyword)).count() > 0 {
                keywords.insert("type".to_owned(), json!(["string", "null"]));
            }
            bounds[..2].iter().for_each(|keyword| drop(keywords.remove(*keyword)));
            let described = keywords.get("description").and_then(Value::as_str).unwrap_or_default();
            keywords.insert("description".to_owned(), json!(format!("{described} {sentence}").trim_start()));
        }
        schema
    }
}
