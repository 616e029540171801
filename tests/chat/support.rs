//! Questions to the chat, and the streams that answer them.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::support::server::TestUser;

/// An answer, put together from its frames.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// The `think:` frames, in order.
    pub(crate) thoughts: Vec<String>,
    /// The text as it streamed, with its markers.
    pub(crate) text: String,
    /// The answer as it was stored.
    pub(crate) done: Value,
}

impl Answered {
    /// Reads frames as the contract describes them.
    pub(crate) fn read(stream: &str) -> Self {
        let mut answered = Self::default();
        let frames: Vec<&str> =
            stream.strip_suffix("\n\n").expect("every frame ends with an empty line").split("\n\n").collect();
        for (place, frame) in frames.iter().enumerate() {
            assert!(!frame.contains('\n'), "line breaks within a frame are spelled out: {frame:?}");
            let (prefix, payload) = frame.split_once(": ").unwrap_or_else(|| panic!("no frame: {frame:?}"));
            let text = payload.replace("__CRLF__", "\n");
            match prefix {
                "think" => answered.thoughts.push(text),
                "data" => answered.text.push_str(&text),
                "done" => {
                    assert_eq!(place, frames.len() - 1, "done is the last frame");
                    answered.done = serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap();
                }
                other => panic!("unknown frame {other}"),
            }
        }
        answered
    }
}

/// Asks on behalf of this user.
pub(crate) async fn ask(user: &TestUser, question: Value) -> Answered {
    let answer = user.app().post("/v2/messages", question).await;
    assert_eq!(answer.header("content-type"), "text/event-stream");
    Answered::read(answer.ok().as_str().unwrap())
}
