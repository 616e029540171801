//! Values between Rust and the database.

use serde::{Serialize, de::DeserializeOwned};
use surrealdb::types::{Kind, SurrealValue, Value};

/// A value that the database keeps as one object and never looks into: nested parts of a row, in the shape that they have
/// on the wire.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize + DeserializeOwned> SurrealValue for Json<T> {
    fn kind_of() -> Kind {
        serde_json::Value::kind_of()
    }

    fn is_value(value: &Value) -> bool {
        serde_json::Value::is_value(value)
    }

    fn into_value(self) -> Value {
        serde_json::to_value(self.0).expect("the types of the wire are JSON").into_value()
    }

    fn from_value(value: Value) -> Result<Self, surrealdb::types::Error> {
        let json = serde_json::Value::from_value(value)?;
        let read =
            serde_json::from_value(json).map_err(|error| surrealdb::types::Error::internal(error.to_string()))?;
        Ok(Self(read))
    }
}

/// The word for an enum's value on the wire and in the database.
pub(crate) fn name_of(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        other => unreachable!("a plain enum is a string, not {other:?}"),
    }
}

/// The enum's value for a word.
pub(crate) fn value_of<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}
