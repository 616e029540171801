//! TLS with a certificate from files. The files are reloaded when they change, so that a renewed certificate needs no
//! restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::RwLock;
use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    net::TcpStream,
    signal::unix::{SignalKind, signal},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use crate::{config::TlsConfig, exit::ExitError};

/// How often the files are checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// The TLS acceptor.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    certificate: Arc<Certificate>,
}

impl Tls {
    /// As the configuration says; `None` is plain HTTP.
    ///
    /// # Errors
    /// A file that cannot be used, and the reason.
    pub(crate) fn open(config: &TlsConfig) -> Result<Option<Self>, ExitError> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else { return Ok(None) };
        let certificate = Certificate::open(certificate.clone(), key.clone()).map_err(ExitError::Config)?;
        let certificate = Arc::new(certificate);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&certificate.provider));
        let builder =
            builder.with_safe_default_protocol_versions().map_err(|error| ExitError::Config(error.to_string()))?;
        let mut server = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&certificate) as _);
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(server)), certificate }))
    }

    /// Performs the handshake with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Starts the task that reloads the files when they change, or on SIGHUP; it runs until `stop` is cancelled.
    pub(crate) fn watch(&self, stop: CancellationToken) -> io::Result<JoinHandle<()>> {
        let certificate = Arc::clone(&self.certificate);
        let mut hang_up = signal(SignalKind::hangup())?;
        Ok(tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = hang_up.recv() => certificate.reload(),
                    () = tokio::time::sleep(CHECK_INTERVAL) => if certificate.has_changed() { certificate.reload() },
                }
            }
        }))
    }
}

/// The certificate in use, and its files.
struct Certificate {
    files: [PathBuf; 2],
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

struct Current {
    key: Arc<CertifiedKey>,
    modified: [Option<SystemTime>; 2],
}

impl Certificate {
    fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let (modified, pair) = (times(&certificate, &key), read(&certificate, &key, &provider)?);
        Ok(Self { files: [certificate, key], provider, current: RwLock::new(Current { key: pair, modified }) })
    }

    fn has_changed(&self) -> bool {
        let [certificate, key] = &self.files;
        self.current.read().modified != times(certificate, key)
    }

    /// Keeps the current certificate where the files cannot be used: they may be half written.
    fn reload(&self) {
        let [certificate, key] = &self.files;
        let modified = times(certificate, key);
        match read(certificate, key, &self.provider) {
            Ok(key) => {
                *self.current.write() = Current { key, modified };
                tracing::info!("TLS certificate reloaded");
            }
            Err(reason) => tracing::warn!("TLS certificate not reloaded: {reason}"),
        }
    }
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().key))
    }
}

fn times(certificate: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|file| fs::metadata(file).and_then(|metadata| metadata.modified()).ok())
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, String> {
    let (certificate_name, key_name) = (certificate.display(), key.display());
    let unusable = |setting: &str, file: &dyn std::fmt::Display, reason: &dyn std::fmt::Display| {
        format!("{setting}: {file} cannot be used: {reason}")
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unusable("tls.certificate", &certificate_name, &error))?;
    if chain.is_empty() {
        return Err(unusable("tls.certificate", &certificate_name, &"it holds no certificate"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable("tls.key", &key_name, &error))?;
    let pair = CertifiedKey::from_der(chain, private, provider);
    pair.map(Arc::new).map_err(|error| format!("tls.key: {key_name} does not match {certificate_name}: {error}"))
}
