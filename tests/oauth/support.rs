//! Clients that the owner has added.

use resources::grants::{NewClient, RegisteredClient, Trust};

use crate::support::server::{Server, on_runtime};

/// Adds a client as the owner of the server does.
pub(crate) async fn add_client(server: &Server, redirect_uri: &str, has_secret: bool) -> RegisteredClient {
    let resources = server.resources.clone();
    let redirect_uris = vec![redirect_uri.to_owned()];
    let (name, trust) = ("Test <Client> & Co".to_owned(), Trust::Manual);
    let new = NewClient { name, redirect_uris, refreshes: true, has_secret, trust };
    on_runtime(async move { resources.clients().add(new).await.unwrap().unwrap() }).await
}
