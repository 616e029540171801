//! As much of a message as it takes to know where it goes, and in what form its answer may come.

use serde_json::Value;

/// Begins a session.
pub(super) const INITIALIZE: &str = "initialize";
/// Calls a tool.
pub(super) const CALL: &str = "tools/call";
/// Opens a stream of news, which ends when the client goes.
pub(super) const LISTEN: &str = "subscriptions/listen";

/// What a request has in its `_meta` when it wants to hear of what is done before it is answered.
const WISHES: [&str; 2] = ["progressToken", "io.modelcontextprotocol/logLevel"];

/// What a message is about; nothing where it is an answer.
pub(super) fn method(message: &Value) -> &str {
    message["method"].as_str().unwrap_or_default()
}

/// Whether a message is to be answered.
pub(super) fn is_request(message: &Value) -> bool {
    message["method"].is_string() && !message["id"].is_null()
}

/// Whether more than its answer may come of a request that stands for itself.
pub(super) fn is_told_more(message: &Value) -> bool {
    let meta = &message["params"]["_meta"];
    method(message) == LISTEN || WISHES.iter().any(|wish| !meta[*wish].is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_tell_what_may_come_of_them() {
        let listen = json!({ "id": 1, "method": LISTEN });
        let call = |meta: Value| json!({ "id": "a", "method": CALL, "params": { "_meta": meta } });
        assert!(is_request(&listen) && is_told_more(&listen));
        assert!(is_told_more(&call(json!({ "progressToken": 0 }))) && !is_told_more(&call(json!({}))));
        for no_request in [json!({ "id": 1, "result": {} }), json!({ "method": CALL }), json!([]), json!(3)] {
            assert!(!is_request(&no_request) && !is_told_more(&no_request), "{no_request}");
        }
    }
}
