//! Webhooks: addresses that receive events.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The events of a webhook: `memory_created` for a processed conversation, `realtime_transcript` for the live
/// transcript, `day_summary` for a daily summary. `audio_bytes` and `button_event` are stored, but not sent yet.
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

/// Get the webhook for events of one kind.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhook {
    /// Its events.
    pub kind: WebhookKind,
}

/// The webhook for events of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Webhook {
    /// The address as it was set, for `audio_bytes` with a comma and the seconds between two requests; empty for none.
    #[schemars(example = &"https://hooks.example/recollect")]
    pub url: String,
    /// Whether events are sent there.
    pub enabled: bool,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// Why the server has disabled it; null where it has not.
    pub disabled_because: Option<String>,
}

/// Set the address for events of one kind. An empty address disables the webhook; another one does not enable it.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct SetWebhook {
    /// Its events.
    pub kind: WebhookKind,
    /// The address, http or https, for `audio_bytes` with a comma and the seconds between two requests.
    #[schemars(length(max = 2000), example = &"https://hooks.example/recollect")]
    pub url: String,
}

/// Enable a webhook.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct EnableWebhook {
    /// Its events.
    pub kind: WebhookKind,
}

/// Disable a webhook. Its address is kept; queued events are dropped.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct DisableWebhook {
    /// Its events.
    pub kind: WebhookKind,
}

/// Get which webhooks are enabled.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhooksStatus {}

/// Which webhooks are enabled.
#[derive(Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WebhooksStatus {
    /// The one for recorded audio; it is not sent yet.
    pub audio_bytes: bool,
    /// The one for processed conversations.
    pub memory_created: bool,
    /// The one for live transcripts.
    pub realtime_transcript: bool,
    /// The one for daily summaries.
    pub day_summary: bool,
    /// The one for button presses; they are not sent yet.
    pub button_event: bool,
}

/// Get the secret that webhook requests are signed with, as the Standard Webhooks specification says: the header
/// `webhook-signature` has `v1,` and the base64 HMAC-SHA-256 of `webhook-id`, `webhook-timestamp` and the body, joined by
/// full stops.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhookSecret {}

/// Replace the secret that webhook requests are signed with. From now on only the new one is used.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct RotateWebhookSecret {}

/// The secret of webhook signatures.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookSecret {
    /// The secret: `whsec_` and the base64 form of the key.
    pub secret: String,
}

/// List the last 100 events that were to be sent to webhooks, newest first.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct GetWebhookDeliveries {}

/// The status of a delivery: `queued` waits for its first or next attempt, `delivered` has arrived,
/// `dead` is not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum DeliveryState {
    Queued,
    Delivered,
    Dead,
}

/// The delivery of an event to a webhook.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WebhookDelivery {
    /// Identifies the delivery; sent as `webhook-id`, the same at every attempt.
    #[schemars(example = &"memory_created:0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11")]
    pub id: String,
    /// What it is about.
    pub kind: WebhookKind,
    /// Its status.
    pub state: DeliveryState,
    /// The number of attempts.
    pub attempts: u32,
    /// When it happened.
    pub created_at: DateTime<Utc>,
    /// The time of the next attempt; null when there is none.
    pub next_at: Option<DateTime<Utc>>,
    /// When it was delivered or given up.
    pub finished_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last response.
    pub last_status: Option<u16>,
    /// The last error.
    pub last_error: Option<String>,
}

/// Deliveries to webhooks.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WebhookDeliveries {
    /// Newest first.
    pub deliveries: Vec<WebhookDelivery>,
}
