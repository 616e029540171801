//! Administration of users by the owner, and the owner's own protection.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{DISABLED, Member, fresh_email, invite, me, set_access, text};
use crate::support::server::Server;

const USERS: &str = "/v1/admin/users";
const OWNERS: &str = "Only the owner of the server may do this";
const STAYS: &str = "The owner of the server cannot be disabled or deleted";

/// The users of the server, as the owner sees them.
async fn listed(server: &Server) -> Vec<Value> {
    server.owner().app().get(USERS).await.ok()["users"].as_array().unwrap().clone()
}

#[tokio::test]
async fn users_are_listed_in_order_of_creation() {
    let server = Server::shared().await;
    let (ana, ben) = (Member::join(server).await, server.user().await);
    let users = listed(server).await;
    assert_eq!((&users[0]["role"], &users[0]["name"]), (&json!("owner"), &json!("owner")));
    assert_eq!(users.iter().filter(|user| user["role"] == "owner").count(), 1);
    let place = |id: &str| users.iter().position(|user| user["id"] == id).unwrap();
    assert!(place(&ana.user.id) < place(&ben.id));
    assert_eq!(users[place(&ana.user.id)], me(&ana.user).await, "everybody sees the same of themselves");
    let without = json!({ "email": null, "email_verified": false, "has_password": false, "role": "member" });
    for (name, value) in without.as_object().unwrap() {
        assert_eq!(&users[place(&ben.id)][name], value, "{name}");
    }
}

#[tokio::test]
async fn a_member_does_nothing_to_others() {
    let server = Server::shared().await;
    let (ana, eve) = (server.user().await, server.user().await);
    let (user, app) = (format!("{USERS}/{}", ana.id), eve.app());
    let invited = invite(server, json!({ "name": "Ben" })).await.ok();
    let (invitation, email) = (format!("/v1/admin/invitations/{}", text(&invited, "id")), fresh_email());
    app.get(USERS).await.refused(403, OWNERS);
    app.post(&format!("{user}/disable"), json!({})).await.refused(403, OWNERS);
    app.delete(&user).await.refused(403, OWNERS);
    app.post("/v1/admin/invitations", json!({ "email": email })).await.refused(403, OWNERS);
    app.delete(&invitation).await.refused(403, OWNERS);
    ana.app().get("/v3/memories").await.ok();
    set_access(server, &ana.id, "disable").await.ok();
    app.post(&format!("{user}/enable"), json!({})).await.refused(403, OWNERS);
    ana.app().get("/v3/memories").await.refused(403, DISABLED);
    let left = server.owner().app().get("/v1/admin/invitations").await.ok();
    let left = left["invitations"].as_array().unwrap();
    assert!(left.iter().any(|other| other["id"] == invited["id"]));
    assert!(left.iter().all(|other| other["email"] != email));
}

#[tokio::test]
async fn the_keys_of_the_owner_are_no_owner() {
    let server = Server::shared().await;
    let owner = server.owner();
    let refused = |belongs: &str| format!("Invalid authorization token: a key that starts with {belongs}");
    let of_developers = refused("omi_dev_ works on /v1/dev/user and /v1/dev/key");
    owner.developer().get(USERS).await.refused(401, &of_developers);
    owner.mcp().get(USERS).await.refused(401, &refused("omi_mcp_ works on /v1/mcp and /v1/mcp/sse"));
}

#[tokio::test]
async fn the_owner_can_be_neither_locked_out_nor_deleted() {
    let folder = TempDir::new().unwrap();
    let server = Server::boot(folder.path(), |_| {}).await;
    let owner = server.owner();
    let before = me(&owner).await;
    let id = text(&before, "id");
    set_access(&server, &id, "disable").await.refused(403, STAYS);
    owner.app().delete(&format!("{USERS}/{id}")).await.refused(403, STAYS);
    owner.app().delete("/v1/users/delete-account").await.refused(403, STAYS);
    assert_eq!(me(&owner).await, before);
    owner.developer().get("/v1/dev/user/memories").await.ok();
    server.stop().await;
}

#[tokio::test]
async fn the_first_time_of_disabling_is_kept() {
    let server = Server::shared().await;
    let user = server.user().await;
    let disabled_at =
        async |verdict: &str| set_access(server, &user.id, verdict).await.ok()["user"]["disabled_at"].take();
    let first = disabled_at("disable").await;
    assert!(first.is_string(), "{first}");
    assert_eq!(disabled_at("disable").await, first);
    for _ in 0..2 {
        assert_eq!(disabled_at("enable").await, Value::Null);
    }
    assert_ne!(disabled_at("disable").await, first);
}

#[tokio::test]
async fn users_who_are_not_there_are_not_found() {
    let server = Server::shared().await;
    for id in ["nobody", "omi_user_x", "owner"] {
        set_access(server, id, "disable").await.refused(404, "User not found");
        set_access(server, id, "enable").await.refused(404, "User not found");
        server.owner().app().delete(&format!("{USERS}/{id}")).await.refused(404, "User not found");
    }
    assert!(listed(server).await.iter().all(|user| user["id"] != "nobody"), "nothing was made of it");
}
