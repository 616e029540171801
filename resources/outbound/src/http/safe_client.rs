//! Requests to addresses that somebody else has chosen: a user, a client, an app. They go to public addresses alone, unless
//! the configuration says otherwise; no redirect is followed, no proxy looks names up by itself.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Client, IntoUrl, Method, RequestBuilder, Response, Url,
    header::{ACCEPT, HeaderMap, HeaderValue},
    redirect::Policy,
};

use super::{
    client,
    public_resolver::{PublicNames, Refused, check_number, is_refusal, web_address},
    root_cause,
};
use crate::{Error, Result};

/// How long it may take to connect.
const CONNECT: Duration = Duration::from_secs(10);

/// Where such requests may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkScope {
    /// To public addresses alone.
    Public,
    /// To this machine and to private networks too.
    Anywhere,
}

/// Makes such requests.
#[derive(Debug, Clone)]
pub struct SafeClient {
    client: Client,
    reach: NetworkScope,
}

/// A document that was fetched.
#[derive(Debug, Clone)]
pub struct Document {
    /// What was said of it.
    pub headers: HeaderMap,
    /// What is in it.
    pub body: Bytes,
}

/// Why a document was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address may not be called.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The server answered something else.
    #[error("the answer was {0}")]
    Status(reqwest::StatusCode),
    /// It is larger than it may be.
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// It took longer than it may.
    #[error("the document did not come within {0:?}")]
    TooSlow(Duration),
    /// The server is away.
    #[error("{0}")]
    Away(String),
}

impl SafeClient {
    /// A client that reaches so far.
    ///
    /// # Errors
    /// What the TLS library says of this machine's certificates.
    pub fn open(reach: NetworkScope) -> Result<Self> {
        let client = client()
            .connect_timeout(CONNECT)
            .redirect(Policy::none())
            // A proxy would look names up by itself.
            .no_proxy()
            .referer(false)
            .user_agent(concat!("Recollect/", env!("CARGO_PKG_VERSION")));
        let client = match reach {
            NetworkScope::Public => client.dns_resolver(Arc::new(PublicNames::new())),
            NetworkScope::Anywhere => client,
        };
        Ok(Self { client: client.build().map_err(Error::internal)?, reach })
    }

    /// A request to this address, if it may be called at all. It has no time limit yet.
    ///
    /// # Errors
    /// The address is none of the web's, or a number that is not public. A name that leads to no public address fails
    /// when the request is sent: [`is_refusal`](super::is_refusal) knows that error.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> Result<RequestBuilder, Refused> {
        let url = self.check(url)?;
        Ok(self.client.request(method, url))
    }

    /// Fetches a JSON document of at most `largest` bytes, within `patience` in all.
    ///
    /// # Errors
    /// Whatever keeps it from being fetched; any status but 200, a redirect among them.
    pub async fn fetch(&self, url: &str, largest: usize, patience: Duration) -> Result<Document, FetchError> {
        fetch(self.request(Method::GET, url)?, largest, patience).await
    }

    fn check(&self, url: impl IntoUrl) -> Result<Url, Refused> {
        let url = web_address(url.as_str())?;
        match self.reach {
            NetworkScope::Public => check_number(&url).map(|()| url),
            NetworkScope::Anywhere => Ok(url),
        }
    }
}

/// The JSON document of at most `largest` bytes that answers a request, within `patience` in all.
///
/// # Errors
/// Whatever keeps it from being fetched; any status but 200, a redirect among them.
pub async fn fetch(request: RequestBuilder, largest: usize, patience: Duration) -> Result<Document, FetchError> {
    let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
    let read = async {
        let mut response = request.send().await.map_err(failure)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let body = read_body(&mut response, largest).await?;
        Ok(Document { headers: std::mem::take(response.headers_mut()), body: body.into() })
    };
    match tokio::time::timeout(patience, read).await {
        Ok(outcome) => outcome,
        Err(_) => Err(FetchError::TooSlow(patience)),
    }
}

/// What is in an answer, if that is at most `largest` bytes.
pub async fn read_body(response: &mut Response, largest: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failure)? {
        if body.len() + piece.len() > largest {
            return Err(FetchError::TooLarge(largest));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// Without the address, which may hold secrets.
fn failure(error: reqwest::Error) -> FetchError {
    let host = error.url().and_then(Url::host_str).unwrap_or_default().to_owned();
    if is_refusal(&error) {
        return FetchError::Refused(Refused::NotPublic(host));
    }
    FetchError::Away(root_cause(&error.without_url()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::loopback;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn what_is_not_public_is_not_reached() {
        let url = loopback::serve(|_| panic!("nobody may come here"));
        let guarded = SafeClient::open(NetworkScope::Public).unwrap();
        for address in [url.clone(), url.replace("127.0.0.1", "localhost"), "http://[::1]:1/".into()] {
            let error = guarded.fetch(&address, 1024, PATIENCE).await.unwrap_err();
            assert!(matches!(error, FetchError::Refused(Refused::NotPublic(_))), "{address}: {error:?}");
        }
        let error = guarded.fetch("file:///etc/passwd", 1024, PATIENCE).await.unwrap_err();
        assert!(matches!(error, FetchError::Refused(Refused::NotTheWeb)), "{error:?}");
    }

    #[tokio::test]
    async fn documents_are_bounded() {
        let url = loopback::serve(|request| {
            if request.head.starts_with("get /never") {
                std::thread::sleep(Duration::from_secs(2));
            }
            (if request.head.starts_with("get /gone") { 404 } else { 200 }, vec![b' '; 1024])
        });
        let guarded = SafeClient::open(NetworkScope::Anywhere).unwrap();
        assert_eq!(guarded.fetch(&url, 1024, PATIENCE).await.unwrap().body.len(), 1024);
        let error = guarded.fetch(&url, 1023, PATIENCE).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge(1023)), "{error:?}");
        let error = guarded.fetch(&format!("{url}/gone"), 1024, PATIENCE).await.unwrap_err();
        assert!(matches!(error, FetchError::Status(status) if status == 404), "{error:?}");
        let error = guarded.fetch(&format!("{url}/never"), 1024, Duration::from_millis(20)).await.unwrap_err();
        assert!(matches!(error, FetchError::TooSlow(_)), "{error:?}");
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let inner = loopback::serve(|_| panic!("nobody may come here"));
        let outer = loopback::serve_redirect([127, 0, 0, 1], &inner);
        let error = SafeClient::open(NetworkScope::Anywhere).unwrap().fetch(&outer, 1024, PATIENCE).await.unwrap_err();
        assert!(matches!(error, FetchError::Status(status) if status == 302), "{error:?}");
    }

    #[tokio::test]
    async fn errors_do_not_tell_the_address() {
        let url = format!("{}/hook?key=sesame", loopback::closed());
        let error = SafeClient::open(NetworkScope::Anywhere).unwrap().fetch(&url, 1024, PATIENCE).await.unwrap_err();
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}
