//! Where the word of an issuer leads when its user is gone, or on the way out.

use serde_json::json;

use super::{
    firebase::{ISSUER, take_firebase, token},
    issuer::Issuer,
    support::{id_of, vouched},
};
use crate::support::database::Glass;

const LINKED: &str = "SELECT VALUE user FROM identity";
const USERS: &str = "SELECT VALUE uid FROM user";

/// A server that takes tokens of Firebase from everybody, and whose database can be changed.
async fn boot() -> Glass {
    let issuer = Issuer::serve().await;
    Glass::boot(|config| take_firebase(&mut config.sign_in, &issuer)).await
}

#[tokio::test]
async fn a_link_to_nobody_is_made_anew() {
    let glass = boot().await;
    let (visitor, rows) = (glass.server.owner(), &glass.rows);
    let token = token("ana", vouched("ana@example.com"));
    let gone = id_of(&visitor, &token).await;
    rows.sql(&format!("DELETE user WHERE uid = '{gone}'")).await;
    assert_eq!(rows.sql(LINKED).await, json!([gone]));
    let new = id_of(&visitor, &token).await;
    assert_ne!(new, gone);
    assert_eq!(rows.sql(LINKED).await, json!([new]));
    assert_eq!(id_of(&visitor, &token).await, new);
    glass.stop().await;
}

#[tokio::test]
async fn whoever_is_on_the_way_out_hears_so_and_makes_no_account() {
    let glass = boot().await;
    let (visitor, rows) = (glass.server.owner(), &glass.rows);
    // Nobody has come with anything of hers yet, so that nothing is believed of her.
    let ana = glass.server.user().await.id;
    rows.sql(&format!("CREATE identity:['{ISSUER}', 'ana'] SET user = '{ana}'")).await;
    rows.sql(&format!("UPDATE user SET deleting_at = time::now() WHERE uid = '{ana}'")).await;
    let before = rows.sql(USERS).await;
    let told = json!({ "code": "account_deletion_in_progress", "status": "deleting", "retryable": false });
    let token = token("ana", vouched("ana@example.com"));
    for path in ["/v1/users/me", "/v3/memories", "/v1/dev/keys"] {
        let answer = visitor.with(&token).get(path).await;
        assert_eq!((answer.status, &answer.body["detail"]), (403, &told), "{path}");
    }
    assert_eq!(rows.sql(USERS).await, before);
    assert_eq!(rows.sql(LINKED).await, json!([ana]));
    glass.stop().await;
}
