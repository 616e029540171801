//! The greeting of a chat: by the language model or, without one or when it fails, by the time of day.

use std::time::Duration;

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use resources::LanguageModel;
use schemars::JsonSchema;
use schemas::chat::{Message, Sender};
use serde::Deserialize;
use serde_json::json;

use crate::{Context, Error, Result, calendar::time_zone, chat::messages};

const INSTRUCTIONS: &str = include_str!("greeting.md");

/// The time limit of the model for a greeting.
const GREETING_TIMEOUT: Duration = Duration::from_secs(5);

/// How many earlier messages are in the prompt, and how much of each, in characters.
const MAX_EARLIER_MESSAGES: u32 = 5;
const MAX_MESSAGE: usize = 500;

/// The default name of the server's first user, which is not a real name.
const DEFAULT_OWNER_NAME: &str = "owner";

/// A greeting.
#[derive(Deserialize, JsonSchema)]
struct Greeting {
    /// What is said, in at most three sentences.
    #[schemars(length(min = 1, max = 1000))]
    greeting: String,
}

/// The input of a greeting.
struct GreetingInput {
    name: Option<String>,
    language: Option<String>,
    now: DateTime<Tz>,
    earlier: Vec<Message>,
}

/// What a greeting is worded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// The language model, where one is configured.
    Model,
    /// A fixed sentence.
    Fixed,
}

/// Composes a greeting for the chat with this app, or with Recollect. It is not stored yet.
pub(super) async fn compose(context: &Context, app_id: Option<String>, wording: Wording) -> Result<Message> {
    let (resources, user) = (&context.resources, &context.caller.user);
    let preferences = resources.preferences(user).get().await?;
    let name = resources.users().find(user).await?.map(|user| user.name);
    let input = GreetingInput {
        name: name.filter(|name| !name.trim().is_empty() && name != DEFAULT_OWNER_NAME),
        now: resources::now().with_timezone(&time_zone(&preferences)),
        language: preferences.language,
        earlier: messages(context).recent(app_id.as_deref(), MAX_EARLIER_MESSAGES).await?,
    };
    let fixed = || format!("{} Ask me about anything that is in your memory.", by_hour(&input));
    let said = match (&resources.llm, wording) {
        (Some(model), Wording::Model) => by_model(model, &input, app_id.as_deref()).await.unwrap_or_else(|error| {
            tracing::warn!("greeting without the language model: {error}");
            fixed()
        }),
        (Some(_), Wording::Fixed) => fixed(),
        (None, _) => format!(
            "{} Ask me about anything that is in your memory. No language model is configured, so I answer with the \
             passages that fit best.",
            by_hour(&input)
        ),
    };
    let message = Message::new(resources::new_id(), resources::now(), Sender::Ai, said);
    Ok(Message { plugin_id: app_id.clone(), app_id, ..message })
}

async fn by_model(model: &LanguageModel, input: &GreetingInput, app_id: Option<&str>) -> Result<String> {
    let GreetingInput { name, language, now, earlier } = input;
    let said = |message: &Message| {
        json!({
            "sender": message.sender,
            "time": message.created_at.with_timezone(&now.timezone()).format("%-d %B %Y, %H:%M").to_string(),
            "text": message.text.chars().take(MAX_MESSAGE).collect::<String>(),
        })
    };
    let prompt = json!({
        "name": name,
        "language": language,
        "now": now.format("%A, %-d %B %Y, %H:%M").to_string(),
        "app": app_id,
        "earlier_messages": earlier.iter().map(said).collect::<Vec<_>>(),
    });
    let answer = tokio::time::timeout(GREETING_TIMEOUT, model.ask::<Greeting>(INSTRUCTIONS, &prompt.to_string())).await;
    let answer = answer.map_err(|_| Error::Unavailable("the language model timed out".into()))??;
    match answer.greeting.trim() {
        "" => Err(Error::Unavailable("the language model gave no answer".into())),
        greeting => Ok(greeting.to_owned()),
    }
}

/// `Good morning, Ana.`
fn by_hour(input: &GreetingInput) -> String {
    let part = match input.now.hour() {
        5..12 => "morning",
        12..18 => "afternoon",
        _ => "evening",
    };
    match &input.name {
        Some(name) => format!("Good {part}, {name}."),
        None => format!("Good {part}."),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn greeting(time: &str, zone: &str, name: Option<&str>) -> String {
        let zone: Tz = zone.parse().unwrap();
        let now = time.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone);
        by_hour(&GreetingInput { name: name.map(str::to_owned), language: None, now, earlier: Vec::new() })
    }

    #[test]
    fn the_time_of_day_is_in_the_users_time_zone() {
        assert_eq!(greeting("2026-05-08T03:30:00Z", "Europe/Oslo", Some("Ana")), "Good morning, Ana.");
        assert_eq!(greeting("2026-05-08T03:30:00Z", "UTC", Some("Ana")), "Good evening, Ana.");
        assert_eq!(greeting("2026-05-08T03:30:00Z", "Asia/Tokyo", None), "Good afternoon.");
        assert_eq!(greeting("2026-05-08T16:00:00Z", "Europe/Oslo", None), "Good evening.");
    }
}
