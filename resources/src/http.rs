//! How this crate speaks HTTP to other servers.

mod guarded;
#[cfg(test)]
pub(crate) mod loopback;
mod public;

pub use guarded::{Document, FetchError, Guarded, Reach};
pub(crate) use guarded::{body_of, fetch};
pub use public::{Refused, is_refusal, web_address};

/// A client with the cryptography this program is built with.
pub fn client() -> reqwest::ClientBuilder {
    name_cryptography();
    reqwest::Client::builder()
}

/// Two TLS providers are in the tree, so that one has to be named before anything connects.
pub(crate) fn name_cryptography() {
    // An error means that a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The innermost reason of a failed request, which says more than the outer "error sending request"; without the address,
/// which may hold secrets.
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    let Some(source) = error.source() else {
        let text = error.to_string();
        return text.split(" for url (").next().unwrap_or_default().to_owned();
    };
    root_cause(source)
}
