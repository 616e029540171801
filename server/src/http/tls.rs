//! TLS, from configured files. They are read again when they change, so that a renewed certificate needs no restart.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

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

use crate::{config::TlsConfig, exit::Failure};

/// How often the files are looked at.
const LOOKED_AT: Duration = Duration::from_secs(30);

/// Encrypts connections.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    certificate: Arc<Certificate>,
}

impl Tls {
    /// What the configuration says; `None` is plain HTTP.
    ///
    /// # Errors
    /// Which file cannot be used, and why.
    pub(crate) fn open(config: &TlsConfig) -> Result<Option<Self>, Failure> {
        let (Some(certificate), Some(key)) = (&config.certificate, &config.key) else { return Ok(None) };
        let certificate = Certificate::open(certificate.clone(), key.clone()).map_err(Failure::Config)?;
        let certificate = Arc::new(certificate);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&certificate.provider));
        let builder =
            builder.with_safe_default_protocol_versions().map_err(|error| Failure::Config(error.to_string()))?;
        let mut server = builder.with_no_client_auth().with_cert_resolver(Arc::clone(&certificate) as _);
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(server)), certificate }))
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Starts what reads the files again, when they have changed or SIGHUP comes; runs until `stop`.
    pub(crate) fn watch(&self, stop: CancellationToken) -> io::Result<JoinHandle<()>> {
        let certificate = Arc::clone(&self.certificate);
        let mut hang_up = signal(SignalKind::hangup())?;
        Ok(tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = hang_up.recv() => certificate.read_again(),
                    () = tokio::time::sleep(LOOKED_AT) => if certificate.has_changed() { certificate.read_again() },
                }
            }
        }))
    }
}

/// The certificate in force, and where it comes from.
struct Certificate {
    files: [PathBuf; 2],
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

struct Current {
    key: Arc<CertifiedKey>,
    changed: [Option<SystemTime>; 2],
}

impl Certificate {
    fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let (changed, pair) = (times(&certificate, &key), read(&certificate, &key, &provider)?);
        Ok(Self { files: [certificate, key], provider, current: RwLock::new(Current { key: pair, changed }) })
    }

    fn has_changed(&self) -> bool {
        let [certificate, key] = &self.files;
        self.current.read().unwrap_or_else(PoisonError::into_inner).changed != times(certificate, key)
    }

    /// Files that cannot be used leave the certificate in force that was: they may be half written.
    fn read_again(&self) {
        let [certificate, key] = &self.files;
        let changed = times(certificate, key);
        match read(certificate, key, &self.provider) {
            Ok(key) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Current { key, changed };
                tracing::info!("the certificate was read again");
            }
            Err(reason) => tracing::warn!("the certificate stays as it was: {reason}"),
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
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).key))
    }
}

fn times(certificate: &Path, key: &Path) -> [Option<SystemTime>; 2] {
    [certificate, key].map(|file| fs::metadata(file).and_then(|about| about.modified()).ok())
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, String> {
    let (certificate_name, key_name) = (certificate.display(), key.display());
    let unusable = |setting: &str, file: &dyn std::fmt::Display, reason: &dyn std::fmt::Display| {
        format!("{setting}: {file} cannot be used: {reason}")
    };
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unusable("tls.certificate", &certificate_name, &error))?;
    if chain.is_empty() {
        return Err(unusable("tls.certificate", &certificate_name, &"there is no certificate in it"));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable("tls.key", &key_name, &error))?;
    let pair = CertifiedKey::from_der(chain, private, provider);
    pair.map(Arc::new).map_err(|error| format!("tls.key: {key_name} does not go with {certificate_name}: {error}"))
}
