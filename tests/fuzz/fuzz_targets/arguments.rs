//! JSON arguments: what the schema accepts is deserialized, and what it refuses has an issue with a place.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use schemars::{JsonSchema, generate::SchemaSettings};
use schemas::{
    action_item::SearchActionItems,
    conversation::{CreateConversation, CreateConversationFromSegments},
    memory::{GetMemories, SearchMemories},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use validator::{ArgumentValidator, MAX_ISSUES};

#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../../tools/src/tool/validation_errors.rs"]
mod validation_errors;

#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../../tools/src/tool/validator.rs"]
mod validator;

/// Stands in for the type of the server.
#[allow(dead_code, reason = "the server uses all of it")]
#[derive(Debug)]
struct Issue {
    kind: &'static str,
    loc: Vec<Value>,
    msg: String,
    input: Value,
    ctx: Option<Value>,
}

impl Issue {
    fn new(kind: &'static str, loc: Vec<Value>, msg: String, input: &Value, ctx: Option<Value>) -> Self {
        Self { kind, loc, msg, input: input.clone(), ctx }
    }
}

struct Input {
    schema: Map<String, Value>,
    validator: ArgumentValidator,
    deserialize: fn(Value) -> Result<(), serde_json::Error>,
}

fn input<T: JsonSchema + DeserializeOwned>() -> Input {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let Value::Object(schema) = settings.into_generator().into_root_schema_for::<T>().to_value() else {
        unreachable!("an input type is a struct")
    };
    let validator = ArgumentValidator::new(&Value::Object(schema.clone()));
    Input { schema, validator, deserialize: |value| serde_json::from_value::<T>(value).map(drop) }
}

static INPUTS: LazyLock<[Input; 5]> = LazyLock::new(|| {
    [
        input::<CreateConversation>(),
        input::<CreateConversationFromSegments>(),
        input::<GetMemories>(),
        input::<SearchMemories>(),
        input::<SearchActionItems>(),
    ]
});

fuzz_target!(|body: &[u8]| {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(body) else { return };
    let given = Value::Object(given);
    for Input { schema, validator, deserialize } in &*INPUTS {
        let issues = validator.find(schema, &given).issues;
        assert!(issues.len() <= MAX_ISSUES);
        assert!(issues.iter().all(|issue| !issue.msg.is_empty() && !issue.kind.is_empty()));
        // Formats are the affair of the types.
        let _ = deserialize(given.clone());
    }
});
