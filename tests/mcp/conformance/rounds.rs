//! Tools of 2026-07-28 that end with a question, and are called again with the answer.

use hmac::{Hmac, Mac};
use rmcp::{
    ErrorData,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ElicitResult, ElicitationAction, InputRequiredResult,
        InputResponses, Tool,
    },
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::fixture::{Reply, Request, made};

const TOOLS: &[(&str, &str)] = &[
    ("test_input_required_result_elicitation", "Ask for a name."),
    ("test_input_required_result_sampling", "Ask the client's model."),
    ("test_input_required_result_list_roots", "Ask for the client's roots."),
    ("test_input_required_result_request_state", "Ask, and see one's own state again."),
    ("test_input_required_result_multiple_inputs", "Ask three things at once."),
    ("test_input_required_result_multi_round", "Ask twice."),
    ("test_input_required_result_tampered_state", "Ask, and see whether the state is one's own."),
    ("test_input_required_result_capabilities", "Ask what the client can answer."),
    ("test_streaming_elicitation", "Ask on a stream."),
];

pub(super) fn all() -> impl Iterator<Item = Tool> {
    TOOLS.iter().map(|(name, description)| {
        made(json!({ "name": name, "description": description, "inputSchema": { "type": "object" } }))
    })
}

/// What the tool says in this round; nothing where it is none of these.
pub(super) fn call(params: &CallToolRequestParams, request: &Request) -> Option<Reply<CallToolResponse>> {
    let tool = TOOLS.iter().find(|(name, _)| params.name == *name)?.0;
    let nothing = InputResponses::new();
    let answers = params.input_responses.as_ref().unwrap_or(&nothing);
    let state = match params.request_state.as_deref().map(opened) {
        None => "",
        Some(Some(state)) => state,
        Some(None) => return Some(Err(ErrorData::invalid_params("The request state is not this server's", None))),
    };
    Some(Ok(match tool.trim_start_matches("test_input_required_result_") {
        "elicitation" | "test_streaming_elicitation" => match accepted(answers, "user_name") {
            Some(given) => reply(&format!("Hello, {}!", given["name"].as_str().unwrap_or_default())),
            None => asked(json!({ "user_name": elicitation("What is your name?", "name", "string") }), None),
        },
        "sampling" => match answers.get("capital_question") {
            Some(answer) => reply(&answer["content"]["text"].to_string()),
            None => asked(json!({ "capital_question": sampling("What is the capital of France?") }), None),
        },
        "list_roots" => match answers.get("client_roots") {
            Some(answer) => reply(&answer["roots"].to_string()),
            None => asked(json!({ "client_roots": { "method": "roots/list", "params": {} } }), None),
        },
        "multi_round" => match (state, accepted(answers, "step1"), accepted(answers, "step2")) {
            ("asked for the color", _, Some(given)) => reply(&given["color"].to_string()),
            ("asked for the name", Some(_), _) => {
                let question = elicitation("Step 2: What is your favorite color?", "color", "string");
                asked(json!({ "step2": question }), Some("asked for the color"))
            }
            _ => {
                let question = elicitation("Step 1: What is your name?", "name", "string");
                asked(json!({ "step1": question }), Some("asked for the name"))
            }
        },
        "multiple_inputs" if state.is_empty() => {
            let questions = json!({
                "user_name": elicitation("What is your name?", "name", "string"),
                "greeting": sampling("Generate a greeting"),
                "client_roots": { "method": "roots/list", "params": {} },
            });
            asked(questions, Some("asked"))
        }
        "capabilities" => {
            let able = request.client_capabilities().unwrap_or_default();
            let mut questions = json!({});
            if able.elicitation.is_some() {
                questions["user_name"] = elicitation("What is your name?", "name", "string");
            }
            if able.sampling.is_some() {
                questions["greeting"] = sampling("Generate a greeting");
            }
            asked(questions, Some("asked"))
        }
        _ if state == "asked" => reply("state-ok"),
        _ => asked(json!({ "confirm": elicitation("Please confirm", "ok", "boolean") }), Some("asked")),
    }))
}

/// What was filled in, if the person accepted.
pub(super) fn accepted(answers: &InputResponses, name: &str) -> Option<Value> {
    let answer = serde_json::from_value::<ElicitResult>(answers.get(name)?.clone()).ok()?;
    (answer.action == ElicitationAction::Accept).then(|| answer.content.unwrap_or_default())
}

/// A question with one field to fill in.
pub(super) fn elicitation(message: &str, field: &str, kind: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { field: { "type": kind } }, "required": [field] });
    json!({ "method": "elicitation/create", "params": { "mode": "form", "message": message, "requestedSchema": schema } })
}

fn sampling(prompt: &str) -> Value {
    let messages = json!([{ "role": "user", "content": { "type": "text", "text": prompt } }]);
    json!({ "method": "sampling/createMessage", "params": { "messages": messages, "maxTokens": 100 } })
}

pub(super) fn asked(questions: Value, state: Option<&str>) -> CallToolResponse {
    InputRequiredResult::new(Some(made(questions)), state.map(sealed)).into()
}

fn reply(text: &str) -> CallToolResponse {
    made::<CallToolResult>(json!({ "resultType": "complete", "content": [{ "type": "text", "text": text }] })).into()
}

/// The state with a seal that only this process makes.
fn sealed(state: &str) -> String {
    format!("{state}.{}", hex::encode(seal(state).finalize().into_bytes()))
}

/// The state within, if the seal is ours.
fn opened(sealed: &str) -> Option<&str> {
    let (state, code) = sealed.rsplit_once('.')?;
    seal(state).verify_slice(&hex::decode(code).ok()?).ok()?;
    Some(state)
}

fn seal(state: &str) -> Hmac<Sha256> {
    let mut seal = Hmac::<Sha256>::new_from_slice(b"the fixture's own secret").unwrap();
    seal.update(state.as_bytes());
    seal
}
