//! Validation of arguments in time linear in their size, with a bounded number of issues.

use std::{collections::HashSet, sync::OnceLock};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::{Issue, validation_errors::describe};

/// How many issues one answer reports.
pub(crate) const MAX_ISSUES: usize = 100;

/// Validates values against one schema.
pub(crate) struct ArgumentValidator {
    whole: Validator,
    /// The schema in pieces, which is only needed to find out what is wrong.
    pieces: OnceLock<Piece>,
}

/// What is wrong with a value.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// At most [`MAX_ISSUES`], one for each place.
    pub(crate) issues: Vec<Issue>,
    /// How many values were looked at to find them.
    pub(crate) visited: usize,
    places: HashSet<String>,
}

impl ArgumentValidator {
    /// Validates against `schema`, which has no references.
    pub(crate) fn new(schema: &Value) -> Self {
        let whole = jsonschema::validator_for(schema).expect("schemars writes valid schemas");
        Self { whole, pieces: OnceLock::new() }
    }

    /// Everything that is wrong with `given`, by the `schema` that the validator was made with.
    pub(crate) fn find(&self, schema: &Map<String, Value>, given: &Value) -> Findings {
        let mut findings = Findings::default();
        if !self.whole.is_valid(given) {
            let pieces = self.pieces.get_or_init(|| Piece::new(&Value::Object(schema.clone())));
            pieces.collect(given, &mut Vec::new(), &mut findings);
            tracing::debug!(issues = findings.issues.len(), visited = findings.visited, "invalid arguments");
        }
        findings
    }
}

impl Findings {
    fn is_full(&self) -> bool {
        self.issues.len() >= MAX_ISSUES
    }

    fn add(&mut self, issue: Issue) {
        if !self.is_full() && self.places.insert(json!(issue.loc).to_string()) {
            self.issues.push(issue);
        }
    }
}

/// One level of a schema. A validator of the whole collects the errors of every item before it returns the first one.
struct Piece {
    /// What the schema says of the value itself: its type, its length, the names that it requires.
    own: Validator,
    is_nullable: bool,
    members: Vec<(String, Piece)>,
    items: Option<Box<Piece>>,
}

impl Piece {
    fn new(schema: &Value) -> Self {
        let optional = optional_form(schema);
        let schema = optional.unwrap_or(schema);
        let (mut own, mut members, mut items) = (schema.clone(), Vec::new(), None);
        // `additionalProperties` is about the names beside `properties`: they stay together.
        if schema.get("additionalProperties").is_none()
            && let Some(keywords) = own.as_object_mut()
        {
            if let Some(Value::Object(properties)) = keywords.remove("properties") {
                members = properties.into_iter().map(|(name, schema)| (name, Self::new(&schema))).collect();
            }
            items = keywords.remove("items").map(|schema| Box::new(Self::new(&schema)));
        }
        let own = jsonschema::validator_for(&own).expect("a part of a valid schema");
        Self { own, is_nullable: optional.is_some(), members, items }
    }

    /// Adds what is wrong with a value at `place`. A list that is too long is not gone through.
    fn collect(&self, value: &Value, place: &mut Vec<Value>, findings: &mut Findings) {
        if findings.is_full() || self.is_nullable && value.is_null() {
            return;
        }
        findings.visited += 1;
        let is_valid = self.own.is_valid(value);
        match (value, &self.items) {
            (Value::Object(fields), _) => {
                let given = self.members.iter().filter_map(|(name, piece)| Some((name, piece, fields.get(name)?)));
                for (name, piece, value) in given {
                    piece.collect_at(json!(name), value, place, findings);
                }
            }
            (Value::Array(items), Some(piece)) if is_valid => {
                for (index, item) in items.iter().enumerate() {
                    if findings.is_full() {
                        return;
                    }
                    piece.collect_at(json!(index), item, place, findings);
                }
            }
            _ => {}
        }
        if !is_valid {
            self.own.iter_errors(value).for_each(|error| findings.add(describe(&error, place)));
        }
    }

    fn collect_at(&self, at: Value, value: &Value, place: &mut Vec<Value>, findings: &mut Findings) {
        place.push(at);
        self.collect(value, place, findings);
        place.pop();
    }
}

/// The form of a value that may also be null: of `anyOf` with two schemas, the one that is not null.
fn optional_form(schema: &Value) -> Option<&Value> {
    let forms = schema["anyOf"].as_array().filter(|forms| forms.len() == 2)?;
    let is_null = |form: &&Value| form["type"] == "null";
    forms.iter().find(is_null)?;
    forms.iter().find(|form| !is_null(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(schema: &Value, given: &Value) -> Findings {
        ArgumentValidator::new(schema).find(schema.as_object().unwrap(), given)
    }

    #[test]
    fn issues_have_their_places_in_the_order_of_the_fields() {
        let schema = json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "maxLength": 3 },
                "rows": {
                    "anyOf": [
                        {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "properties": { "n": { "type": "integer", "minimum": 1 } },
                                "required": ["n"],
                            },
                        },
                        { "type": "null" },
                    ],
                },
            },
            "required": ["name", "other"],
        });
        let given = json!({ "name": "long", "rows": [{ "n": 1 }, { "n": 0 }, {}, 5] });
        let found = find(&schema, &given).issues;
        let found: Vec<_> = found.into_iter().map(|issue| (issue.kind, json!(issue.loc))).collect();
        let expected = [
            ("string_too_long", json!(["name"])),
            ("greater_than_equal", json!(["rows", 1, "n"])),
            ("missing", json!(["rows", 2, "n"])),
            ("model_attributes_type", json!(["rows", 3])),
            ("missing", json!(["other"])),
        ];
        assert_eq!(found, expected);
        assert!(find(&schema, &json!({ "name": "x", "other": 1, "rows": null })).issues.is_empty());
    }

    #[test]
    fn twice_the_size_is_at_most_twice_the_work() {
        let unbounded =
            json!({ "type": "object", "properties": { "n": { "type": "array", "items": { "type": "integer" } } } });
        let mut bounded = unbounded.clone();
        bounded["properties"]["n"]["maxItems"] = json!(50);
        for count in [4_000_usize, 8_000] {
            let wrong = find(&unbounded, &json!({ "n": vec!["x"; count] }));
            assert_eq!((wrong.issues.len(), wrong.visited), (MAX_ISSUES, MAX_ISSUES + 2), "{count}");
            let mut values = vec![json!(1); count];
            values.push(json!("x"));
            let last = find(&unbounded, &json!({ "n": values }));
            assert_eq!((last.issues.len(), last.visited), (1, count + 3), "{count}");
            let too_long = find(&bounded, &json!({ "n": vec!["x"; count] }));
            assert_eq!((too_long.issues.len(), too_long.visited), (1, 2), "{count}");
            assert_eq!(too_long.issues[0].kind, "too_long");
        }
    }

    #[test]
    fn every_list_of_every_tool_is_refused_with_bounded_work() {
        let contracts = crate::all().iter().flat_map(|tool| {
            let routes = tool.routes.iter().map(|route| &route.arguments);
            std::iter::once(&tool.arguments).chain(routes)
        });
        for contract in contracts {
            let schema = contract.schema();
            let validator = ArgumentValidator::new(&Value::Object(schema.clone()));
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                let property = optional_form(property).unwrap_or(property);
                if property.get("items").is_none_or(|items| items == &json!(true)) {
                    continue;
                }
                let find = |count: usize| {
                    let given = Map::from_iter([(name.clone(), json!(vec![json!([0]); count]))]);
                    validator.find(schema, &Value::Object(given))
                };
                let (once, twice) = (find(2_000), find(4_000));
                assert!(once.issues.len() <= MAX_ISSUES, "{name}");
                assert_eq!((once.issues.len(), once.visited), (twice.issues.len(), twice.visited), "{name}");
            }
        }
    }
}
