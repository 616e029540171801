//! The HTTP client for URLs that users, clients and apps have chosen. It reaches public addresses only, unless the
//! configuration says otherwise, follows no redirects and uses no proxy.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Client, IntoUrl, Method, RequestBuilder, Response, Url,
    header::{ACCEPT, HeaderMap, HeaderValue},
    redirect::Policy,
};

use super::{
    client,
    public_resolver::{PublicResolver, UrlError, check_ip, is_rejected, parse_http_url},
    root_cause,
};
use crate::{Error, Result};

/// The timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The networks that requests may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkScope {
    /// Public addresses only.
    Public,
    /// This machine and private networks as well.
    Anywhere,
}

/// An HTTP client for URLs of others.
#[derive(Debug, Clone)]
pub struct SafeClient {
    client: Client,
    scope: NetworkScope,
}

/// A fetched document.
#[derive(Debug, Clone)]
pub struct Document {
    /// The response headers.
    pub headers: HeaderMap,
    /// The response body.
    pub body: Bytes,
}

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The URL is not allowed.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The status was not 200.
    #[error("the answer was {0}")]
    Status(reqwest::StatusCode),
    /// The body exceeds the limit.
    #[error("the document is larger than {0} bytes")]
    TooLarge(usize),
    /// The timeout expired.
    #[error("the document did not come within {0:?}")]
    TimedOut(Duration),
    /// The server cannot be reached.
    #[error("{0}")]
    Unreachable(String),
}

impl SafeClient {
    /// A client for these networks.
    ///
    /// # Errors
    /// What the TLS library says of this machine's certificates.
    pub fn open(scope: NetworkScope) -> Result<Self> {
        let client = client()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::none())
            // A proxy would resolve names by itself.
            .no_proxy()
            .referer(false)
            .user_agent(concat!("Recollect/", env!("CARGO_PKG_VERSION")));
        let client = match scope {
            NetworkScope::Public => client.dns_resolver(Arc::new(PublicResolver::new())),
            NetworkScope::Anywhere => client,
        };
        Ok(Self { client: client.build().map_err(Error::internal)?, scope })
    }

    /// A request to this URL, without a timeout.
    ///
    /// # Errors
    /// The URL is not HTTP, or its host is an IP address that is not public. A name without a public address fails when the
    /// request is sent: [`is_rejected`](super::is_rejected) recognizes that error.
    pub fn request(&self, method: Method, url: impl IntoUrl) -> Result<RequestBuilder, UrlError> {
        let url = self.check(url)?;
        Ok(self.client.request(method, url))
    }

    /// Fetches a JSON document of at most `max_bytes` bytes, within `timeout`.
    ///
    /// # Errors
    /// [`FetchError`]; any status but 200 is an error, redirects as well.
    pub async fn fetch(&self, url: &str, max_bytes: usize, timeout: Duration) -> Result<Document, FetchError> {
        fetch(self.request(Method::GET, url)?, max_bytes, timeout).await
    }

    fn check(&self, url: impl IntoUrl) -> Result<Url, UrlError> {
        let url = parse_http_url(url.as_str())?;
        match self.scope {
            NetworkScope::Public => check_ip(&url).map(|()| url),
            NetworkScope::Anywhere => Ok(url),
        }
    }
}

/// Sends a request for a JSON document of at most `max_bytes` bytes, within `timeout`.
///
/// # Errors
/// [`FetchError`]; any status but 200 is an error, redirects as well.
pub async fn fetch(request: RequestBuilder, max_bytes: usize, timeout: Duration) -> Result<Document, FetchError> {
    let request = request.header(ACCEPT, HeaderValue::from_static("application/json"));
    let read = async {
        let mut response = request.send().await.map_err(failure)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status()));
        }
        let body = read_body(&mut response, max_bytes).await?;
        Ok(Document { headers: std::mem::take(response.headers_mut()), body: body.into() })
    };
    match tokio::time::timeout(timeout, read).await {
        Ok(outcome) => outcome,
        Err(_) => Err(FetchError::TimedOut(timeout)),
    }
}

/// Reads the body of a response of at most `max_bytes` bytes.
///
/// # Errors
/// [`FetchError::TooLarge`], or [`FetchError::Unreachable`] when the connection fails.
pub async fn read_body(response: &mut Response, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failure)? {
        if body.len() + chunk.len() > max_bytes {
            return Err(FetchError::TooLarge(max_bytes));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An error without the URL, which may contain secrets.
fn failure(error: reqwest::Error) -> FetchError {
    let host = error.url().and_then(Url::host_str).unwrap_or_default().to_owned();
    if is_rejected(&error) {
        return FetchError::Url(UrlError::NotPublic(host));
    }
    FetchError::Unreachable(root_cause(&error.without_url()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::loopback;

    const TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn what_is_not_public_is_not_reached() {
        let url = loopback::serve(|_| panic!("no request is expected"));
        let client = SafeClient::open(NetworkScope::Public).unwrap();
        for address in [url.clone(), url.replace("127.0.0.1", "localhost"), "http://[::1]:1/".into()] {
            let error = client.fetch(&address, 1024, TIMEOUT).await.unwrap_err();
            assert!(matches!(error, FetchError::Url(UrlError::NotPublic(_))), "{address}: {error:?}");
        }
        let error = client.fetch("file:///etc/passwd", 1024, TIMEOUT).await.unwrap_err();
        assert!(matches!(error, FetchError::Url(UrlError::NotHttp)), "{error:?}");
    }

    #[tokio::test]
    async fn documents_are_bounded() {
        let url = loopback::serve(|request| {
            if request.head.starts_with("get /never") {
                std::thread::sleep(Duration::from_secs(2));
            }
            (if request.head.starts_with("get /gone") { 404 } else { 200 }, vec![b' '; 1024])
        });
        let client = SafeClient::open(NetworkScope::Anywhere).unwrap();
        assert_eq!(client.fetch(&url, 1024, TIMEOUT).await.unwrap().body.len(), 1024);
        let error = client.fetch(&url, 1023, TIMEOUT).await.unwrap_err();
        assert!(matches!(error, FetchError::TooLarge(1023)), "{error:?}");
        let error = client.fetch(&format!("{url}/gone"), 1024, TIMEOUT).await.unwrap_err();
        assert!(matches!(error, FetchError::Status(status) if status == 404), "{error:?}");
        let error = client.fetch(&format!("{url}/never"), 1024, Duration::from_millis(20)).await.unwrap_err();
        assert!(matches!(error, FetchError::TimedOut(_)), "{error:?}");
    }

    #[tokio::test]
    async fn redirects_are_not_followed() {
        let inner = loopback::serve(|_| panic!("no request is expected"));
        let outer = loopback::serve_redirect([127, 0, 0, 1], &inner);
        let error = SafeClient::open(NetworkScope::Anywhere).unwrap().fetch(&outer, 1024, TIMEOUT).await.unwrap_err();
        assert!(matches!(error, FetchError::Status(status) if status == 302), "{error:?}");
    }

    #[tokio::test]
    async fn errors_do_not_tell_the_address() {
        let url = format!("{}/hook?key=sesame", loopback::closed());
        let error = SafeClient::open(NetworkScope::Anywhere).unwrap().fetch(&url, 1024, TIMEOUT).await.unwrap_err();
        assert!(!error.to_string().contains("sesame"), "{error}");
    }
}
