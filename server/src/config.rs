//! Configuration: defaults, then a file, then the environment, then the command line.

mod layers;
mod network;
mod validation;

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use http::Uri;
use resources::{
    DatabaseSettings, EmbedderSettings, GrantSettings, LanguageModelSettings, LimitSettings, Settings, SignInSettings,
    SpeechSettings, VectorsSettings, WebhookSettings, audit::AuditSettings,
};
use serde::Deserialize;

use crate::{exit::ExitError, progress::download_progress};
use layers::Layers;
pub(crate) use network::parse_network;

/// The configuration. `config.toml` beside this file documents every key, and has the defaults.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data folder.
    #[serde(default = "Config::platform_folder")]
    pub data: PathBuf,
    /// Network settings of the server.
    pub server: ServerConfig,
    /// OAuth clients and token lifetimes.
    pub oauth: GrantSettings,
    /// Rate limits, and limits on streams and connections.
    pub limits: LimitSettings,
    /// The TLS certificate.
    #[serde(default)]
    pub tls: TlsConfig,
    /// Retention of the audit trail.
    pub audit: AuditSettings,
    /// Sign-in of users.
    pub sign_in: SignInSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// The vector index.
    pub vectors: VectorsSettings,
    /// The embedding model.
    pub embedder: EmbedderSettings,
    /// The language model for chat.
    pub model: LanguageModelSettings,
    /// The transcription endpoint.
    pub speech: SpeechSettings,
    /// Webhook delivery.
    pub webhooks: WebhookSettings,
    /// Logging.
    pub log: LogConfig,
    /// The program that child processes run; this one where it is `None`. Tests name theirs.
    #[serde(skip)]
    pub program: Option<PathBuf>,
}

/// Network settings of the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// The IP address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 is any free port.
    pub port: u16,
    /// Web origins whose pages may call the server, besides this machine's.
    pub allowed_origins: Vec<String>,
    /// Host names of the server, besides this machine's.
    pub allowed_hosts: Vec<String>,
    /// Trusted reverse proxies on other machines: addresses and networks.
    pub trusted_proxies: Vec<String>,
    /// The maximum size of a request body, in bytes.
    pub max_body: usize,
    /// How long a client may take for the next part of a request body, in seconds. The idle timeout is five times that.
    pub request_timeout_seconds: u32,
    /// The public URL of the server.
    #[serde(default)]
    pub public_url: Option<String>,
}

impl ServerConfig {
    /// The host names of the server, besides this machine's.
    pub(crate) fn hosts(&self) -> Vec<String> {
        let public = self.public_url.as_ref().and_then(|url| url.parse::<Uri>().ok());
        let public = public.and_then(|url| url.host().map(str::to_owned));
        self.allowed_hosts.iter().cloned().chain(public).collect()
    }

    /// How long a client may take for the next part of a request body.
    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(self.request_timeout_seconds.into())
    }
}

/// The TLS certificate; without one the server speaks plain HTTP.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// A PEM file with the certificate chain.
    pub certificate: Option<PathBuf>,
    /// A PEM file with its key.
    pub key: Option<PathBuf>,
}

/// Logging to standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Levels by module, in the syntax of `tracing_subscriber`.
    pub filter: String,
    /// The format.
    pub format: LogFormat,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One line per event, for people.
    Text,
    /// One JSON object per event, for machines.
    Json,
}

/// The paths on the command line.
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigPaths {
    /// The data folder [default: RECOLLECT_DATA, else `recollect` in the system's data folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// The configuration file [default: RECOLLECT_CONFIG, else config.toml in the data folder]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
}

impl Config {
    /// Reads all layers and validates the values.
    ///
    /// # Errors
    /// [`ExitError::Config`] with the key, and the source of its value.
    pub fn load(paths: &ConfigPaths) -> Result<Self, ExitError> {
        Self::layered(paths, std::env::vars())
    }

    /// The defaults, with this data folder; neither a file nor the environment is read.
    pub fn in_folder(data: &Path) -> Self {
        let paths = ConfigPaths { data: Some(data.to_owned()), config: None };
        let layers = Layers::defaults().and_then(|layers| Self::extract(layers, &paths));
        layers.expect("the embedded defaults are valid: a test loads them")
    }

    /// The settings of the resources.
    pub fn settings(&self) -> Settings {
        Settings {
            data: self.data.clone(),
            database: self.database.clone(),
            vectors: self.vectors.clone(),
            embedder: self.embedder.clone(),
            model: self.model.clone(),
            speech: self.speech.clone(),
            webhooks: self.webhooks.clone(),
            limits: self.limits.clone(),
            grants: self.oauth.clone(),
            audit: self.audit.clone(),
            sign_in: self.sign_in.clone(),
            program: self.program.clone(),
            download_progress: download_progress(),
        }
    }

    /// The default data folder.
    pub(crate) fn platform_folder() -> PathBuf {
        dirs::data_dir().map_or_else(|| PathBuf::from(".recollect"), |folder| folder.join("recollect"))
    }

    fn layered(paths: &ConfigPaths, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ExitError> {
        let (environment, named) = layers::environment(variables)?;
        let data = paths.data.clone().or_else(|| environment.text("data").map(PathBuf::from));
        let default_file = data.unwrap_or_else(Self::platform_folder).join("config.toml");
        let layers = match paths.config.clone().or(named) {
            Some(file) => Layers::defaults()?.file(&file)?,
            None if default_file.exists() => Layers::defaults()?.file(&default_file)?,
            None => Layers::defaults()?,
        };
        let config = Self::extract(layers.over(environment), paths)?;
        config.validate().map_err(ExitError::Config)?;
        Ok(config)
    }

    fn extract(layers: Layers, paths: &ConfigPaths) -> Result<Self, ExitError> {
        let mut config: Self = layers.extract()?;
        let data = paths.data.clone().unwrap_or(config.data);
        config.data = std::path::absolute(&data).unwrap_or(data);
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
