//! The first words of a chat: by the language model or, without one or when it fails, by the hour.

use std::time::Duration;

use chrono::{DateTime, Timelike};
use chrono_tz::Tz;
use resources::LanguageModel;
use schemars::JsonSchema;
use schemas::chat::{Message, Sender};
use serde::Deserialize;
use serde_json::json;

use crate::{Context, Error, Result, daily_summaries::zone};

const INSTRUCTIONS: &str = include_str!("greeting.md");

/// How long a greeting may take: somebody waits for it before they have asked anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many earlier messages the model is told, and how much of each, in characters.
const EARLIER: u32 = 5;
const LENGTH: usize = 500;

/// What a user is called whom nobody has given a name.
const NAMELESS: &str = "owner";

/// A greeting.
#[derive(Deserialize, JsonSchema)]
struct Greeting {
    /// What is said, in at most three sentences.
    #[schemars(length(min = 1, max = 1000))]
    greeting: String,
}

/// What a greeting can be made of.
struct Occasion {
    name: Option<String>,
    language: Option<String>,
    now: DateTime<Tz>,
    earlier: Vec<Message>,
}

/// A greeting for the chat with this app, or with Recollect; it is not kept yet.
pub(super) async fn compose(context: &Context, app_id: Option<String>) -> Result<Message> {
    let (resources, user) = (&context.resources, &context.caller.user);
    let preferences = resources.preferences(user).await?;
    let name = resources.users().find(user).await?.map(|user| user.name);
    let occasion = Occasion {
        name: name.filter(|name| !name.trim().is_empty() && name != NAMELESS),
        now: resources::now().with_timezone(&zone(&preferences)),
        language: preferences.language,
        earlier: context.messages().recent(app_id.as_deref(), EARLIER).await?,
    };
    let said = match &resources.llm {
        Some(model) => by_model(model, &occasion, app_id.as_deref()).await.unwrap_or_else(|error| {
            tracing::warn!("a greeting comes without the model: {error}");
            format!("{} Ask me about anything that is in your memory.", by_hour(&occasion))
        }),
        None => format!(
            "{} Ask me about anything that is in your memory. No language model is configured, so I answer with the \
             passages that fit best.",
            by_hour(&occasion)
        ),
    };
    let message = Message::new(resources::new_id(), resources::now(), Sender::Ai, said);
    Ok(Message { plugin_id: app_id.clone(), app_id, ..message })
}

async fn by_model(model: &LanguageModel, occasion: &Occasion, app_id: Option<&str>) -> Result<String> {
    let Occasion { name, language, now, earlier } = occasion;
    let said = |message: &Message| {
        json!({
            "sender": message.sender,
            "time": message.created_at.with_timezone(&now.timezone()).format("%-d %B %Y, %H:%M").to_string(),
            "text": message.text.chars().take(LENGTH).collect::<String>(),
        })
    };
    let told = json!({
        "name": name,
        "language": language,
        "now": now.format("%A, %-d %B %Y, %H:%M").to_string(),
        "app": app_id,
        "earlier_messages": earlier.iter().map(said).collect::<Vec<_>>(),
    });
    let asked = tokio::time::timeout(PATIENCE, model.ask::<Greeting>(INSTRUCTIONS, &told.to_string())).await;
    let answer = asked.map_err(|_| Error::Unavailable("the language model takes too long".into()))??;
    match answer.greeting.trim() {
        "" => Err(Error::Unavailable("the language model says nothing".into())),
        greeting => Ok(greeting.to_owned()),
    }
}

/// `Good morning, Ana.`
fn by_hour(occasion: &Occasion) -> String {
    let part = match occasion.now.hour() {
        5..12 => "morning",
        12..18 => "afternoon",
        _ => "evening",
    };
    match &occasion.name {
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
        by_hour(&Occasion { name: name.map(str::to_owned), language: None, now, earlier: Vec::new() })
    }

    #[test]
    fn the_hour_is_the_user_s() {
        assert_eq!(greeting("2026-05-08T03:30:00Z", "Europe/Oslo", Some("Ana")), "Good morning, Ana.");
        assert_eq!(greeting("2026-05-08T03:30:00Z", "UTC", Some("Ana")), "Good evening, Ana.");
        assert_eq!(greeting("2026-05-08T03:30:00Z", "Asia/Tokyo", None), "Good afternoon.");
        assert_eq!(greeting("2026-05-08T16:00:00Z", "Europe/Oslo", None), "Good evening.");
    }
}
