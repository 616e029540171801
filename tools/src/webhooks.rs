//! Webhooks: say where to send what happens, and send it.

use resources::{
    Resources,
    webhooks::{Switch, Webhooks as Stored},
};
use schemas::{
    conversation::{Conversation, TranscriptSegment},
    daily_summary::DailySummary,
    memory::Done,
    webhook::*,
};
use serde_json::{Value, json};

use crate::{
    Context, Error, Result, Tool,
    tool::{Noun, binding::post},
    toolsets::Toolset,
};

/// What an address may begin with.
const SCHEMES: [&str; 2] = ["http://", "https://"];

/// The addresses that events are sent to.
pub(crate) const WEBHOOKS: Noun = Noun::new("webhook", "webhooks", "kind", Toolset::Admin);

pub(crate) fn tools() -> Vec<Tool> {
    // All of them are for signed-in users alone: the address receives everything that is said from then on.
    WEBHOOKS.tools([
        read!(get_webhook).app("/v1/users/developer/webhook/{kind}"),
        update!(set_webhook).no_impersonation().app(post("/v1/users/developer/webhook/{kind}")),
        update!(enable_webhook).no_impersonation().app(post("/v1/users/developer/webhook/{kind}/enable")),
        update!(disable_webhook).app(post("/v1/users/developer/webhook/{kind}/disable")),
        read!(get_webhooks_status).app("/v1/users/developer/webhooks/status"),
        read!(get_webhook_secret).no_impersonation().app("/v1/users/developer/webhooks/secret"),
        act!(rotate_webhook_secret).no_impersonation().app("/v1/users/developer/webhooks/secret/rotate"),
        read!(get_webhook_deliveries).app("/v1/users/developer/webhooks/deliveries"),
    ])
}

impl Context {
    /// The caller's webhooks.
    pub fn webhooks(&self) -> Stored<'_> {
        self.resources.webhooks(&self.caller.user)
    }
}

/// Sends a processed conversation to the user's webhook, once; discarded ones are not sent.
///
/// # Errors
/// The database fails; the event is not queued then.
pub async fn conversation_created(resources: &Resources, user: &str, conversation: &Conversation) -> Result<()> {
    let kind = WebhookKind::MemoryCreated;
    if conversation.discarded || !resources.webhooks(user).is_enabled(kind).await? {
        return Ok(());
    }
    let mut whole = conversation.clone();
    if whole.transcript_segments.is_none() {
        resources.conversations(user).add_transcripts(std::slice::from_mut(&mut whole)).await?;
    }
    let key = whole.id.clone();
    raise(resources, user, kind, &key, json!(whole)).await
}

/// Sends transcript segments to the user's webhook.
///
/// # Errors
/// As [`conversation_created`].
pub async fn transcript(resources: &Resources, user: &str, segments: &[TranscriptSegment]) -> Result<()> {
    if segments.is_empty() {
        return Ok(());
    }
    let body = json!({ "segments": segments, "session_id": user });
    raise(resources, user, WebhookKind::RealtimeTranscript, &resources::new_id(), body).await
}

/// Sends a daily summary to the user's webhook, once.
///
/// # Errors
/// As [`conversation_created`].
pub async fn day_summary(resources: &Resources, user: &str, summary: &DailySummary) -> Result<()> {
    let text = format!("{}\n\n{}", summary.headline, summary.overview);
    let created_at = &summary.created_at;
    let body = json!({ "uid": user, "created_at": created_at, "summary": text, "summary_json": summary });
    raise(resources, user, WebhookKind::DaySummary, &summary.id, body).await
}

async fn raise(resources: &Resources, user: &str, kind: WebhookKind, key: &str, body: Value) -> Result<()> {
    Ok(resources.webhooks(user).enqueue(kind, key, body.to_string()).await?)
}

async fn get_webhook(context: Context, input: GetWebhook) -> Result<Webhook> {
    Ok(context.webhooks().get(input.kind).await?)
}

async fn set_webhook(context: Context, input: SetWebhook) -> Result<Done> {
    let url = input.url.trim();
    let is_empty = url.trim_matches(',').trim().is_empty();
    let lower = url.to_lowercase();
    if !is_empty && !SCHEMES.iter().any(|scheme| lower.len() > scheme.len() && lower.starts_with(scheme)) {
        return Err(Error::Invalid("url must be an address that starts with http:// or https://".into()));
    }
    context.webhooks().set_url(input.kind, &input.url).await?;
    Ok(Done::DONE)
}

async fn enable_webhook(context: Context, input: EnableWebhook) -> Result<Done> {
    context.webhooks().switch(input.kind, Switch::On).await?;
    Ok(Done::DONE)
}

async fn disable_webhook(context: Context, input: DisableWebhook) -> Result<Done> {
    context.webhooks().switch(input.kind, Switch::Off).await?;
    Ok(Done::DONE)
}

async fn get_webhooks_status(context: Context, _: GetWebhooksStatus) -> Result<WebhooksStatus> {
    let mut status = WebhooksStatus::default();
    for kind in WebhookKind::ALL {
        let is_on = match kind {
            WebhookKind::AudioBytes => &mut status.audio_bytes,
            WebhookKind::MemoryCreated => &mut status.memory_created,
            WebhookKind::RealtimeTranscript => &mut status.realtime_transcript,
            WebhookKind::DaySummary => &mut status.day_summary,
            WebhookKind::ButtonEvent => &mut status.button_event,
        };
        *is_on = context.webhooks().is_enabled(kind).await?;
    }
    Ok(status)
}

async fn get_webhook_secret(context: Context, _: GetWebhookSecret) -> Result<WebhookSecret> {
    Ok(WebhookSecret { secret: context.webhooks().secret().await? })
}

async fn rotate_webhook_secret(context: Context, _: RotateWebhookSecret) -> Result<WebhookSecret> {
    Ok(WebhookSecret { secret: context.webhooks().rotate_secret().await? })
}

async fn get_webhook_deliveries(context: Context, _: GetWebhookDeliveries) -> Result<WebhookDeliveries> {
    Ok(WebhookDeliveries { deliveries: context.webhooks().deliveries().await? })
}
