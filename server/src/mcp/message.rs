//! The fields of a JSON-RPC message that decide how it is answered. They are read in one pass that borrows from the body
//! and builds no tree; rmcp, which only takes bytes, parses the message itself.

use std::borrow::Cow;

use poem::{Error, http::StatusCode};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

use super::errors::{detail_response, invalid_request};

/// Opens a session.
pub(super) const INITIALIZE: &str = "initialize";
/// Calls a tool.
pub(super) const TOOLS_CALL: &str = "tools/call";
/// Opens a stream of notifications, which lasts until the client disconnects.
pub(super) const SUBSCRIPTIONS_LISTEN: &str = "subscriptions/listen";

/// The body of a POST request.
pub(super) enum Payload<'a> {
    Message(Message<'a>),
    /// Each message as it stands in the body.
    Batch(Vec<&'a RawValue>),
}

/// One message: a request, a notification or a response. Fields of an unexpected type count as absent, since rmcp
/// rejects them.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Message<'a> {
    /// `None` for notifications.
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Lenient<Text<'a>>,
    #[serde(borrow)]
    params: Lenient<Params<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Params<'a> {
    #[serde(borrow)]
    name: Lenient<Text<'a>>,
    #[serde(rename = "_meta")]
    meta: Lenient<Meta>,
}

/// What a request without a session has in its `_meta` when it takes notifications before its response.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    #[serde(rename = "progressToken")]
    progress_token: Option<IgnoredAny>,
    #[serde(rename = "io.modelcontextprotocol/logLevel")]
    log_level: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A value that is the default where it cannot be read.
#[derive(Default)]
struct Lenient<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(raw.get()).unwrap_or_default()))
    }
}

impl<'a> Payload<'a> {
    /// Reads a body. Fails with the response to one that holds no messages.
    pub(super) fn parse(body: &'a [u8]) -> poem::Result<Self> {
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => read(body).map(Payload::Message),
            Some(b'[') => read(body).map(Payload::Batch),
            _ => {
                read::<IgnoredAny>(body)?;
                Err(invalid_request("A message is a JSON object"))
            }
        }
    }
}

impl<'a> Message<'a> {
    /// Reads one message of a batch.
    pub(super) fn of_batch(raw: &'a RawValue) -> Self {
        let is_object = raw.get().starts_with('{');
        is_object.then(|| serde_json::from_str(raw.get()).ok()).flatten().unwrap_or_default()
    }

    /// The method; empty for responses.
    pub(super) fn method(&self) -> &str {
        &self.method.0.0
    }

    /// The name of the tool that it calls.
    pub(super) fn called_tool(&self) -> Option<&str> {
        (self.method() == TOOLS_CALL).then_some(&*self.params.0.name.0.0)
    }

    /// Whether it is to be answered.
    pub(super) fn is_request(&self) -> bool {
        !self.method().is_empty() && self.id.is_some()
    }

    /// Whether notifications may precede the response, where it belongs to no session.
    pub(super) fn may_stream(&self) -> bool {
        let meta = &self.params.0.meta.0;
        self.method() == SUBSCRIPTIONS_LISTEN || meta.progress_token.is_some() || meta.log_level.is_some()
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> poem::Result<T> {
    serde_json::from_slice(body).map_err(|error| match error.is_data() {
        true => invalid_request("Not a JSON-RPC message"),
        false => Error::from_response(detail_response(StatusCode::BAD_REQUEST, "Invalid JSON body")),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_tell_what_may_come_of_them() {
        let check = |message: serde_json::Value, expected: (bool, bool)| {
            let body = message.to_string();
            let raw: &RawValue = serde_json::from_str(&body).unwrap();
            let message = Message::of_batch(raw);
            assert_eq!((message.is_request(), message.may_stream()), expected, "{body}");
        };
        check(json!({ "id": 1, "method": SUBSCRIPTIONS_LISTEN }), (true, true));
        let call = |meta: serde_json::Value| json!({ "id": "a", "method": TOOLS_CALL, "params": { "_meta": meta } });
        check(call(json!({ "progressToken": 0 })), (true, true));
        check(call(json!({})), (true, false));
        let nulls = json!({ "progressToken": null, "io.modelcontextprotocol/logLevel": null });
        check(call(nulls), (true, false));
        for no_request in [json!({ "id": 1, "result": {} }), json!({ "method": TOOLS_CALL }), json!([]), json!(3)] {
            check(no_request, (false, false));
        }
    }

    #[test]
    fn a_call_names_its_tool() {
        let parse = |body: &'static str| match Payload::parse(body.as_bytes()) {
            Ok(Payload::Message(message)) => message,
            _ => panic!("{body}"),
        };
        let call = parse(r#" {"id": 1, "method": "tools\/call", "params": {"x": [1], "name": "get_\u006demory"}}"#);
        assert_eq!((call.called_tool(), call.id.unwrap().get()), (Some("get_memory"), "1"));
        assert_eq!(parse(r#"{"method": "prompts/get", "params": {"name": "x"}}"#).called_tool(), None);
        assert_eq!(parse(r#"{"method": "tools/call", "params": {"name": 3}}"#).called_tool(), Some(""));
        assert!(Payload::parse(br#"{"method": "ping", "method": "tools/call"}"#).is_err(), "which one would rmcp see?");
    }
}
