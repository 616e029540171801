//! What is broken off or comes too late: a client that hangs up, a row that is written after all, a database that goes
//! away.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::support::{INVALID, closed};
use crate::support::{
    database::Glass,
    server::{Answer, TestUser, indexed},
};

const ACCOUNT: &str = "/v1/users/delete-account";

/// How long anything here may take.
const LONG: Duration = Duration::from_secs(60);

/// Asks who somebody is until the answer has another status than this one.
async fn no_longer(user: &TestUser, status: u16) -> Answer {
    let asking = async {
        loop {
            let answer = user.app().get("/v1/users/me").await;
            if answer.status != status {
                break answer;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(LONG, asking).await.expect("it stays as it was")
}

#[tokio::test]
async fn who_hangs_up_is_deleted_all_the_same() {
    let glass = Glass::boot(|_| {}).await;
    let user = glass.server.user().await;
    for number in 0..5 {
        user.app().post("/v3/memories", json!({ "content": format!("Bee {number}") })).await.ok();
    }
    indexed(&glass.server).await;
    assert!(glass.rows.with(&user.id).await.len() > 5);
    let request = tokio::spawn(Answer::to(user.app().request(Method::DELETE, ACCOUNT)));
    // From here on the deletion is under way: whoever asks is refused.
    no_longer(&user, 200).await;
    request.abort();
    no_longer(&user, 403).await.refused(401, INVALID);
    assert_eq!(glass.rows.with(&user.id).await, Vec::<String>::new());
    glass.stop().await;
}

#[tokio::test]
async fn what_is_written_after_the_deletion_is_found_before_the_server_stops() {
    let glass = Glass::boot(|_| {}).await;
    let user = glass.server.user().await;
    user.app().delete(ACCOUNT).await.ok();
    let (id, key) = (&user.id, &user.developer_key_id);
    let rows = &glass.rows;
    rows.sql(&format!("CREATE message SET user = '{id}', created_at = time::now()")).await;
    let counter = format!("CREATE rate_limit:['{key}', 'dev:memories'] SET subject = '{key}', policy = 'dev:memories'");
    rows.sql(&format!("{counter}, used = 1, ends = 4000000000")).await;
    assert_eq!((rows.with(id).await.len(), rows.with(key).await.len()), (1, 1));
    let rows = glass.stop().await;
    for late in [id, key] {
        assert_eq!(rows.with(late).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn while_the_database_is_away_a_websocket_is_told_to_come_later() {
    let mut glass = Glass::boot(|_| {}).await;
    let user = glass.server.user().await;
    user.app().get("/v1/users/me").await.ok();
    glass.rows.kill().await;
    // Whoever comes first hears how the connection was lost; whoever comes later, that there is none.
    assert_eq!(user.app().get("/v1/users/me").await.status, 503);
    sleep(Duration::from_secs(1)).await;
    let (code, reason) = closed(&glass.server, &user.token).await;
    assert!(code == 1013 && reason.contains("does not answer"), "{code} {reason}");
    glass.rows.start_again().await;
    no_longer(&user, 503).await.ok();
    glass.stop().await;
}
