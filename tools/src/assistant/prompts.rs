//! Prompts: tasks that people give assistants about their memory. Each collects material through the tools, with the
//! caller's permissions, and returns it with an instruction.

mod arguments;
mod material;

use futures::future::BoxFuture;
use serde_json::{Map, Value};

use crate::{Context, Error, Result, calendar};
use arguments::{ArgumentKind, Week};
use material::Material;

/// A prompt.
pub struct Prompt {
    /// Its name.
    pub name: &'static str,
    /// Its title for people.
    pub title: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// The tools that it requires.
    required_tools: &'static [&'static str],
    render: fn(Context, ArgumentValues) -> BoxFuture<'static, Result<Vec<PromptPart>>>,
}

/// An argument of a prompt.
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Its meaning, in a sentence.
    pub description: &'static str,
    /// Whether it is required.
    pub need: Need,
    kind: ArgumentKind,
}

/// Whether an argument is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Need {
    Required,
    Optional,
}

/// A part of a rendered prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptPart {
    /// A text for the assistant.
    Text(String),
    /// An embedded object.
    Embedded {
        /// Its URI.
        uri: String,
        /// Its MIME type.
        mime_type: &'static str,
        /// Its text.
        text: String,
    },
    /// A link to an object.
    Link {
        /// Its URI.
        uri: String,
        /// Its name.
        name: String,
        /// The MIME type of its contents.
        mime_type: &'static str,
    },
}

/// The non-empty arguments of a request.
type ArgumentValues = Map<String, Value>;

const BRIEF_ARGUMENTS: &[Argument] = &[Argument {
    name: "about",
    description: "A person, place, project, plan or any other subject.",
    need: Need::Required,
    kind: ArgumentKind::Words,
}];

const MEETING_ARGUMENTS: &[Argument] = &[
    Argument {
        name: "with",
        description: "The participants' names, separated by commas.",
        need: Need::Required,
        kind: ArgumentKind::People,
    },
    Argument { name: "about", description: "The subject.", need: Need::Optional, kind: ArgumentKind::Words },
    Argument {
        name: "when",
        description: "The time, in any words, such as `tomorrow at ten`.",
        need: Need::Optional,
        kind: ArgumentKind::Words,
    },
];

const REVIEW_ARGUMENTS: &[Argument] = &[Argument {
    name: "week",
    description: "A day of that week, as yyyy-mm-dd, or `last`; without it, the week up to now.",
    need: Need::Optional,
    kind: ArgumentKind::Week,
}];

/// All prompts.
pub const ALL: &[Prompt] = &[
    Prompt {
        name: "brief_me",
        title: "Brief me about …",
        description: "Summarize what the memory contains about a person or subject: facts, statements and open items.",
        arguments: BRIEF_ARGUMENTS,
        required_tools: &["search", "fetch"],
        render: |context, given| Box::pin(brief_me(context, given)),
    },
    Prompt {
        name: "prepare_meeting",
        title: "Prepare my meeting",
        description: "Prepare for a meeting: participants, what was said and agreed last time, open commitments.",
        arguments: MEETING_ARGUMENTS,
        required_tools: &["search", "fetch"],
        render: |context, given| Box::pin(prepare_meeting(context, given)),
    },
    Prompt {
        name: "weekly_review",
        title: "Weekly review",
        description: "Review a week: events, decisions, what was learned, and completed and open items.",
        arguments: REVIEW_ARGUMENTS,
        required_tools: &["get_conversations"],
        render: |context, given| Box::pin(weekly_review(context, given)),
    },
];

/// The prompt with this name.
pub fn find(name: &str) -> Option<&'static Prompt> {
    ALL.iter().find(|prompt| prompt.name == name)
}

impl Prompt {
    /// Whether the caller may use all required tools; if not, the prompt is hidden.
    pub fn permits(&self, context: &Context) -> bool {
        self.required_tools.iter().all(|name| crate::find(name).is_some_and(|tool| tool.permits(context).is_ok()))
    }

    /// Renders the prompt: the instruction first, then the material.
    ///
    /// # Errors
    /// [`Error::Invalid`] names an argument that is missing, unknown or malformed; other errors are those of the tools.
    pub async fn render(&self, context: Context, given: ArgumentValues) -> Result<Vec<PromptPart>> {
        let given = arguments::read(self.arguments, given)?;
        (self.render)(context, given).await
    }

    /// Completes a partial argument.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such argument; other errors are those of the tools.
    pub async fn complete(&self, context: &Context, argument: &str, typed: &str) -> Result<Vec<String>> {
        let argument = self.arguments.iter().find(|known| known.name == argument);
        let argument = argument.ok_or_else(|| Error::Invalid(format!("{} has no such argument", self.name)))?;
        argument.kind.complete(context, typed).await
    }
}

async fn brief_me(context: Context, given: ArgumentValues) -> Result<Vec<PromptPart>> {
    let about = value_of(&given, "about");
    let mut material = Material::new(context, include_str!("prompts/brief_me.md").replace("{about}", about)).await?;
    material.search("What was found", about, 20).await?;
    material.open_items("What is to be done about it", Some(about)).await?;
    Ok(material.parts())
}

async fn prepare_meeting(context: Context, given: ArgumentValues) -> Result<Vec<PromptPart>> {
    let (with, about, when) = (value_of(&given, "with"), value_of(&given, "about"), value_of(&given, "when"));
    let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    let instruction = include_str!("prompts/prepare_meeting.md")
        .replace("{with}", with)
        .replace("{about}", &or(about, "not said"))
        .replace("{when}", &or(when, "not said"));
    let mut material = Material::new(context, instruction).await?;
    for name in with.split(',').map(str::trim).filter(|name| !name.is_empty()).take(MAX_PEOPLE) {
        material.search(&format!("What was found of {name}"), &format!("{name} {about}"), 12).await?;
        material.conversations_with(name).await?;
        material.open_items(&format!("What is to be done that has to do with {name}"), Some(name)).await?;
    }
    Ok(material.parts())
}

async fn weekly_review(context: Context, given: ArgumentValues) -> Result<Vec<PromptPart>> {
    let now = resources::now().with_timezone(&calendar::user_time_zone(&context).await?);
    let week = Week::parse(value_of(&given, "week"), &now)?;
    let instruction = include_str!("prompts/weekly_review.md").replace("{week}", &week.to_string());
    let mut material = Material::new(context, instruction).await?;
    material.daily_summaries(&week).await?;
    material.conversations(&week).await?;
    material.completed_items(&week).await?;
    material.changed_memories(&week).await?;
    material.open_items("What is to be done", None).await?;
    Ok(material.parts())
}

/// The maximum number of people in a meeting.
const MAX_PEOPLE: usize = 8;

/// The value of an argument; empty where it is missing.
fn value_of<'a>(given: &'a ArgumentValues, name: &str) -> &'a str {
    given.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Calls a tool with the caller's permissions; `None` where the caller may not.
async fn call_tool(context: &Context, tool: &str, arguments: Value) -> Result<Option<Value>> {
    let tool = crate::find(tool).expect("prompts name existing tools");
    if tool.permits(context).is_err() {
        return Ok(None);
    }
    let given = arguments.as_object().cloned().unwrap_or_default();
    Ok(Some(tool.for_assistants(tool.call(context.clone(), &tool.arguments, given).await?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn prompts_name_existing_tools() {
        for prompt in ALL {
            assert!(prompt.required_tools.iter().all(|name| crate::find(name).is_some()), "{}", prompt.name);
            assert!(prompt.arguments.iter().all(|argument| !argument.description.is_empty()), "{}", prompt.name);
        }
        assert!(find("brief_me").is_some() && find("nothing").is_none());
    }

    #[test]
    fn arguments_are_checked() {
        let read = |given: Value| arguments::read(MEETING_ARGUMENTS, given.as_object().unwrap().clone());
        assert_eq!(value_of(&read(json!({ "with": " Ana ", "about": "" })).unwrap(), "with"), "Ana");
        for wrong in [json!({}), json!({ "with": "  " }), json!({ "with": "Ana", "who": "x" }), json!({ "with": 3 })] {
            assert!(matches!(read(wrong.clone()), Err(Error::Invalid(_))), "{wrong}");
        }
    }
}
