//! Expiry of sessions, tokens and invitations; and the database holds nothing that signs a user in.

use serde_json::json;

use super::{
    support::{
        INVALID, NO_INVITATION, NO_REFRESH, accept, begin_session, close_frame, invite, refresh, signed_in, text,
    },
    tokens::{claims_of, token_of},
};
use crate::support::database::ServerWithDatabase;

#[tokio::test]
async fn sessions_and_invitations_expire() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let (server, database) = (&setup.server, &setup.database);
    let user = server.user().await;
    let tokens = begin_session(server, &user).await;
    let session = signed_in(server, &tokens);
    session.app().get("/v3/memories").await.ok();
    let invited = invite(server, json!({ "name": "Ben" })).await.ok();
    for table in ["session", "invitation"] {
        database.sql(&format!("UPDATE {table} SET expires_at = time::now() - 1s")).await;
    }
    session.app().get("/v3/memories").await.refused(401, INVALID);
    assert_eq!(close_frame(server, &session.token).await, (4004, INVALID.to_owned()));
    refresh(server, &text(&tokens, "refresh_token")).await.refused(401, NO_REFRESH);
    assert_eq!(user.app().get("/v1/auth/sessions").await.ok()["sessions"], json!([]));
    assert_eq!(server.owner().app().get("/v1/admin/invitations").await.ok()["invitations"], json!([]));
    accept(server, &invited, json!({})).await.refused(404, NO_INVITATION);
    setup.stop().await;
}

#[tokio::test]
async fn a_refresh_token_can_be_repeated_within_its_grace_period() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let (server, database) = (&setup.server, &setup.database);
    let user = server.user().await;
    let tokens = begin_session(server, &user).await;
    let (session, first) = (signed_in(server, &tokens), text(&tokens, "refresh_token"));
    let second = text(&refresh(server, &first).await.ok(), "refresh_token");
    assert_eq!(text(&refresh(server, &first).await.ok(), "refresh_token"), second);
    session.app().get("/v3/memories").await.ok();
    database.sql("UPDATE session SET rotated_at = rotated_at - 4m").await;
    assert_eq!(text(&refresh(server, &first).await.ok(), "refresh_token"), second, "another window may be late");
    database.sql("UPDATE session SET rotated_at = rotated_at - 61s").await;
    for token in [&first, &second] {
        refresh(server, token).await.refused(401, NO_REFRESH);
    }
    session.app().get("/v3/memories").await.refused(401, INVALID);
    assert_eq!(close_frame(server, &session.token).await, (4004, INVALID.to_owned()));
    assert_eq!(database.sql("SELECT * FROM session").await, json!([]), "one of the two is in the wrong hands");
    setup.stop().await;
}

#[tokio::test]
async fn tokens_expire_and_the_database_holds_no_usable_one() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let (server, database) = (&setup.server, &setup.database);
    let user = server.user().await;
    let tokens = begin_session(server, &user).await;
    let key = database.sql("SELECT VALUE secret FROM ONLY server_secret:access_tokens").await;
    let key = key.as_str().unwrap();
    let claims = claims_of(&text(&tokens, "access_token"));
    // Tokens signed here are accepted, so that only the claims can make the others fail.
    user.with(&token_of(&claims, key)).get("/v3/memories").await.ok();

    let mut of_yesterday = claims.clone();
    for name in ["iat", "exp"] {
        of_yesterday[name] = json!(claims[name].as_i64().unwrap() - 86_400);
    }
    let of_yesterday = token_of(&of_yesterday, key);
    user.with(&of_yesterday).get("/v3/memories").await.refused(401, INVALID);
    assert_eq!(close_frame(server, &of_yesterday).await, (4001, INVALID.to_owned()), "the client has to refresh");

    let kept = database.sql("SELECT VALUE sid FROM session").await[0].take();
    assert!(kept.is_string(), "{kept}");
    let mut by_what_is_kept = claims.clone();
    by_what_is_kept["sid"] = kept;
    user.with(&token_of(&by_what_is_kept, key)).get("/v3/memories").await.refused(401, INVALID);

    // A session is valid for its own user alone.
    let mut of_another = claims;
    of_another["sub"] = json!(server.user().await.id);
    user.with(&token_of(&of_another, key)).get("/v3/memories").await.refused(401, INVALID);
    setup.stop().await;
}
