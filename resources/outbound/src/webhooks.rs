//! Sending of webhook requests: signed as the Standard Webhooks specification says, to checked addresses, with a timeout.

mod address;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use rand::{RngCore, rngs::OsRng};
use reqwest::{Method, Response, header::CONTENT_TYPE};
use schemas::webhook::WebhookKind;
use serde::Deserialize;
use sha2::Sha256;

pub use address::stored_url;

use crate::{
    Result,
    http::{self, NetworkScope, SafeClient, UrlError},
};

/// The prefix of signing secrets; the base64 form of the key follows.
const SECRET_PREFIX: &str = "whsec_";

/// The number of bytes of a response that are read.
const MAX_RESPONSE_BYTES: usize = 64 << 10;

/// Messages of webhooks to the user have more characters than this.
const MIN_MESSAGE_CHARS: usize = 5;

/// Settings of webhooks.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookSettings {
    /// Whether events may be sent to this machine and to private networks.
    pub allow_private: bool,
    /// Seconds until the first retry; each further delay is three times as long.
    pub retry_seconds: u64,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self { allow_private: false, retry_seconds: 10 }
    }
}

/// A new random signing secret.
pub fn new_secret() -> String {
    let mut key = [0; 32];
    OsRng.fill_bytes(&mut key);
    format!("{SECRET_PREFIX}{}", STANDARD.encode(key))
}

/// Sends webhook requests.
pub struct Sender {
    client: SafeClient,
    settings: WebhookSettings,
}

/// A webhook request.
pub struct Request<'a> {
    /// The id of the delivery, the same at each attempt.
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

/// The outcome of a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was delivered, with this status.
    Delivered(u16),
    /// It failed and can be retried.
    Failed(Option<u16>, String),
    /// Its URL is not allowed.
    Rejected(String),
}

impl Sender {
    /// Opens the HTTP client.
    ///
    /// # Errors
    /// As [`SafeClient::open`].
    pub fn open(settings: &WebhookSettings) -> Result<Self> {
        let scope = if settings.allow_private { NetworkScope::Anywhere } else { NetworkScope::Public };
        let client = SafeClient::open(scope)?;
        Ok(Self { client, settings: settings.clone() })
    }

    /// The delay after this many attempts: three times as long after each, with a jitter of a quarter, so that requests
    /// that failed together are not retried together.
    pub fn retry_delay(&self, attempts: u32) -> Duration {
        let whole = Duration::from_secs(self.settings.retry_seconds) * 3u32.saturating_pow(attempts.saturating_sub(1));
        let jitter = f64::from(OsRng.next_u32()) / f64::from(u32::MAX);
        whole.mul_f64(0.75 + jitter / 2.0)
    }

    /// Sends a request once.
    pub async fn send(&self, request: Request<'_>) -> Outcome {
        let url = address::with_user(request.url, request.user);
        let post = match url.and_then(|url| self.client.request(Method::POST, url)) {
            Ok(post) => post,
            Err(error) => return rejected(&error),
        };
        let timestamp = chrono::Utc::now().timestamp();
        let signature = sign(request.secret, request.id, timestamp, &request.body);
        let post = post
            .timeout(timeout(request.kind))
            .header(CONTENT_TYPE, "application/json")
            .header("X-Recollect-Event", request.event)
            .header("webhook-id", request.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(request.body);
        match post.send().await {
            Err(error) if http::is_rejected(&error) => rejected(&error),
            Err(error) => Outcome::Failed(None, http::root_cause(&error)),
            Ok(response) => outcome_of(request.kind, request.user, response).await,
        }
    }
}

/// The outcome of a response. Its body is always read, so that the connection can be reused.
async fn outcome_of(kind: WebhookKind, user: &str, mut response: Response) -> Outcome {
    let status = response.status();
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_RESPONSE_BYTES {
            break;
        }
    }
    if status.is_redirection() {
        return Outcome::Failed(Some(status.as_u16()), format!("the answer was {status}; redirects are not followed"));
    }
    if !status.is_success() {
        return Outcome::Failed(Some(status.as_u16()), format!("the answer was {status}"));
    }
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    if let (WebhookKind::RealtimeTranscript, Some(message)) = (kind, body["message"].as_str())
        && message.chars().count() > MIN_MESSAGE_CHARS
    {
        tracing::debug!(user, "message of a webhook: {message}");
    }
    Outcome::Delivered(status.as_u16())
}

/// The outcome of a request whose URL is not allowed, with the setting that would allow it.
fn rejected(error: &(dyn std::error::Error + 'static)) -> Outcome {
    let cause = http::root_cause(error);
    match error.downcast_ref::<UrlError>() {
        Some(UrlError::NotHttp) => Outcome::Rejected(cause),
        _ => Outcome::Rejected(format!("{cause}, and webhooks.allow_private is off")),
    }
}

/// The timeout of a request.
fn timeout(kind: WebhookKind) -> Duration {
    match kind {
        WebhookKind::MemoryCreated | WebhookKind::DaySummary => Duration::from_secs(30),
        WebhookKind::RealtimeTranscript | WebhookKind::AudioBytes | WebhookKind::ButtonEvent => Duration::from_secs(15),
    }
}

/// The signature of the Standard Webhooks specification: HMAC-SHA-256 over id, timestamp and body.
fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
    let encoded = secret.strip_prefix(SECRET_PREFIX).unwrap_or(secret);
    // A secret in any other form is the key as it is.
    let key = STANDARD.decode(encoded).unwrap_or_else(|_| secret.as_bytes().to_vec());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_signed_as_specified() {
        // The example of the specification.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn pauses_grow() {
        let sender = Sender::open(&WebhookSettings::default()).unwrap();
        for (attempts, whole) in [(1, 10.0), (2, 30.0), (4, 270.0)] {
            let delay = sender.retry_delay(attempts).as_secs_f64();
            assert!((whole * 0.75..=whole * 1.25).contains(&delay), "{attempts}: {delay}");
        }
    }
}
