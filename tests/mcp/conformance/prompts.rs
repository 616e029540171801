//! Prompts with and without arguments, with a resource, with a picture, and one that asks first.

use rmcp::{
    ErrorData,
    model::{GetPromptRequestParams, GetPromptResponse, GetPromptResult, InputRequiredResult, Prompt},
};
use serde_json::{Value, json};

use super::{
    fixture::{Reply, made},
    rounds::{accepted, elicitation},
    tools::PICTURE,
};

pub(super) fn all() -> Vec<Prompt> {
    made(json!([
        { "name": "test_simple_prompt", "description": "A text." },
        {
            "name": "test_prompt_with_arguments",
            "description": "A text with two arguments.",
            "arguments": [
                { "name": "arg1", "description": "First test argument", "required": true },
                { "name": "arg2", "description": "Second test argument", "required": true },
            ],
        },
        {
            "name": "test_prompt_with_embedded_resource",
            "description": "A resource.",
            "arguments": [{ "name": "resourceUri", "description": "URI of the resource to embed", "required": true }],
        },
        { "name": "test_prompt_with_image", "description": "A picture." },
        { "name": "test_input_required_result_prompt", "description": "What the user says." },
    ]))
}

pub(super) fn get(params: &GetPromptRequestParams) -> Reply<GetPromptResponse> {
    let given = |name: &str| params.arguments.as_ref().and_then(|given| given[name].as_str()).unwrap_or_default();
    let contents = match &*params.name {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            vec![text(&format!("Prompt with arguments: arg1='{}', arg2='{}'", given("arg1"), given("arg2")))]
        }
        "test_prompt_with_embedded_resource" => {
            let content = "Embedded resource content for testing.";
            let resource = json!({ "uri": given("resourceUri"), "mimeType": "text/plain", "text": content });
            vec![
                json!({ "type": "resource", "resource": resource }),
                text("Please process the embedded resource above."),
            ]
        }
        "test_prompt_with_image" => vec![
            json!({ "type": "image", "data": PICTURE, "mimeType": "image/png" }),
            text("Please analyze the image above."),
        ],
        "test_input_required_result_prompt" => {
            let answers = params.input_responses.clone().unwrap_or_default();
            let Some(said) = accepted(&answers, "user_context") else {
                let question = elicitation("What context should the prompt use?", "context", "string");
                return Ok(InputRequiredResult::new(Some(made(json!({ "user_context": question }))), None).into());
            };
            vec![text(said["context"].as_str().unwrap_or_default())]
        }
        name => return Err(ErrorData::invalid_params(format!("Unknown prompt: {name}"), None)),
    };
    let messages: Vec<Value> =
        contents.into_iter().map(|content| json!({ "role": "user", "content": content })).collect();
    Ok(made::<GetPromptResult>(json!({ "resultType": "complete", "messages": messages })).into())
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}
