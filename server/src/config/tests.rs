use std::path::PathBuf;

use super::{Config, ConfigPaths, LogFormat};

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), file).unwrap();
    let paths = ConfigPaths { data: Some(folder.path().to_owned()), config: None };
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    Config::layered(&paths, variables).map_err(|failure| failure.to_string())
}

fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    load(file, variables).err().expect("the configuration is refused")
}

#[test]
fn defaults_need_no_file() {
    let config = Config::in_folder("/somewhere".as_ref());
    assert_eq!(config.data, PathBuf::from("/somewhere"));
    assert_eq!((config.server.host.to_string().as_str(), config.server.port), ("127.0.0.1", 8080));
    assert_eq!(config.log.format, LogFormat::Text);
    assert!(config.database.url.is_none() && config.embedder.folder.is_none());
    config.validate().unwrap();
}

#[test]
fn environment_wins_over_file() {
    let file = "[server]\nport = 9000\nallowed_hosts = ['a.example']\nallowed_origins = ['https://a.example:*']\n[log]\nformat = 'json'";
    let config = load(file, &[("RECOLLECT_SERVER_PORT", "9001"), ("RECOLLECT_MODELS", "/models")]).unwrap();
    assert_eq!(config.server.port, 9001);
    assert_eq!(config.server.allowed_hosts, ["a.example"]);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.embedder.sources.folder, Some(PathBuf::from("/models")));
}

#[test]
fn variables_have_the_kind_of_their_key() {
    let hosts = ("RECOLLECT_SERVER_ALLOWED_HOSTS", "a.example, b.example");
    let config = load("", &[hosts, ("RECOLLECT_DATABASE_NAME", "0042"), ("RECOLLECT_DATABASE_URL", "")]).unwrap();
    assert_eq!(config.server.allowed_hosts, ["a.example", "b.example"]);
    assert_eq!(config.database.name, "0042");
    assert_eq!(config.database.url, None);
}

#[test]
fn refusals_name_the_key_and_the_place() {
    let misspelt = refusal("[server]\nprot = 1", &[]);
    assert!(misspelt.starts_with("server.prot in ") && misspelt.contains("server.port"), "{misspelt}");
    assert!(refusal("[sever]\nport = 1", &[]).contains("there is no such section"));
    assert!(refusal("[server]\nport = 70000", &[]).contains("server.port"));
    assert!(refusal("[server]\nhost = 'here'", &[]).contains("server.host"));
    assert!(refusal("[server]\nport = '1'", &[]).ends_with("must be a whole number"));
    assert!(refusal("", &[("RECOLLECT_SERVER_PROT", "1")]).starts_with("RECOLLECT_SERVER_PROT"));
    assert!(refusal("", &[("RECOLLECT_SERVER_PORT", "x")]).ends_with("must be a whole number"));
    assert!(refusal("[database]\nurl = 'http://x'", &[]).starts_with("database.url must be"));
    assert_eq!(refusal("[model]\nurl = 'http://x/v1'", &[]), "model.url is set, but model.name is not");
    assert!(refusal("[server]\nallowed_origins = ['a.example']", &[]).starts_with("server.allowed_origins"));
    assert!(refusal("[server]\ntrusted_proxies = ['caddy']", &[]).starts_with("server.trusted_proxies: `caddy`"));
    assert!(refusal("[server]\ntrusted_proxies = ['0.0.0.0/0']", &[]).starts_with("server.trusted_proxies"));
    assert!(refusal("[server]\nrequest_timeout_seconds = 0", &[]).contains("server.request_timeout_seconds"));
    assert!(refusal("[log]\nfilter = 'server=loud'", &[]).starts_with("log.filter"));
}

#[test]
fn refusals_keep_secrets() {
    for file in ["[model]\nkey = hunter2", "[model]\nkey = ['hunter2']", "[vectors]\nurl = 'hunter2@x'"] {
        let refusal = refusal(file, &[]);
        assert!(!refusal.contains("hunter2") && !refusal.contains('\n'), "{refusal}");
    }
}

#[test]
fn variables_of_other_purposes_pass() {
    load("", &[("RECOLLECT_TEST_CLIENTS", "/x"), ("RECOLLECT_KEY", "omi_mcp_x"), ("PATH", "/bin")]).unwrap();
}

#[test]
fn limits_take_fractions_and_known_policies() {
    let config = load("[limits]\nmultiplier = 2", &[]).unwrap();
    assert_eq!(config.limits.multiplier, 2.0);
    let variables =
        [("RECOLLECT_LIMITS_MULTIPLIER", "0.5"), ("RECOLLECT_LIMITS_OVERRIDES", "dev:memories=500, mcp:sse=0")];
    let config = load("[limits]\nmultiplier = 2.5", &variables).unwrap();
    assert_eq!((config.limits.multiplier, config.limits.overrides.len()), (0.5, 2));
    assert!(refusal("[limits]\nmultiplier = 'much'", &[]).ends_with("must be a number"));
    assert!(refusal("[limits]\nmultiplier = 0.0", &[]).contains("greater than 0"));
    assert!(refusal("[limits]\noverrides = ['dev:memories']", &[]).contains("`dev:memories`"));
    assert!(refusal("[limits]\noverrides = ['dev:memory=1']", &[]).contains("unknown policy `dev:memory`"));
    assert!(refusal("[limits]\nstreams = 0", &[]).contains("limits.streams"));
    assert_eq!(refusal("[tls]\ncertificate = 'x.pem'", &[]), "tls.certificate is set, but tls.key is not");
}
