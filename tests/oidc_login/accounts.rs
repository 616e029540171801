//! Accounts of users who sign in at an issuer: which one it is, and who may create one.

use std::collections::HashSet;

use futures::future::join_all;
use reqwest::Method;
use resources::identity::SignUp;
use serde_json::{Value, json};

use super::{
    firebase::{shared, take_firebase, token},
    support::{DISABLED, STRANGER, ServerWithIssuer, fresh, id_of, list_users, me, verified_email, with},
};
use crate::support::server::TestUser;

/// A server that takes tokens of Firebase, at which accounts are made as `sign_up` says.
pub(super) async fn boot_with_sign_up(sign_up: SignUp) -> ServerWithIssuer {
    ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.sign_up = sign_up;
    })
    .await
}

/// Creates an account by an invitation for one address, accepted with another or none; gives its id.
async fn accept_invitation(owner: &TestUser, invited: Option<&str>, given: Option<&str>) -> String {
    let invitation =
        owner.app().post("/v1/admin/invitations", json!({ "email": invited, "name": fresh("Guest") })).await.ok();
    let account = json!({ "code": invitation["code"], "email": given, "password": "correct horse" });
    let tokens = owner.app().post("/v1/auth/invitations/accept", account).await.ok();
    tokens["uid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_new_account_is_made_of_what_the_token_says() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    let [ana, ben, cleo] = ["Ana", "Ben", "Cleo"].map(fresh);
    let at = |name: &str| format!("{name}@Example.com");
    let [ana_s, ben_s] = [&ana, &ben].map(|name| at(name).to_lowercase());
    for (says, expected) in [
        (with(verified_email(&at(&ana)), json!({ "name": "Ana" })), json!(["Ana", ana_s, true])),
        // Some issuers write truth as a text.
        (json!({ "email": at(&ben), "email_verified": "true" }), json!([ben.to_lowercase(), ben_s, true])),
        // An unverified address proves nothing.
        (json!({ "email": at(&cleo), "email_verified": false, "name": "Cleo" }), json!(["Cleo", null, false])),
        (json!({ "email": at(&cleo), "email_verified": "false" }), json!(["somebody", null, false])),
        (json!({ "email": at(&cleo) }), json!(["somebody", null, false])),
        (json!({ "email_verified": true }), json!(["somebody", null, false])),
    ] {
        let user = me(&visitor, &token(&fresh("new"), says.clone())).await.ok()["user"].clone();
        assert_eq!(json!([user["name"], user["email"], user["email_verified"]]), expected, "{says}");
        assert_eq!((&user["role"], &user["has_password"]), (&json!("member"), &json!(false)), "{says}");
    }
}

#[tokio::test]
async fn first_requests_that_come_at_once_make_one_account() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    for says in [verified_email(&format!("{}@example.com", fresh("eve"))), json!({})] {
        let name = fresh("Eve");
        let token = token(&name, with(says, json!({ "name": name })));
        let answers = join_all((0..8).map(|_| me(&visitor, &token))).await;
        let ids: HashSet<String> = answers.into_iter().map(|answer| answer.ok()["user"]["id"].to_string()).collect();
        assert_eq!(ids.len(), 1, "{ids:?}");
        assert_eq!(list_users(&visitor).await.matches(&name).count(), 1, "no second account is left");
    }
}

#[tokio::test]
async fn closed_sign_up_refuses_unknown_identities() {
    let setup = boot_with_sign_up(SignUp::Closed).await;
    let visitor = setup.server.owner();
    let ana = token("ana", verified_email("ana@example.com"));
    me(&visitor, &ana).await.refused(403, STRANGER);
    visitor.app().post("/v1/admin/invitations", json!({ "email": "ana@example.com" })).await.ok();
    me(&visitor, &ana).await.refused(403, STRANGER);
    visitor.with(&ana).get("/v1/dev/keys").await.refused(403, STRANGER);
    let sign_up = json!({ "name": "Ana", "email": "ana@example.com", "password": "correct horse" });
    assert_eq!(visitor.app().post("/v1/auth/sign-up", sign_up).await.status, 403);
    assert!(!list_users(&visitor).await.contains("ana@example.com"));
    setup.stop().await;
}

#[tokio::test]
async fn invitations_match_verified_addresses() {
    let setup = boot_with_sign_up(SignUp::Invited).await;
    let visitor = setup.server.owner();
    visitor.app().post("/v1/admin/invitations", json!({ "email": "Ben@Example.com" })).await.ok();
    let unverified = json!({ "email": "ben@example.com", "email_verified": false });
    for (subject, says) in [("ana", verified_email("ana@example.com")), ("mallory", unverified), ("nobody", json!({}))]
    {
        me(&visitor, &token(subject, says)).await.refused(403, STRANGER);
    }
    let ben = token("ben", verified_email("bEN@example.com"));
    let user = id_of(&visitor, &ben).await;
    assert_eq!(id_of(&visitor, &token("ben", json!({}))).await, user, "it is the subject that counts from now on");
    let left = visitor.app().get("/v1/admin/invitations").await.ok().to_string();
    assert!(!left.contains("ben@example.com"), "an invitation is good once: {left}");
    me(&visitor, &token("another ben", verified_email("ben@example.com"))).await.refused(403, STRANGER);
    setup.stop().await;
}

#[tokio::test]
async fn an_unverified_account_does_not_block_the_holder_of_the_address() {
    let setup = boot_with_sign_up(SignUp::Open).await;
    let visitor = setup.server.owner();
    let sign_up = json!({ "name": "Mallory", "email": "ana@example.com", "password": "correct horse" });
    let squatter = visitor.app().post("/v1/auth/sign-up", sign_up).await.ok();
    let squatter = squatter["access_token"].as_str().unwrap();
    let ana = me(&visitor, &token("ana", verified_email("ana@example.com"))).await.ok();
    assert_eq!((&ana["user"]["email"], &ana["user"]["email_verified"]), (&json!("ana@example.com"), &json!(true)));
    let known = me(&visitor, squatter).await.ok();
    assert_ne!(known["user"]["id"], ana["user"]["id"]);
    assert_eq!(known["user"]["email"], Value::Null);
    setup.stop().await;
}

#[tokio::test]
async fn identities_link_by_an_address_verified_on_both_sides() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        (settings.sign_up, settings.link_by_email) = (SignUp::Invited, true);
    })
    .await;
    let visitor = setup.server.owner();
    let ana = accept_invitation(&visitor, Some("ana@example.com"), None).await;
    accept_invitation(&visitor, None, Some("ben@example.com")).await;
    accept_invitation(&visitor, Some("cleo@example.com"), Some("dora@example.com")).await;
    for (what, subject, says) in [
        ("the issuer has not verified it", "1", json!({ "email": "ana@example.com", "email_verified": false })),
        ("the issuer says nothing", "2", json!({ "email": "ana@example.com" })),
        ("the member gave it", "3", verified_email("ben@example.com")),
        ("the member gave another", "4", verified_email("dora@example.com")),
        ("nobody has it", "5", verified_email("eve@example.com")),
    ] {
        let answer = me(&visitor, &token(subject, says)).await;
        assert_eq!((answer.status, &answer.body["detail"]), (403, &json!(STRANGER)), "{what}");
    }
    assert_eq!(id_of(&visitor, &token("of ana", verified_email("Ana@Example.com"))).await, ana);
    assert_eq!(id_of(&visitor, &token("of ana", json!({}))).await, ana);
    assert_eq!(id_of(&visitor, &token("of ana's other account", verified_email("ana@example.com"))).await, ana);
    setup.stop().await;
}

#[tokio::test]
async fn without_linking_an_address_is_taken() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    let email = format!("{}@example.com", fresh("ana"));
    let user = accept_invitation(&visitor, Some(&email), None).await;
    me(&visitor, &token(&fresh("mallory"), verified_email(&email))).await.refused(403, STRANGER);
    // Who does not prove an address comes without one.
    let other = me(&visitor, &token(&fresh("mallory"), json!({ "email": email }))).await.ok()["user"].clone();
    assert_ne!(other["id"], json!(user));
    assert_eq!(other["email"], Value::Null);
    assert_eq!(list_users(&visitor).await.matches(&email).count(), 1);
}

#[tokio::test]
async fn disabled_users_are_refused_with_every_issuer() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    let token = token(&fresh("ben"), json!({}));
    let user = id_of(&visitor, &token).await;
    visitor.app().bare(Method::POST, &format!("/v1/admin/users/{user}/disable")).await.ok();
    me(&visitor, &token).await.refused(403, DISABLED);
    visitor.app().bare(Method::POST, &format!("/v1/admin/users/{user}/enable")).await.ok();
    assert_eq!(id_of(&visitor, &token).await, user);
}

#[tokio::test]
async fn a_deleted_user_signs_in_as_a_new_one() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    let cleo = fresh("cleo");
    let token = token(&cleo, verified_email(&format!("{cleo}@example.com")));
    let user = id_of(&visitor, &token).await;
    visitor.with(&token).delete("/v1/users/delete-account").await.ok();
    assert_ne!(id_of(&visitor, &token).await, user);
}
