//! How this crate speaks HTTP to other servers.

#[cfg(test)]
pub(crate) mod loopback;

/// A client with the cryptography this program is built with.
pub(crate) fn client() -> reqwest::ClientBuilder {
    name_cryptography();
    reqwest::Client::builder()
}

/// Two TLS providers are in the tree, so that one has to be named before anything connects.
pub(crate) fn name_cryptography() {
    // An error means that a provider is installed already, which is just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The innermost reason of a failed request, which says more than the outer "error sending request".
pub(crate) fn root_cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), root_cause)
}
