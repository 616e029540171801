//! JSON arguments: what the schema accepts is deserialized, and what it refuses has an issue with a place.
#![no_main]

use std::sync::LazyLock;

use jsonschema::Validator;
use libfuzzer_sys::fuzz_target;
use schemars::{JsonSchema, generate::SchemaSettings};
use schemas::{
    action_item::SearchActionItems,
    conversation::{CreateConversation, CreateConversationFromSegments},
    memory::{GetMemories, SearchMemories},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

#[allow(dead_code, reason = "the server uses all of it")]
#[path = "../../../tools/src/tool/validation_errors.rs"]
mod validation_errors;

/// Stands in for the type of the server.
#[allow(dead_code, reason = "the server uses all of it")]
struct Issue {
    kind: &'static str,
    loc: Vec<Value>,
    msg: String,
    input: Value,
    ctx: Option<Value>,
}

struct Input {
    validator: Validator,
    deserialize: fn(Value) -> Result<(), serde_json::Error>,
}

fn input<T: JsonSchema + DeserializeOwned>() -> Input {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    let validator = jsonschema::validator_for(&schema).expect("schemars writes valid schemas");
    Input { validator, deserialize: |value| serde_json::from_value::<T>(value).map(drop) }
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
    for Input { validator, deserialize } in &*INPUTS {
        let issues = validation_errors::find(validator, &given);
        assert_eq!(issues.is_empty(), validator.is_valid(&given));
        assert!(issues.iter().all(|issue| !issue.msg.is_empty() && !issue.kind.is_empty()));
        // Formats are the affair of the types.
        let _ = deserialize(given.clone());
    }
});
