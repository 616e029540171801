//! Webhooks: where a user wants to hear of what happens.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a webhook hears of: `memory_created` of a conversation that was understood, `realtime_transcript` of what is
/// being said, `day_summary` of a daily summary. `audio_bytes` and `button_event` are kept, but not sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum WebhookKind {
    MemoryCreated,
    RealtimeTranscript,
    DaySummary,
    AudioBytes,
    ButtonEvent,
}

impl WebhookKind {
    /// Every kind.
    pub const ALL: [WebhookKind; 5] = [
        WebhookKind::MemoryCreated,
        WebhookKind::RealtimeTranscript,
        WebhookKind::DaySummary,
        WebhookKind::AudioBytes,
        WebhookKind::ButtonEvent,
    ];
}

/// Get where events of one kind are sent.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhook {
    /// What it hears of.
    pub kind: WebhookKind,
}

/// Where events of one kind are sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Webhook {
    /// The address as it was set, for `audio_bytes` with a comma and the seconds between two requests; empty for none.
    #[schemars(example = &"https://hooks.example/recollect")]
    pub url: String,
    /// Whether events are sent there.
    pub enabled: bool,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// Why the server has switched it off itself; null where it has not.
    pub disabled_because: Option<String>,
}

/// Set where events of one kind are sent. An empty address switches the webhook off; another one does not switch it on.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetWebhook {
    /// What it hears of.
    pub kind: WebhookKind,
    /// The address, http or https, for `audio_bytes` with a comma and the seconds between two requests.
    #[schemars(length(max = 2000), example = &"https://hooks.example/recollect")]
    pub url: String,
}

/// Switch a webhook on.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EnableWebhook {
    /// What it hears of.
    pub kind: WebhookKind,
}

/// Switch a webhook off. Its address is kept; what is on its way there is dropped.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisableWebhook {
    /// What it hears of.
    pub kind: WebhookKind,
}

/// Get which webhooks are on.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhooksStatus {}

/// Which webhooks are on.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WebhooksStatus {
    /// That for recorded sound; it is not sent yet.
    pub audio_bytes: bool,
    /// That for conversations that were understood.
    pub memory_created: bool,
    /// That for what is being said.
    pub realtime_transcript: bool,
    /// That for daily summaries.
    pub day_summary: bool,
    /// That for presses of a device's button; they are not sent yet.
    pub button_event: bool,
}

/// Get the secret that webhook requests are signed with: `X-Recollect-Signature: t=<unix time>,v1=<signature>`, where
/// the signature is the hexadecimal HMAC-SHA-256 of the time, a full stop and the body.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhookSecret {}

/// Replace the secret that webhook requests are signed with. From now on only the new one is used.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RotateWebhookSecret {}

/// What webhook requests are signed with.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookSecret {
    /// The secret; all of it is the key of the signature.
    pub secret: String,
}

/// List the last 100 events that were to be sent to webhooks, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhookDeliveries {}

/// Where an event stands on its way to a webhook: `queued` waits for its first or next attempt, `delivered` has arrived,
/// `dead` is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum DeliveryState {
    Queued,
    Delivered,
    Dead,
}

/// An event on its way to a webhook.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WebhookDelivery {
    /// Identifies the delivery; sent along as `X-Recollect-Delivery`, the same at every attempt.
    #[schemars(example = &"memory_created:0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub id: String,
    /// What it is about.
    pub kind: WebhookKind,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// When it is tried again; null when it is not.
    pub next_at: Option<DateTime<Utc>>,
    /// When it arrived or was given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last answer.
    pub last_status: Option<u16>,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// Events on their way to webhooks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookDeliveries {
    /// Newest first.
    pub deliveries: Vec<WebhookDelivery>,
}
