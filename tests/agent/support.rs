//! Function calls of the scripted model, and its requests.

use serde_json::{Value, json};

use crate::support::model::Act;

/// A call of one function.
pub(crate) fn call(name: &'static str, arguments: Value) -> Act {
    Act::Call(vec![(name, arguments.to_string())])
}

/// The result that the model was sent for its last call.
pub(crate) fn tool_result(request: &Value) -> Value {
    let last = request["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["role"], &last["tool_call_id"]), (&json!("tool"), &json!("call-0")));
    serde_json::from_str(last["content"].as_str().unwrap()).unwrap()
}

/// The user message with the memory that the model was sent.
pub(crate) fn prompt_with_memory(request: &Value) -> &str {
    let messages = request["messages"].as_array().unwrap();
    let question = messages.iter().rfind(|message| message["role"] == "user").unwrap();
    question["content"].as_str().unwrap()
}
