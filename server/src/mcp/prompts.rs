//! `prompts/list`, `prompts/get` and the completion of prompt arguments.

use rmcp::{
    ErrorData,
    model::{
        CompletionInfo, ContentBlock, GetPromptResult, Prompt, PromptArgument, PromptMessage, ProtocolVersion,
        Resource, ResourceContents, Role,
    },
};
use serde_json::{Map, Value};
use tools::{
    Context,
    assistant::prompts::{self, Need, PromptPart},
};

use super::{errors::protocol_error, resources::completion};

/// The prompts that the caller may use.
pub(super) fn list(caller: &Context) -> Vec<Prompt> {
    prompts::ALL.iter().filter(|prompt| prompt.permits(caller)).map(describe).collect()
}

/// The messages of a prompt, for a client of this protocol version.
pub(super) async fn get(
    caller: Context,
    prompt: &prompts::Prompt,
    arguments: Option<Map<String, Value>>,
    version: Option<ProtocolVersion>,
) -> Result<GetPromptResult, ErrorData> {
    let parts = prompt.render(caller, arguments.unwrap_or_default()).await.map_err(protocol_error)?;
    let knows_links = version.is_some_and(|version| version >= ProtocolVersion::V_2025_06_18);
    let parts = parts.into_iter().filter(|part| knows_links || !matches!(part, PromptPart::Link { .. }));
    let messages = parts.map(|part| PromptMessage::new(Role::User, content(part))).collect();
    Ok(GetPromptResult::new(messages).with_description(prompt.description))
}

/// The values that complete an argument of a prompt; none where the caller may not use it.
pub(super) async fn complete(
    caller: &Context,
    prompt: &prompts::Prompt,
    argument: &str,
    typed: &str,
) -> Result<CompletionInfo, ErrorData> {
    if !prompt.permits(caller) {
        return Ok(CompletionInfo::default());
    }
    prompt.complete(caller, argument, typed).await.map(completion).map_err(protocol_error)
}

fn describe(prompt: &prompts::Prompt) -> Prompt {
    let argument = |argument: &prompts::Argument| {
        let described = PromptArgument::new(argument.name).with_description(argument.description);
        described.with_required(argument.need == Need::Required)
    };
    let arguments = prompt.arguments.iter().map(argument).collect();
    Prompt::new(prompt.name, Some(prompt.description), Some(arguments)).with_title(prompt.title)
}

fn content(part: PromptPart) -> ContentBlock {
    match part {
        PromptPart::Text(text) => ContentBlock::text(text),
        PromptPart::Embedded { uri, mime_type, text } => {
            ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(mime_type))
        }
        PromptPart::Link { uri, name, mime_type } => {
            ContentBlock::resource_link(Resource::new(uri, name).with_mime_type(mime_type))
        }
    }
}
