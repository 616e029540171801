//! HTTP clients of other servers.

#[doc(hidden)]
pub mod loopback;
mod public_resolver;
mod safe_client;

pub use public_resolver::{UrlError, is_rejected, parse_http_url};
pub use safe_client::{Document, FetchError, NetworkScope, SafeClient, fetch, read_body};

/// A builder of HTTP clients, with the TLS provider installed.
pub fn client() -> reqwest::ClientBuilder {
    install_crypto_provider();
    reqwest::Client::builder()
}

/// Installs a TLS provider. The dependencies contain two, so that one has to be chosen before the first connection.
pub fn install_crypto_provider() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The innermost cause of a failed request, which says more than "error sending request"; without the URL, which may
/// contain secrets.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    let Some(source) = error.source() else {
        let text = error.to_string();
        return text.split(" for url (").next().unwrap_or_default().to_owned();
    };
    root_cause(source)
}
