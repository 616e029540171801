//! Invitations: a code makes one account.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use serde_json::{Value, json};

use super::support::{
    Member, NAME_TAKEN, NO_INVITATION, PASSWORD, TAKEN, accept, assert_invalid_field, fresh_email, invite, log_in, me,
    post_auth, signed_in, text,
};
use crate::support::server::Server;

const INVITATIONS: &str = "/v1/admin/invitations";

/// The ids of the invitations that can still be used.
async fn listed(server: &Server) -> Vec<Value> {
    let listed = server.owner().app().get(INVITATIONS).await.ok();
    listed["invitations"].as_array().unwrap().iter().map(|invitation| invitation["id"].clone()).collect()
}

#[tokio::test]
async fn an_invitation_makes_one_account() {
    let server = Server::shared().await;
    let (email, name) = (fresh_email(), format!("Ben {}", uuid::Uuid::new_v4()));
    let invited = invite(server, json!({ "email": email.to_uppercase(), "name": format!(" {name} ") })).await.ok();
    assert_eq!((&invited["email"], &invited["name"]), (&json!(email), &json!(name)));
    assert!(text(&invited, "code").starts_with("omi_invite_"));
    let time = |name: &str| text(&invited, name).parse::<DateTime<Utc>>().unwrap();
    assert_eq!(time("expires_at") - time("created_at"), TimeDelta::days(7));
    let ben = signed_in(server, &accept(server, &invited, json!({})).await.ok());
    let known = me(&ben).await;
    let expected = json!({
        "id": ben.id,
        "name": name,
        "email": email,
        "email_verified": true,
        "role": "member",
        "has_password": true,
        "disabled_at": null,
        "created_at": known["created_at"],
    });
    assert_eq!(known, expected);
    log_in(server, &email, PASSWORD).await.ok();
    accept(server, &invited, json!({ "email": fresh_email() })).await.refused(404, NO_INVITATION);
    assert!(!listed(server).await.contains(&invited["id"]), "it is used up");
}

#[tokio::test]
async fn an_invited_user_may_give_a_name() {
    let server = Server::shared().await;
    let (invited_as, own) = (fresh_email(), fresh_email());
    let cases = [
        (
            json!({ "email": invited_as, "name": "Ben" }),
            json!({ "email": own, "name": " Benedict " }),
            "Benedict",
            Some(&own),
        ),
        (json!({}), json!({}), "somebody", None),
    ];
    for (invitation, fields, name, email) in cases {
        let invited = invite(server, invitation).await.ok();
        let known = me(&signed_in(server, &accept(server, &invited, fields).await.ok())).await;
        assert_eq!((&known["name"], &known["email_verified"]), (&json!(name), &json!(false)));
        assert_eq!(known["email"].as_str(), email.map(String::as_str), "it is not verified");
    }
    let invited = invite(server, json!({ "email": invited_as })).await.ok();
    let fields = json!({ "email": invited_as.to_uppercase() });
    let known = me(&signed_in(server, &accept(server, &invited, fields).await.ok())).await;
    assert_eq!((&known["email"], &known["email_verified"]), (&json!(invited_as), &json!(true)));
}

#[tokio::test]
async fn invitations_are_listed_without_their_codes_and_taken_back() {
    let server = Server::shared().await;
    let owner = server.owner().app();
    let first = invite(server, json!({ "name": "Ben", "days": 90 })).await.ok();
    let second = invite(server, json!({ "days": 1 })).await.ok();
    let all = owner.get(INVITATIONS).await.ok();
    let found: Vec<&Value> = all["invitations"].as_array().unwrap().iter().collect();
    let place = |made: &Value| found.iter().position(|invitation| invitation["id"] == made["id"]).unwrap();
    assert!(place(&second) < place(&first), "newest first");
    let mut described = first.clone();
    described.as_object_mut().unwrap().shift_remove("code").unwrap();
    assert_eq!(*found[place(&first)], described);
    let path = format!("{INVITATIONS}/{}", text(&first, "id"));
    assert_eq!(owner.delete(&path).await.ok(), json!({ "success": true }));
    owner.delete(&path).await.refused(404, NO_INVITATION);
    accept(server, &first, json!({})).await.refused(404, NO_INVITATION);
    assert!(!listed(server).await.contains(&first["id"]));
    accept(server, &second, json!({})).await.ok();
}

#[tokio::test]
async fn an_address_that_is_taken_leaves_the_invitation_good() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    invite(server, json!({ "email": ana.email.to_uppercase() })).await.refused(409, TAKEN);
    let invited = invite(server, json!({ "email": fresh_email() })).await.ok();
    accept(server, &invited, json!({ "email": ana.email })).await.refused(409, TAKEN);
    assert!(listed(server).await.contains(&invited["id"]));
    accept(server, &invited, json!({})).await.ok();
    log_in(server, &ana.email, PASSWORD).await.ok();
}

#[tokio::test]
async fn a_name_that_is_taken_leaves_the_invitation_good() {
    let server = Server::shared().await;
    let ana = Member::join(server).await;
    for name in [ana.name.as_str(), "owner"] {
        invite(server, json!({ "name": name })).await.refused(409, NAME_TAKEN);
        let invited = invite(server, json!({})).await.ok();
        accept(server, &invited, json!({ "name": name })).await.refused(409, NAME_TAKEN);
        assert!(listed(server).await.contains(&invited["id"]));
        accept(server, &invited, json!({})).await.ok();
    }
    assert_eq!(log_in(server, &ana.name, PASSWORD).await.ok()["uid"], ana.user.id);
}

#[tokio::test]
async fn a_verified_address_wins_over_an_unverified_one() {
    let server = Server::shared().await;
    let email = fresh_email();
    let invited = invite(server, json!({})).await.ok();
    let squatter = signed_in(server, &accept(server, &invited, json!({ "email": email })).await.ok());
    assert_eq!(me(&squatter).await["email"], email);
    let invited = invite(server, json!({ "email": email })).await.ok();
    assert_eq!(me(&squatter).await["email"], email, "nobody has verified it yet");
    let holder = accept(server, &invited, json!({ "password": "another horse" })).await.ok();
    assert_eq!(log_in(server, &email, "another horse").await.ok()["uid"], holder["uid"]);
    let known = me(&squatter).await;
    assert_eq!((&known["email"], &known["email_verified"]), (&Value::Null, &json!(false)));
    let invited = invite(server, json!({})).await.ok();
    accept(server, &invited, json!({ "email": email })).await.refused(409, TAKEN);
}

#[tokio::test]
async fn a_code_makes_one_account_however_many_come_at_once() {
    let server = Server::shared().await;
    let invited = invite(server, json!({})).await.ok();
    let emails: [String; 6] = std::array::from_fn(|_| fresh_email());
    let answers = join_all(emails.iter().map(|email| accept(server, &invited, json!({ "email": email })))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404]);
    let users = server.owner().app().get("/v1/admin/users").await.ok();
    let users = users["users"].as_array().unwrap().iter();
    assert_eq!(users.filter(|user| emails.iter().any(|email| user["email"] == *email)).count(), 1);
}

#[tokio::test]
async fn invalid_invitations_are_refused() {
    let server = Server::shared().await;
    for code in ["", "x", "omi_invite_", "omi_invite_00000000000000000000000000000000"] {
        accept(server, &json!({ "code": code }), json!({})).await.refused(404, NO_INVITATION);
    }
    assert_invalid_field(
        &accept(server, &json!({ "code": "x".repeat(101) }), json!({})).await,
        "string_too_long",
        "code",
    );
    assert_invalid_field(&post_auth(server, "invitations/accept", json!({ "code": "x" })).await, "missing", "password");
    let invited = invite(server, json!({})).await.ok();
    accept(server, &invited, json!({ "name": "  " })).await.refused(422, "Name cannot be empty");
    for email in ["nobody", "@example.com", "ana@", "ana@home@example.com", "a na@example.com"] {
        accept(server, &invited, json!({ "email": email })).await.refused(422, "email is not a valid e-mail address");
        invite(server, json!({ "email": email })).await.refused(422, "email is not a valid e-mail address");
    }
    assert_invalid_field(&invite(server, json!({ "days": 0 })).await, "greater_than_equal", "days");
    assert_invalid_field(&invite(server, json!({ "days": 91 })).await, "less_than_equal", "days");
    accept(server, &invited, json!({})).await.ok();
}
