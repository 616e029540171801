//! Validation of configuration values. Each error names its key.

use http::Uri;
use resources::SignInSettings;
use tools::limits::Policy;
use tracing_subscriber::EnvFilter;

use super::{Config, parse_network};

/// The minimum length of the admin key, in bytes: it impersonates every user.
const MIN_ADMIN_KEY: usize = 32;

impl Config {
    /// Checks all values.
    ///
    /// # Errors
    /// A sentence about the first invalid value.
    pub(super) fn validate(&self) -> Result<(), String> {
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
            let rule = resources::grants::REDIRECT_URI_RULE;
            return Err(format!("oauth.omi_redirects: `{wrong}` is not a redirect URI: use {rule}"));
        }
        for origin in &self.server.allowed_origins {
            let without_port = origin.strip_suffix(":*").unwrap_or(origin);
            check_url("server.allowed_origins", Some(without_port), &["http", "https"])?;
        }
        if let Some(host) = self.server.allowed_hosts.iter().find(|host| host.is_empty() || host.contains('/')) {
            return Err(format!("server.allowed_hosts: `{host}` is not a host name"));
        }
        if let Some(wrong) = self.server.trusted_proxies.iter().find(|text| parse_network(text).is_none()) {
            return Err(format!(
                "server.trusted_proxies: `{wrong}` is not an IP address or a network such as 10.0.0.0/8"
            ));
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
        let overrides = limits
            .overrides()
            .map_err(|entry| format!("limits.overrides: `{entry}` is not of the form policy=number"))?;
        let is_known = |name: &String| Policy::ALL.iter().any(|policy| policy.name() == name);
        match overrides.keys().find(|name| !is_known(name)) {
            Some(name) => Err(format!("limits.overrides: unknown policy `{name}`")),
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
        let (id, home) = app.split_once(' ').ok_or("sign_in.apps: each entry is an id, a space and a URL")?;
        check_url(&format!("sign_in.apps: {id}"), Some(home), &["http", "https"])?;
    }
    match (&oidc.issuer, &oidc.client_id) {
        (Some(_), None) => return Err("sign_in.oidc.issuer is set, but sign_in.oidc.client_id is not".into()),
        (None, Some(_)) => return Err("sign_in.oidc.client_id is set, but sign_in.oidc.issuer is not".into()),
        _ => {}
    }
    if settings.admin_key.as_ref().is_some_and(|key| key.expose().len() < MIN_ADMIN_KEY) {
        return Err(format!("sign_in.admin_key must have at least {MIN_ADMIN_KEY} characters"));
    }
    if settings.access_minutes == 0 || settings.refresh_days == 0 {
        return Err("sign_in.access_minutes and sign_in.refresh_days must be greater than 0".into());
    }
    Ok(())
}

/// The value is not part of the sentence: it may hold a password.
fn check_url(key: &str, value: Option<&str>, schemes: &[&str]) -> Result<(), String> {
    let uri = value.map(str::parse::<Uri>);
    let fits = uri.is_none_or(|uri| {
        uri.is_ok_and(|uri| uri.host().is_some() && uri.scheme_str().is_some_and(|scheme| schemes.contains(&scheme)))
    });
    let forms = schemes.join(":// or ");
    if fits { Ok(()) } else { Err(format!("{key} must be a URL that starts with {forms}://")) }
}

/// A URL to which paths are appended.
fn check_base(key: &str, value: Option<&str>) -> Result<(), String> {
    check_url(key, value, &["http", "https"])?;
    let is_bare = value.is_none_or(|text| {
        let uri: Result<Uri, _> = text.parse();
        uri.is_ok_and(|uri| uri.path() == "/" && uri.query().is_none()) && !text.contains(['@', '#'])
    });
    if is_bare { Ok(()) } else { Err(format!("{key} must be a URL without a path, such as https://memory.example")) }
}

fn check_pair(one: &str, has_one: bool, other: &str, has_other: bool) -> Result<(), String> {
    match (has_one, has_other) {
        (true, false) => Err(format!("{one} is set, but {other} is not")),
        (false, true) => Err(format!("{other} is set, but {one} is not")),
        _ => Ok(()),
    }
}
