//! What is over is good no more, and whoever reads the database signs nobody in.

use serde_json::json;

use super::{
    support::{INVALID, NO_INVITATION, NO_REFRESH, accept, closed, invite, refresh, session_of, signed_in, text},
    tokens::{claims_of, token_of},
};
use crate::support::database::Glass;

#[tokio::test]
async fn sessions_and_invitations_end_when_their_time_has_come() {
    let glass = Glass::boot(|_| {}).await;
    let (server, rows) = (&glass.server, &glass.rows);
    let user = server.user().await;
    let tokens = session_of(server, &user).await;
    let session = signed_in(server, &tokens);
    session.app().get("/v3/memories").await.ok();
    let invited = invite(server, json!({ "name": "Ben" })).await.ok();
    for table in ["session", "invitation"] {
        rows.sql(&format!("UPDATE {table} SET expires_at = time::now() - 1s")).await;
    }
    session.app().get("/v3/memories").await.refused(401, INVALID);
    assert_eq!(closed(server, &session.token).await, (4004, INVALID.to_owned()));
    refresh(server, &text(&tokens, "refresh_token")).await.refused(401, NO_REFRESH);
    assert_eq!(user.app().get("/v1/auth/sessions").await.ok()["sessions"], json!([]));
    assert_eq!(server.owner().app().get("/v1/admin/invitations").await.ok()["invitations"], json!([]));
    accept(server, &invited, json!({})).await.refused(404, NO_INVITATION);
    glass.stop().await;
}

#[tokio::test]
async fn a_refresh_token_is_answered_again_for_a_short_while_alone() {
    let glass = Glass::boot(|_| {}).await;
    let (server, rows) = (&glass.server, &glass.rows);
    let user = server.user().await;
    let tokens = session_of(server, &user).await;
    let (session, first) = (signed_in(server, &tokens), text(&tokens, "refresh_token"));
    let second = text(&refresh(server, &first).await.ok(), "refresh_token");
    assert_eq!(text(&refresh(server, &first).await.ok(), "refresh_token"), second);
    session.app().get("/v3/memories").await.ok();
    rows.sql("UPDATE session SET rotated_at = rotated_at - 11s").await;
    for token in [&first, &second] {
        refresh(server, token).await.refused(401, NO_REFRESH);
    }
    session.app().get("/v3/memories").await.refused(401, INVALID);
    assert_eq!(closed(server, &session.token).await, (4004, INVALID.to_owned()));
    assert_eq!(rows.sql("SELECT * FROM session").await, json!([]), "one of the two is in the wrong hands");
    glass.stop().await;
}

#[tokio::test]
async fn a_token_ends_in_time_and_the_database_makes_none() {
    let glass = Glass::boot(|_| {}).await;
    let (server, rows) = (&glass.server, &glass.rows);
    let user = server.user().await;
    let tokens = session_of(server, &user).await;
    let key = rows.sql("SELECT VALUE secret FROM ONLY server_secret:access_tokens").await;
    let key = key.as_str().unwrap();
    let claims = claims_of(&text(&tokens, "access_token"));
    // What is signed here is as good as what the server signs, so that nothing but the claims tells the others from it.
    user.with(&token_of(&claims, key)).get("/v3/memories").await.ok();

    let mut of_yesterday = claims.clone();
    for name in ["iat", "exp"] {
        of_yesterday[name] = json!(claims[name].as_i64().unwrap() - 86_400);
    }
    let of_yesterday = token_of(&of_yesterday, key);
    user.with(&of_yesterday).get("/v3/memories").await.refused(401, INVALID);
    assert_eq!(closed(server, &of_yesterday).await, (4001, INVALID.to_owned()), "the client is told to refresh");

    let kept = rows.sql("SELECT VALUE sid FROM session").await[0].take();
    assert!(kept.is_string(), "{kept}");
    let mut by_what_is_kept = claims.clone();
    by_what_is_kept["sid"] = kept;
    user.with(&token_of(&by_what_is_kept, key)).get("/v3/memories").await.refused(401, INVALID);

    // A session opens nothing for anybody but its user.
    let mut of_another = claims;
    of_another["sub"] = json!(server.user().await.id);
    user.with(&token_of(&of_another, key)).get("/v3/memories").await.refused(401, INVALID);
    glass.stop().await;
}
