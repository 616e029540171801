//! How this crate speaks HTTP to other servers.

#[doc(hidden)]
pub mod loopback;
mod public_resolver;
mod safe_client;

pub use public_resolver::{Refused, is_refusal, web_address};
pub use safe_client::{Document, FetchError, NetworkScope, SafeClient, fetch, read_body};

/// A client with the cryptography this program is built with.
pub fn client() -> reqwest::ClientBuilder {
    install_crypto_provider();
    reqwest::Client::builder()
}

/// Two TLS providers are in the tree, so that one has to be named before anything connects.
pub fn install_crypto_provider() {
    // An error means that a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The innermost reason of a failed request, which says more than the outer "error sending request"; without the address,
/// which may hold secrets.
pub fn root_cause(error: &dyn std::error::Error) -> String {
    let Some(source) = error.source() else {
        let text = error.to_string();
        return text.split(" for url (").next().unwrap_or_default().to_owned();
    };
    root_cause(source)
}
