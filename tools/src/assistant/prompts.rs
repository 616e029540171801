//! Prompts: what people ask assistants to do with their memory. Each gathers what there is through the tools, with the
//! caller's rights, and hands it over with a clear instruction.

mod arguments;
mod material;

use futures::future::BoxFuture;
use serde_json::{Map, Value};

use crate::{Context, Error, Result};
use arguments::{Kind, Week};
use material::Material;

/// Something that people ask assistants to do.
pub struct Prompt {
    /// What clients call it.
    pub name: &'static str,
    /// What people read.
    pub title: &'static str,
    /// What it does, in a sentence.
    pub description: &'static str,
    /// What it wants to know.
    pub arguments: &'static [Argument],
    /// The tools that it cannot do without.
    needs: &'static [&'static str],
    gather: fn(Context, Given) -> BoxFuture<'static, Result<Vec<Part>>>,
}

/// Something that a prompt wants to know.
pub struct Argument {
    /// What clients call it.
    pub name: &'static str,
    /// What it means, in a sentence.
    pub description: &'static str,
    /// Whether it can be left out.
    pub need: Need,
    kind: Kind,
}

/// Whether an argument can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Need {
    Required,
    Optional,
}

/// A part of what is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Words to the assistant.
    Text(String),
    /// Something stored, in full.
    Embedded {
        /// Its address.
        uri: String,
        /// Its form.
        mime_type: &'static str,
        /// What it says.
        text: String,
    },
    /// Something stored that can be opened.
    Link {
        /// Its address.
        uri: String,
        /// What it is called.
        name: String,
        /// The form of what opens.
        mime_type: &'static str,
    },
}

/// The arguments as they were given, of those that say something.
type Given = Map<String, Value>;

const SOMETHING: &[Argument] = &[Argument {
    name: "about",
    description: "A person, a place, a project, a plan: whatever you want to be reminded of.",
    need: Need::Required,
    kind: Kind::Words,
}];

const MEETING: &[Argument] = &[
    Argument {
        name: "with",
        description: "Who will be there; several names with commas.",
        need: Need::Required,
        kind: Kind::People,
    },
    Argument { name: "about", description: "What it is about.", need: Need::Optional, kind: Kind::Words },
    Argument {
        name: "when",
        description: "When it is, in your own words, such as `tomorrow at ten`.",
        need: Need::Optional,
        kind: Kind::Words,
    },
];

const WEEK: &[Argument] = &[Argument {
    name: "week",
    description: "A day of that week, as yyyy-mm-dd, or `last`; without it, the week up to now.",
    need: Need::Optional,
    kind: Kind::Week,
}];

/// Every prompt.
pub const ALL: &[Prompt] = &[
    Prompt {
        name: "brief_me",
        title: "Brief me about …",
        description: "Tell what the memory holds about somebody or something: facts, what was said, what is open.",
        arguments: SOMETHING,
        needs: &["search", "fetch"],
        gather: |context, given| Box::pin(brief_me(context, given)),
    },
    Prompt {
        name: "prepare_meeting",
        title: "Prepare my meeting",
        description: "Get ready for a meeting: who they are, what was said and agreed last time, what is still owed.",
        arguments: MEETING,
        needs: &["search", "fetch"],
        gather: |context, given| Box::pin(prepare_meeting(context, given)),
    },
    Prompt {
        name: "weekly_review",
        title: "Weekly review",
        description: "Look back at a week: what happened, what was decided and learnt, what is done and what is not.",
        arguments: WEEK,
        needs: &["get_conversations"],
        gather: |context, given| Box::pin(weekly_review(context, given)),
    },
];

/// The prompt called `name`.
pub fn find(name: &str) -> Option<&'static Prompt> {
    ALL.iter().find(|prompt| prompt.name == name)
}

impl Prompt {
    /// Whether the caller may use what it cannot do without; else it is not shown to them.
    pub fn permits(&self, context: &Context) -> bool {
        self.needs.iter().all(|name| crate::find(name).is_some_and(|tool| tool.permits(context).is_ok()))
    }

    /// What is handed over: the instruction first, then what was found.
    ///
    /// # Errors
    /// [`Error::Invalid`] names an argument that is missing, unknown or no such thing; else as the tools.
    pub async fn gather(&self, context: Context, given: Given) -> Result<Vec<Part>> {
        let given = arguments::read(self.arguments, given)?;
        (self.gather)(context, given).await
    }

    /// What completes an argument that is being typed.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such argument; else as the tools.
    pub async fn complete(&self, context: &Context, argument: &str, typed: &str) -> Result<Vec<String>> {
        let argument = self.arguments.iter().find(|known| known.name == argument);
        let argument = argument.ok_or_else(|| Error::Invalid(format!("{} has no such argument", self.name)))?;
        argument.kind.complete(context, typed).await
    }
}

async fn brief_me(context: Context, given: Given) -> Result<Vec<Part>> {
    let about = said(&given, "about");
    let mut material = Material::new(context, include_str!("prompts/brief_me.md").replace("{about}", about)).await?;
    material.search("What was found", about, 20).await?;
    material.open_items("What is to be done about it", Some(about)).await?;
    Ok(material.parts())
}

async fn prepare_meeting(context: Context, given: Given) -> Result<Vec<Part>> {
    let (with, about, when) = (said(&given, "with"), said(&given, "about"), said(&given, "when"));
    let or = |text: &str, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text.to_owned() };
    let instruction = include_str!("prompts/prepare_meeting.md")
        .replace("{with}", with)
        .replace("{about}", &or(about, "not said"))
        .replace("{when}", &or(when, "not said"));
    let mut material = Material::new(context, instruction).await?;
    for name in with.split(',').map(str::trim).filter(|name| !name.is_empty()).take(MOST_PEOPLE) {
        material.search(&format!("What was found of {name}"), &format!("{name} {about}"), 12).await?;
        material.talks_with(name).await?;
        material.open_items(&format!("What is to be done that has to do with {name}"), Some(name)).await?;
    }
    Ok(material.parts())
}

async fn weekly_review(context: Context, given: Given) -> Result<Vec<Part>> {
    let now = resources::now().with_timezone(&context.time_zone().await?);
    let week = Week::read(said(&given, "week"), &now)?;
    let instruction = include_str!("prompts/weekly_review.md").replace("{week}", &week.to_string());
    let mut material = Material::new(context, instruction).await?;
    material.days(&week).await?;
    material.conversations(&week).await?;
    material.done(&week).await?;
    material.learnt(&week).await?;
    material.open_items("What is to be done", None).await?;
    Ok(material.parts())
}

/// How many people a meeting is prepared for.
const MOST_PEOPLE: usize = 8;

/// What was said for an argument; nothing where it was left out.
fn said<'a>(given: &'a Given, name: &str) -> &'a str {
    given.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Calls a tool with the caller's rights; nothing where they may not.
async fn ask(context: &Context, tool: &str, arguments: Value) -> Result<Option<Value>> {
    let tool = crate::find(tool).expect("a prompt names tools that there are");
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
    fn prompts_name_tools_that_there_are() {
        for prompt in ALL {
            assert!(prompt.needs.iter().all(|name| crate::find(name).is_some()), "{}", prompt.name);
            assert!(prompt.arguments.iter().all(|argument| !argument.description.is_empty()), "{}", prompt.name);
        }
        assert!(find("brief_me").is_some() && find("nothing").is_none());
    }

    #[test]
    fn arguments_are_checked() {
        let read = |given: Value| arguments::read(MEETING, given.as_object().unwrap().clone());
        assert_eq!(said(&read(json!({ "with": " Ana ", "about": "" })).unwrap(), "with"), "Ana");
        for wrong in [json!({}), json!({ "with": "  " }), json!({ "with": "Ana", "who": "x" }), json!({ "with": 3 })] {
            assert!(matches!(read(wrong.clone()), Err(Error::Invalid(_))), "{wrong}");
        }
    }
}
