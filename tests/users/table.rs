//! A user signed in on a phone. What is the owner's is refused to all users of these tests, and what ends an
//! account comes last.

use serde_json::{Value, json};

use crate::support::{
    server::{Server, on_runtime},
    tables::{
        Expected::{self, NotFound, NothingForeign, Refused},
        Noun,
    },
};

const OWNERS: &str = "Only the owner of the server may do this";
const WRONG: &str = "The name or the password is wrong";
const CLOSED: &str = "Sign-up is by invitation only; ask the owner for one";

pub(crate) const NOUN: Noun = Noun {
    seed: |user| {
        Box::pin(async {
            let (resources, id) = (Server::shared().await.resources.clone(), user.id.clone());
            let tokens =
                on_runtime(async move { resources.users().begin_session(&id, Some("a phone")).await.unwrap() }).await;
            let sessions = user.app().get("/v1/auth/sessions").await.ok();
            json!({
                "id": user.id,
                "session": sessions["sessions"][0]["id"],
                "access": tokens.access_token,
                "refresh": tokens.refresh_token,
            })
        })
    },
    calls,
    attempts,
    owned_paths: |_| vec!["/v1/users/me".into(), "/v1/auth/sessions".into()],
    secrets: &[],
    volatile: &["id", "access_token", "refresh_token", "last_used_at", "expires_at"],
};

fn calls(seed: &Value) -> Vec<(&'static str, Value)> {
    vec![
        ("get_me", json!({})),
        ("log_in", json!({ "account": seed["id"], "password": "a guess at it", "device": null })),
        ("sign_up", json!({ "name": "Eve", "email": "eve@example.com", "password": "long enough", "device": null })),
        (
            "accept_invitation",
            json!({ "code": "omi_invite_x", "name": null, "email": null, "password": "long enough" }),
        ),
        ("refresh_session", json!({ "refresh_token": seed["refresh"] })),
        ("refresh_session", json!({ "refresh_token": "omi_refresh_x" })),
        ("log_out", json!({ "refresh_token": seed["refresh"] })),
        ("list_sessions", json!({})),
        ("end_session", json!({ "session_id": seed["session"] })),
        ("end_session", json!({ "session_id": "nothing" })),
        ("change_password", json!({ "current_password": null, "new_password": "long enough" })),
        ("list_users", json!({})),
        ("disable_user", json!({ "user_id": seed["id"] })),
        ("enable_user", json!({ "user_id": seed["id"] })),
        ("delete_user", json!({ "user_id": seed["id"] })),
        ("invite_user", json!({ "email": null, "name": "Eve", "days": 3 })),
        ("list_invitations", json!({})),
        ("withdraw_invitation", json!({ "invitation_id": "nothing" })),
        ("delete_account", json!({ "reason": "enough", "reason_details": null })),
    ]
}

fn attempts(seed: &Value) -> Vec<(&'static str, Value, Expected)> {
    let user = json!({ "user_id": seed["id"] });
    vec![
        ("get_me", json!({}), NothingForeign),
        ("log_in", json!({ "account": seed["id"], "password": "a guess at it" }), Refused(401, WRONG)),
        (
            "sign_up",
            json!({ "name": "Eve", "email": "eve@example.com", "password": "long enough" }),
            Refused(403, CLOSED),
        ),
        (
            "accept_invitation",
            json!({ "code": seed["session"], "password": "long enough" }),
            NotFound("Invitation not found"),
        ),
        ("refresh_session", json!({ "refresh_token": seed["access"] }), Refused(401, "Invalid refresh token")),
        ("log_out", json!({ "refresh_token": seed["session"] }), NothingForeign),
        ("list_sessions", json!({}), NothingForeign),
        ("end_session", json!({ "session_id": seed["session"] }), NotFound("Session not found")),
        ("change_password", json!({ "new_password": "long enough" }), NothingForeign),
        ("list_users", json!({}), Refused(403, OWNERS)),
        ("disable_user", user.clone(), Refused(403, OWNERS)),
        ("enable_user", user.clone(), Refused(403, OWNERS)),
        ("delete_user", user, Refused(403, OWNERS)),
        ("invite_user", json!({ "email": "eve@example.com" }), Refused(403, OWNERS)),
        ("list_invitations", json!({}), Refused(403, OWNERS)),
        ("withdraw_invitation", json!({ "invitation_id": seed["session"] }), Refused(403, OWNERS)),
        ("delete_account", json!({}), NothingForeign),
    ]
}
