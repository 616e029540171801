//! Linked identities of users who are deleted or being deleted.

use serde_json::json;

use super::{
    firebase::{ISSUER, take_firebase, token},
    issuer::Issuer,
    support::{id_of, verified_email},
};
use crate::support::database::ServerWithDatabase;

const LINKED: &str = "SELECT VALUE user FROM identity";
const USERS: &str = "SELECT VALUE uid FROM user";

/// A server that accepts tokens of Firebase, and whose database can be changed.
async fn boot() -> ServerWithDatabase {
    let issuer = Issuer::serve().await;
    ServerWithDatabase::boot(|config| take_firebase(&mut config.sign_in, &issuer)).await
}

#[tokio::test]
async fn a_link_to_a_missing_user_is_replaced() {
    let setup = boot().await;
    let (visitor, database) = (setup.server.owner(), &setup.database);
    let token = token("ana", verified_email("ana@example.com"));
    let gone = id_of(&visitor, &token).await;
    database.sql(&format!("DELETE user WHERE uid = '{gone}'")).await;
    assert_eq!(database.sql(LINKED).await, json!([gone]));
    let new = id_of(&visitor, &token).await;
    assert_ne!(new, gone);
    assert_eq!(database.sql(LINKED).await, json!([new]));
    assert_eq!(id_of(&visitor, &token).await, new);
    setup.stop().await;
}

#[tokio::test]
async fn users_being_deleted_are_refused_and_not_created_again() {
    let setup = boot().await;
    let (visitor, database) = (setup.server.owner(), &setup.database);
    // None of her credentials was used yet, so that none is cached.
    let ana = setup.server.user().await.id;
    database.sql(&format!("CREATE identity:['{ISSUER}', 'ana'] SET user = '{ana}'")).await;
    database.sql(&format!("UPDATE user SET deleting_at = time::now() WHERE uid = '{ana}'")).await;
    let before = database.sql(USERS).await;
    let refusal = json!({ "code": "account_deletion_in_progress", "status": "deleting", "retryable": false });
    let token = token("ana", verified_email("ana@example.com"));
    for path in ["/v1/users/me", "/v3/memories", "/v1/dev/keys"] {
        let answer = visitor.with(&token).get(path).await;
        assert_eq!((answer.status, &answer.body["detail"]), (403, &refusal), "{path}");
    }
    assert_eq!(database.sql(USERS).await, before);
    assert_eq!(database.sql(LINKED).await, json!([ana]));
    setup.stop().await;
}
