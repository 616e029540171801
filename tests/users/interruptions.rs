//! Interruptions: a client that hangs up, a row that is written after the deletion, a database that is
//! down.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::support::{INVALID, close_frame};
use crate::support::{
    database::ServerWithDatabase,
    server::{Answer, TestUser, wait_until_indexed},
};

const ACCOUNT: &str = "/v1/users/delete-account";

/// How long a step may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Polls the user's profile until the status is another one.
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
    timeout(TIMEOUT, asking).await.expect("it stays as it was")
}

#[tokio::test]
async fn deletion_continues_when_the_client_disconnects() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let user = setup.server.user().await;
    for number in 0..5 {
        user.app().post("/v3/memories", json!({ "content": format!("Bee {number}") })).await.ok();
    }
    wait_until_indexed(&setup.server).await;
    assert!(setup.database.rows_with(&user.id).await.len() > 5);
    let request = tokio::spawn(Answer::to(user.app().request(Method::DELETE, ACCOUNT)));
    // From here on the deletion is under way, and requests are refused.
    no_longer(&user, 200).await;
    request.abort();
    no_longer(&user, 403).await.refused(401, INVALID);
    assert_eq!(setup.database.rows_with(&user.id).await, Vec::<String>::new());
    setup.stop().await;
}

#[tokio::test]
async fn rows_written_after_the_deletion_are_deleted_at_shutdown() {
    let setup = ServerWithDatabase::boot(|_| {}).await;
    let user = setup.server.user().await;
    user.app().delete(ACCOUNT).await.ok();
    let (id, key) = (&user.id, &user.developer_key_id);
    let database = &setup.database;
    database.sql(&format!("CREATE message SET user = '{id}', created_at = time::now()")).await;
    let counter = format!("CREATE rate_limit:['{key}', 'dev:memories'] SET subject = '{key}', policy = 'dev:memories'");
    database.sql(&format!("{counter}, used = 1, ends = 4000000000")).await;
    assert_eq!((database.rows_with(id).await.len(), database.rows_with(key).await.len()), (1, 1));
    let database = setup.stop().await;
    for late in [id, key] {
        assert_eq!(database.rows_with(late).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_websocket_closes_with_try_again_while_the_database_is_down() {
    let mut setup = ServerWithDatabase::boot(|_| {}).await;
    let user = setup.server.user().await;
    user.app().get("/v1/users/me").await.ok();
    setup.database.kill().await;
    // The first request reports how the connection was lost; later ones that there is none.
    assert_eq!(user.app().get("/v1/users/me").await.status, 503);
    sleep(Duration::from_secs(1)).await;
    let (code, reason) = close_frame(&setup.server, &user.token).await;
    assert!(code == 1013 && reason.contains("does not answer"), "{code} {reason}");
    setup.database.restart().await;
    no_longer(&user, 503).await.ok();
    setup.stop().await;
}
