//! Display names of users who sign in at an issuer: as the owner has invited them, and never what a terminal
//! obeys.

use resources::identity::SignUp;
use serde_json::{Value, json};

use super::{
    accounts::boot_with_sign_up,
    firebase::{shared, token},
    support::{fresh, me, verified_email, with},
};
use crate::support::server::on_runtime;

#[tokio::test]
async fn an_invited_user_has_the_name_of_the_invitation() {
    let setup = boot_with_sign_up(SignUp::Invited).await;
    let visitor = setup.server.owner();
    for (email, invited_as, called) in
        [("ana@example.com", json!("Guest"), "Guest"), ("ben@example.com", Value::Null, "Ana")]
    {
        let invitation = json!({ "email": email, "name": invited_as });
        visitor.app().post("/v1/admin/invitations", invitation).await.ok();
        let says = with(verified_email(email), json!({ "name": "Ana" }));
        let user = me(&visitor, &token(email, says)).await.ok()["user"].take();
        assert_eq!((&user["name"], &user["email"]), (&json!(called), &json!(email)));
    }
    setup.stop().await;
}

#[tokio::test]
async fn control_characters_are_removed_from_names() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    for (name, called) in
        [("A\u{1b}[31mna", "A[31mna"), ("\u{202e}Ben\u{200b}\r\n", "Ben"), ("\u{1b}\u{7}", "somebody")]
    {
        let says = with(verified_email("ana@example.com\u{1b}[2J"), json!({ "name": name }));
        let user = me(&visitor, &token(&fresh("new"), says)).await.ok()["user"].take();
        assert_eq!((&user["name"], &user["email"]), (&json!(called), &Value::Null), "{name:?}");
    }
    // What `recollect users list` prints.
    let resources = setup.server.resources.clone();
    let users = on_runtime(async move { resources.users().list().await.unwrap() }).await;
    for text in users.iter().flat_map(|user| [Some(&user.name), user.email.as_ref()]).flatten() {
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}
