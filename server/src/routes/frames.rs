//! The stream of an answer, as Omi clients read it: not standard server-sent events, but frames of a prefix, a payload
//! and an empty line.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::{Stream, StreamExt};
use tools::assistant::agent::Frame;

/// What stands for a line break within a payload.
const LINE_BREAK: &str = "__CRLF__";

/// The frames as bytes.
pub(crate) fn encode(frames: impl Stream<Item = Frame>) -> impl Stream<Item = io::Result<String>> {
    frames.map(|frame| {
        Ok(match frame {
            Frame::Question(message) => format!("message: {}\n\n", STANDARD.encode(serde_json::to_vec(&message)?)),
            Frame::Think(text) => format!("think: {}\n\n", on_one_line(&text)),
            Frame::Data(text) => format!("data: {}\n\n", on_one_line(&text)),
            Frame::Done(message) => format!("done: {}\n\n", STANDARD.encode(serde_json::to_vec(&message)?)),
        })
    })
}

fn on_one_line(text: &str) -> String {
    text.replace("\r\n", LINE_BREAK).replace('\n', LINE_BREAK)
}
