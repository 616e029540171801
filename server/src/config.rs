//! Configuration: defaults, then a file, then the environment, then the command line.

mod layers;
mod network;

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
use tools::limits::Policy;
use tracing_subscriber::EnvFilter;

use crate::{exit::ExitError, progress::download_progress};
use layers::Layers;
pub(crate) use network::parse_network;

/// The whole configuration. `config.toml` beside this file documents every key and is the default of each.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder with everything that is stored.
    #[serde(default = "Config::platform_folder")]
    pub data: PathBuf,
    /// How the server is reached.
    pub server: ServerConfig,
    /// What MCP clients are granted, and for how long.
    pub oauth: GrantSettings,
    /// How often everybody may do what is limited, and how much room they get.
    pub limits: LimitSettings,
    /// The certificate that the server shows.
    #[serde(default)]
    pub tls: TlsConfig,
    /// How long the audit trail is kept.
    pub audit: AuditSettings,
    /// How users sign in.
    pub sign_in: SignInSettings,
    /// Where rows live.
    pub database: DatabaseSettings,
    /// Where the vector index lives.
    pub vectors: VectorsSettings,
    /// What turns texts into vectors.
    pub embedder: EmbedderSettings,
    /// The language model for chat.
    pub model: LanguageModelSettings,
    /// What turns speech into text.
    pub speech: SpeechSettings,
    /// How webhooks are called.
    pub webhooks: WebhookSettings,
    /// What is logged.
    pub log: LogConfig,
}

/// What opens every account is not to be guessed.
const SHORTEST_ADMIN_KEY: usize = 32;

/// How the server is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Web origins other than this machine whose pages may call the server.
    pub allowed_origins: Vec<String>,
    /// Names other than this machine's under which clients may reach the server.
    pub allowed_hosts: Vec<String>,
    /// Proxies elsewhere that are believed when they say for whom they speak: addresses and networks.
    pub trusted_proxies: Vec<String>,
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// How long a client may take for the next part of a request body, in seconds. The idle timeout is five times that.
    pub request_timeout_seconds: u32,
    /// The address under which clients reach the server from elsewhere.
    #[serde(default)]
    pub public_url: Option<String>,
}

impl ServerConfig {
    /// The names under which clients may reach the server, besides this machine's.
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

/// The certificate that the server shows; without one it speaks plain HTTP.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// A file with the certificate and those that lead to its issuer, in PEM.
    pub certificate: Option<PathBuf>,
    /// A file with its key, in PEM.
    pub key: Option<PathBuf>,
}

/// What is logged to standard error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Levels by part, as `tracing_subscriber` reads them.
    pub filter: String,
    /// For whom.
    pub format: LogFormat,
}

/// For whom the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people, one line an event.
    Text,
    /// For machines, one JSON object a line.
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
    /// Reads every layer and checks the values.
    ///
    /// # Errors
    /// [`ExitError::Config`] with one sentence that names the key and where it was given.
    pub fn load(paths: &ConfigPaths) -> Result<Self, ExitError> {
        Self::layered(paths, std::env::vars())
    }

    /// The defaults, with everything stored in `data`; neither a file nor the environment is read.
    pub fn in_folder(data: &Path) -> Self {
        let paths = ConfigPaths { data: Some(data.to_owned()), config: None };
        let layers = Layers::defaults().and_then(|layers| Self::extract(layers, &paths));
        layers.expect("the embedded defaults are valid: a test loads them")
    }

    /// What the resources need of it.
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
            download_progress: download_progress(),
        }
    }

    /// Where data goes when nobody says where.
    pub(crate) fn platform_folder() -> PathBuf {
        dirs::data_dir().map_or_else(|| PathBuf::from(".recollect"), |folder| folder.join("recollect"))
    }

    fn layered(paths: &ConfigPaths, variables: impl Iterator<Item = (String, String)>) -> Result<Self, ExitError> {
        let (environment, named) = layers::environment(variables)?;
        let data = paths.data.clone().or_else(|| environment.text("data").map(PathBuf::from));
        let beside = data.unwrap_or_else(Self::platform_folder).join("config.toml");
        let layers = match paths.config.clone().or(named) {
            Some(file) => Layers::defaults()?.file(&file)?,
            None if beside.exists() => Layers::defaults()?.file(&beside)?,
            None => Layers::defaults()?,
        };
        let config = Self::extract(layers.over(environment), paths)?;
        config.check().map_err(ExitError::Config)?;
        Ok(config)
    }

    fn extract(layers: Layers, paths: &ConfigPaths) -> Result<Self, ExitError> {
        let mut config: Self = layers.extract()?;
        let data = paths.data.clone().unwrap_or(config.data);
        config.data = std::path::absolute(&data).unwrap_or(data);
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let (database, vectors, embedder, model) = (&self.database, &self.vectors, &self.embedder, &self.model);
        let speech = &self.speech;
        check_url("database.url", database.url.as_deref(), &["ws", "wss"])?;
        check_url("vectors.url", vectors.url.as_deref(), &["http", "https"])?;
        check_url("embedder.url", embedder.url.as_deref(), &["http", "https"])?;
        check_url("embedder.sources.hub", Some(&embedder.sources.hub), &["http", "https"])?;
        check_url("model.url", model.url.as_deref(), &["http", "https"])?;
        check_url("speech.url", speech.url.as_deref(), &["http", "https"])?;
        check_pair("embedder.url", embedder.url.is_some(), "embedder.model", embedder.model.is_some())?;
        check_pair("model.url", model.url.is_some(), "model.name", model.name.is_some())?;
        check_pair("speech.url", speech.url.is_some(), "speech.name", speech.name.is_some())?;
        check_base("server.public_url", self.server.public_url.as_deref())?;
        if self.oauth.access_seconds == 0 || self.oauth.code_seconds == 0 || self.oauth.refresh_days == 0 {
            return Err("oauth.access_seconds, oauth.code_seconds and oauth.refresh_days must be greater than 0".into());
        }
        if let Some(wrong) = self.oauth.omi_redirects.iter().find(|text| !resources::grants::is_redirect_uri(text)) {
            return Err(format!("oauth.omi_redirects: `{wrong}` is not an address to send a client back to"));
        }
        for origin in &self.server.allowed_origins {
            let without_port = origin.strip_suffix(":*").unwrap_or(origin);
            check_url("server.allowed_origins", Some(without_port), &["http", "https"])?;
        }
        if let Some(host) = self.server.allowed_hosts.iter().find(|host| host.is_empty() || host.contains('/')) {
            return Err(format!("server.allowed_hosts: `{host}` is not a host name"));
        }
        if let Some(wrong) = self.server.trusted_proxies.iter().find(|text| parse_network(text).is_none()) {
            return Err(format!("server.trusted_proxies: `{wrong}` is no address, and no network such as 10.0.0.0/8"));
        }
        check_sign_in(&self.sign_in)?;
        if self.server.max_body == 0 || self.server.request_timeout_seconds == 0 {
            return Err("server.max_body and server.request_timeout_seconds must be greater than 0".into());
        }
        self.check_limits()?;
        check_pair("tls.certificate", self.tls.certificate.is_some(), "tls.key", self.tls.key.is_some())?;
        EnvFilter::try_new(&self.log.filter).map_err(|error| format!("log.filter: {error}"))?;
        Ok(())
    }

    fn check_limits(&self) -> Result<(), String> {
        let limits = &self.limits;
        if !(limits.multiplier > 0.0 && limits.multiplier.is_finite()) {
            return Err("limits.multiplier must be greater than 0".into());
        }
        if limits.streams == 0 || limits.connections == 0 {
            return Err("limits.streams and limits.connections must be greater than 0".into());
        }
        let own = limits
            .overrides()
            .map_err(|entry| format!("limits.overrides: `{entry}` is not of the form policy=number"))?;
        let is_known = |name: &String| Policy::ALL.iter().any(|policy| policy.name() == name);
        match own.keys().find(|name| !is_known(name)) {
            Some(name) => Err(format!("limits.overrides: there is no policy `{name}`")),
            None => Ok(()),
        }
    }
}

fn check_sign_in(settings: &SignInSettings) -> Result<(), String> {
    let (firebase, oidc) = (&settings.firebase, &settings.oidc);
    check_url("sign_in.firebase.keys", Some(&firebase.keys), &["http", "https"])?;
    check_url("sign_in.oidc.issuer", oidc.issuer.as_deref(), &["http", "https"])?;
    for uri in &settings.redirect_uris {
        let uri = Some(uri.as_str()).filter(|uri| !uri.contains('#'));
        check_url("sign_in.redirect_uris", Some(uri.unwrap_or_default()), &["http", "https", "omi", "recollect"])?;
    }
    for app in &settings.apps {
        let (id, home) = app.split_once(' ').ok_or("sign_in.apps: each is an id, a space and an address")?;
        check_url(&format!("sign_in.apps: {id}"), Some(home), &["http", "https"])?;
    }
    match (&oidc.issuer, &oidc.client_id) {
        (Some(_), None) => return Err("sign_in.oidc.issuer is set, but sign_in.oidc.client_id is not".into()),
        (None, Some(_)) => return Err("sign_in.oidc.client_id is set, but sign_in.oidc.issuer is not".into()),
        _ => {}
    }
    if settings.admin_key.as_ref().is_some_and(|key| key.expose().len() < SHORTEST_ADMIN_KEY) {
        return Err(format!("sign_in.admin_key must have at least {SHORTEST_ADMIN_KEY} characters"));
    }
    if settings.access_minutes == 0 || settings.refresh_days == 0 {
        return Err("sign_in.access_minutes and sign_in.refresh_days must be greater than 0".into());
    }
    Ok(())
}

/// The value is not part of the sentence: people put passwords into URLs.
fn check_url(key: &str, value: Option<&str>, schemes: &[&str]) -> Result<(), String> {
    let uri = value.map(str::parse::<Uri>);
    let fits = uri.is_none_or(|uri| {
        uri.is_ok_and(|uri| uri.host().is_some() && uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme)))
    });
    let forms = schemes.join(":// or ");
    if fits { Ok(()) } else { Err(format!("{key} must be an address that starts with {forms}://")) }
}

/// An address to which paths are appended.
fn check_base(key: &str, value: Option<&str>) -> Result<(), String> {
    check_url(key, value, &["http", "https"])?;
    let is_bare = value.is_none_or(|text| {
        let uri: Result<Uri, _> = text.parse();
        uri.is_ok_and(|uri| uri.path() == "/" && uri.query().is_none()) && !text.contains(['@', '#'])
    });
    if is_bare {
        Ok(())
    } else {
        Err(format!("{key} must be an address without a path, such as https://memory.example"))
    }
}

fn check_pair(one: &str, has_one: bool, other: &str, has_other: bool) -> Result<(), String> {
    match (has_one, has_other) {
        (true, false) => Err(format!("{one} is set, but {other} is not")),
        (false, true) => Err(format!("{other} is set, but {one} is not")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
