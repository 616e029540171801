//! No credential is stored or logged in plain text.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{
    browser::Browser,
    flow::{CALLBACK, OAuthClient, code_in},
    support::add_client,
};
use crate::support::server::Server;

#[tokio::test]
async fn no_secret_is_stored_in_clear() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let user = server.user().await;
    let made = add_client(&server, CALLBACK, true).await;
    let secret = made.secret.unwrap();
    let mut client = OAuthClient::known(&server, &made.client.id, CALLBACK);
    client.secret = Some(secret.clone());
    let mut browser = Browser::new();
    let page = browser.open(&client.authorize_url(&client.authorization_request("memories.read"))).await;
    let page = browser.submit(&page, "sign_in", &[("token", &user.token)]).await;
    let page = browser.open(&page.moved_to()).await;
    let cookie = browser.cookie.clone().unwrap();
    let form = page.hidden().into_iter().find(|(name, _)| name == "form").unwrap().1;
    let address = browser.submit(&page, "allow", &[("grant", "memories.read")]).await.next();
    let first = client.exchange(&code_in(&address)).await.ok();
    let second = client.refresh(first["refresh_token"].as_str().unwrap()).await.ok();
    let mut secrets = vec![user.token.clone(), secret, code_in(&address), client.verifier.clone(), form];
    secrets.push(cookie.split_once('=').unwrap().1.to_owned());
    for tokens in [first, second] {
        secrets.extend(["access_token", "refresh_token"].map(|name| tokens[name].as_str().unwrap().to_owned()));
    }
    server.stop().await;
    let stored = everything_in(folder.path());
    assert!(stored.contains(&made.client.id), "the rows are where this test looks for them");
    for secret in secrets {
        // What follows the prefix, in halves: neither may be there.
        let bare = secret.rsplit('_').next().unwrap();
        for part in [&bare[..32], &bare[bare.len() - 32..]] {
            assert!(!stored.contains(part), "{part} of {secret} is stored");
        }
    }
}

fn everything_in(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all += &everything_in(&path),
            false => all += &String::from_utf8_lossy(&fs::read(path).unwrap()),
        }
    }
    all
}
