//! How an event is sent: signed, to a checked address, within a time, once.

mod address;

use std::time::Duration;

use hmac::{Hmac, Mac};
use reqwest::{Method, Response, header::CONTENT_TYPE};
use schemas::webhook::WebhookKind;
use serde::Deserialize;
use sha2::Sha256;

pub use address::stored as stored_address;

use crate::{
    Result,
    http::{self, NetworkScope, Refused, SafeClient},
};

/// How much of an answer is read, in bytes.
const ANSWER: usize = 64 << 10;

/// What a webhook says to the user has more characters than this.
const GREETING: usize = 5;

/// How webhooks are called.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Whether events may be sent to this machine and to private networks.
    pub allow_private: bool,
    /// Seconds until what failed is tried again; each further wait is three times as long.
    pub retry_seconds: u64,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { allow_private: false, retry_seconds: 10 }
    }
}

/// Sends events.
pub struct Sender {
    client: SafeClient,
    settings: WebhookSettings,
}

/// One request to be made.
pub struct Request<'a> {
    /// The id of the delivery, the same each time it is tried.
    pub id: &'a str,
    /// The kind of the event.
    pub kind: WebhookKind,
    /// The kind's name on the wire.
    pub event: &'a str,
    /// The user whose event it is.
    pub user: &'a str,
    /// The webhook's address.
    pub url: &'a str,
    /// The user's signing secret.
    pub secret: &'a str,
    /// The JSON body.
    pub body: String,
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It arrived, with this status.
    Arrived(u16),
    /// It did not, and may another time.
    Failed(Option<u16>, String),
    /// It never will.
    Refused(String),
}

impl Sender {
    /// Opens the HTTP client.
    ///
    /// # Errors
    /// As [`SafeClient::open`].
    pub fn open(settings: &WebhookSettings) -> Result<Self> {
        let reach = if settings.allow_private { NetworkScope::Anywhere } else { NetworkScope::Public };
        let client = SafeClient::open(reach)?;
        Ok(Self { client, settings: settings.clone() })
    }

    /// How long to wait after so many attempts: three times as long after each, give or take a quarter, so that what
    /// failed together does not come back together.
    pub fn pause(&self, attempts: u32) -> Duration {
        let whole = Duration::from_secs(self.settings.retry_seconds) * 3u32.saturating_pow(attempts.saturating_sub(1));
        let chance = f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 255.0;
        whole.mul_f64(0.75 + chance / 2.0)
    }

    /// Makes a request.
    pub async fn send(&self, request: Request<'_>) -> Outcome {
        let url = address::of_user(request.url, request.user);
        let sent = match url.and_then(|url| self.client.request(Method::POST, url)) {
            Ok(sent) => sent,
            Err(refused) => return refusal(&refused),
        };
        let signature = signature(request.secret, chrono::Utc::now().timestamp(), &request.body);
        let sent = sent.timeout(patience(request.kind)).header(CONTENT_TYPE, "application/json");
        let sent = sent.header("X-Recollect-Event", request.event).header("X-Recollect-Delivery", request.id);
        let sent = sent.header("X-Recollect-Signature", signature).body(request.body).send().await;
        match sent {
            Err(error) if http::is_refusal(&error) => refusal(&error),
            Err(error) => Outcome::Failed(None, http::root_cause(&error)),
            Ok(response) => judge(request.kind, request.user, response).await,
        }
    }
}

/// What an answer means. What it says is read even where nobody wants it, so that the connection can be used again.
async fn judge(kind: WebhookKind, user: &str, mut response: Response) -> Outcome {
    let status = response.status();
    let mut said = Vec::new();
    while let Ok(Some(piece)) = response.chunk().await {
        said.extend_from_slice(&piece);
        if said.len() > ANSWER {
            break;
        }
    }
    if status.is_redirection() {
        return Outcome::Failed(Some(status.as_u16()), format!("the answer was {status}; redirects are not followed"));
    }
    if !status.is_success() {
        return Outcome::Failed(Some(status.as_u16()), format!("the answer was {status}"));
    }
    let said: serde_json::Value = serde_json::from_slice(&said).unwrap_or_default();
    if let (WebhookKind::RealtimeTranscript, Some(message)) = (kind, said["message"].as_str())
        && message.chars().count() > GREETING
    {
        tracing::debug!(user, "a webhook says: {message}");
    }
    Outcome::Arrived(status.as_u16())
}

/// What to change where that is in the operator's hands.
fn refusal(error: &(dyn std::error::Error + 'static)) -> Outcome {
    let cause = http::root_cause(error);
    match error.downcast_ref::<Refused>() {
        Some(Refused::NotTheWeb) => Outcome::Refused(cause),
        _ => Outcome::Refused(format!("{cause}, and webhooks.allow_private is off")),
    }
}

/// How long a webhook may take to answer.
fn patience(kind: WebhookKind) -> Duration {
    match kind {
        WebhookKind::MemoryCreated | WebhookKind::DaySummary => Duration::from_secs(30),
        WebhookKind::RealtimeTranscript | WebhookKind::AudioBytes | WebhookKind::ButtonEvent => Duration::from_secs(15),
    }
}

/// The time and the signature of time and body, as the header carries them.
fn signature(secret: &str, time: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("{time}.").as_bytes());
    mac.update(body.as_bytes());
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_signed_as_documented() {
        // As `printf '1700000000.{}' | openssl dgst -sha256 -hmac whsec_1` says.
        let expected = "t=1700000000,v1=c8cf6ed9fd9120874a1792902ffdf5b69559118b76d10974da8a20cf21f94bc5";
        assert_eq!(signature("whsec_1", 1_700_000_000, "{}"), expected);
    }

    #[test]
    fn pauses_grow() {
        let sender = Sender::open(&WebhookSettings::default()).unwrap();
        for (attempts, whole) in [(1, 10.0), (2, 30.0), (4, 270.0)] {
            let pause = sender.pause(attempts).as_secs_f64();
            assert!((whole * 0.75..=whole * 1.25).contains(&pause), "{attempts}: {pause}");
        }
    }
}
