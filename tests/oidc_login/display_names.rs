//! What somebody is called who comes by the word of an issuer: as the owner has invited them, and never what a terminal
//! obeys.

use resources::identity::SignUp;
use serde_json::{Value, json};

use super::{
    accounts::stage_where,
    firebase::{shared, token},
    support::{fresh, me, vouched, with},
};
use crate::support::server::apart;

#[tokio::test]
async fn a_guest_is_called_as_the_invitation_says() {
    let stage = stage_where(SignUp::Invited).await;
    let visitor = stage.server.owner();
    for (email, invited_as, called) in
        [("ana@example.com", json!("Guest"), "Guest"), ("ben@example.com", Value::Null, "Ana")]
    {
        let invitation = json!({ "email": email, "name": invited_as });
        visitor.app().post("/v1/admin/invitations", invitation).await.ok();
        let says = with(vouched(email), json!({ "name": "Ana" }));
        let user = me(&visitor, &token(email, says)).await.ok()["user"].take();
        assert_eq!((&user["name"], &user["email"]), (&json!(called), &json!(email)));
    }
    stage.end().await;
}

#[tokio::test]
async fn nobody_is_called_what_a_terminal_obeys() {
    let stage = shared().await;
    let visitor = stage.server.owner();
    for (name, called) in
        [("A\u{1b}[31mna", "A[31mna"), ("\u{202e}Ben\u{200b}\r\n", "Ben"), ("\u{1b}\u{7}", "somebody")]
    {
        let says = with(vouched("ana@example.com\u{1b}[2J"), json!({ "name": name }));
        let user = me(&visitor, &token(&fresh("new"), says)).await.ok()["user"].take();
        assert_eq!((&user["name"], &user["email"]), (&json!(called), &Value::Null), "{name:?}");
    }
    // What `recollect users list` prints.
    let resources = stage.server.resources.clone();
    let users = apart(async move { resources.users().list().await.unwrap() }).await;
    for text in users.iter().flat_map(|user| [Some(&user.name), user.email.as_ref()]).flatten() {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}
