//! HTTPS from configured files.

use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair};
use reqwest::{Certificate, Client, Version};
use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    program::{Program, output, recollect},
    server::Server,
    stdio_client::StdioClient,
};

/// Writes a certificate for `localhost` that signs itself, and its key; gives a client that trusts nothing else.
fn certify(folder: &Path) -> (Client, [PathBuf; 2]) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let files = [folder.join("certificate.pem"), folder.join("key.pem")];
    std::fs::write(&files[0], certificate.pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    let trusted = Certificate::from_pem(certificate.pem().as_bytes()).unwrap();
    (Client::builder().tls_certs_only([trusted]).build().unwrap(), files)
}

fn by_name(url: &str) -> String {
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    url.replace("127.0.0.1", "localhost")
}

#[tokio::test]
async fn everything_works_encrypted() {
    let folder = TempDir::new().unwrap();
    let (client, [certificate, key]) = certify(folder.path());
    let data = folder.path().join("data");
    let server = Server::boot(&data, |config| {
        (config.tls.certificate, config.tls.key) = (Some(certificate), Some(key));
    })
    .await;
    let mut user = server.user().await;
    (user.url, user.http) = (by_name(&server.url), client);
    let created = user.developer().post("/v1/dev/user/memories", json!({ "content": "The kettle is blue" })).await;
    assert_eq!(created.header("strict-transport-security"), "max-age=63072000");
    let id = created.ok()["id"].clone();
    let response = user.developer().request(reqwest::Method::GET, "/v1/dev/user/memories").send().await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.json::<serde_json::Value>().await.unwrap()[0]["id"], id);
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
    let tools = user.mcp().post("/v1/mcp", list).await.ok();
    assert!(!tools["result"]["tools"].as_array().unwrap().is_empty());
    // HTTP/2 says in the address how the server is called.
    let described = user.app().get("/.well-known/oauth-protected-resource/v1/mcp").await.ok();
    assert_eq!(described["resource"], format!("{}/v1/mcp", user.url));
    let plain = reqwest::get(user.url.replace("https", "http") + "/healthz").await;
    assert!(plain.is_err(), "{plain:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_needs_no_restart() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let (first, files) = certify(folder.path());
    let [certificate, key] = files.each_ref().map(|file| file.to_str().unwrap());
    let variables = [("RECOLLECT_TLS_CERTIFICATE", certificate), ("RECOLLECT_TLS_KEY", key)];
    let program = Program::serve_with(&data, &variables).await;
    let health = by_name(&program.url) + "/healthz";
    assert!(first.get(&health).send().await.unwrap().status().is_success());

    let (mut client, _) = StdioClient::start(recollect(&data, &["mcp"]).await).await;
    assert!(!client.tools().await.is_empty(), "the bridge on this machine goes through the encrypted server");
    client.close().await;

    std::fs::write(&files[0], "nonsense").unwrap();
    program.signal("-HUP").await;
    let fresh = || Client::builder().tls_danger_accept_invalid_certs(true).pool_max_idle_per_host(0).build().unwrap();
    assert!(fresh().get(&health).send().await.unwrap().status().is_success());
    let (second, _) = certify(folder.path());
    program.signal("-HUP").await;
    let began = std::time::Instant::now();
    while second.get(&health).send().await.is_err() {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "the new certificate is not taken up");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let ended = program.stop().await;
    assert!(ended.log.contains("TLS certificate not reloaded"), "{}", ended.log);
    assert!(ended.log.contains("TLS certificate reloaded"), "{}", ended.log);
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let (folder, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (_, [certificate, key]) = certify(folder.path());
    let (_, [_, other_key]) = certify(other.path());
    let missing = folder.path().join("missing.pem");
    let cases = [
        (&missing, &key, "tls.certificate"),
        (&key, &key, "it holds no certificate"),
        (&certificate, &missing, "tls.key"),
        (&certificate, &certificate, "tls.key"),
        (&certificate, &other_key, "does not match"),
    ];
    for (certificate, key, part) in cases {
        let mut command = recollect(&folder.path().join("data"), &["serve", "--json", "--port", "0"]).await;
        command.env("RECOLLECT_TLS_CERTIFICATE", certificate).env("RECOLLECT_TLS_KEY", key);
        let output = output(command).await;
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{log}");
        assert!(log.contains(part) && log.lines().count() == 1, "{part:?} is not in {log}");
    }
    let mut command = recollect(&folder.path().join("data"), &["serve"]).await;
    command.env("RECOLLECT_TLS_KEY", &key);
    let log = String::from_utf8(output(command).await.stderr).unwrap();
    assert!(log.contains("tls.key is set, but tls.certificate is not"), "{log}");
}

#[tokio::test]
async fn a_server_without_tls_sends_no_hsts() {
    let user = Server::shared().await.user().await;
    for (credential, path, status) in
        [(&*user.token, "/v3/memories", 200), ("", "/v3/memories", 401), ("", "/nowhere", 404)]
    {
        let answer = user.with(credential).get(path).await;
        assert_eq!((answer.status, answer.header("x-content-type-options")), (status, "nosniff"), "{path}");
        assert!(!answer.headers.contains_key("strict-transport-security"), "{path}: {:?}", answer.headers);
    }
}
