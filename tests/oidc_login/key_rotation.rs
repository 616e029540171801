//! The keys of an issuer: when they are fetched, for how long they are kept, and what becomes of tokens meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    firebase::{said, take_firebase, token},
    issuer::{KEYS, key_set},
    signing_keys::Key,
    support::{INVALID, Stage, id_of, me, with},
};
use crate::support::server::{Answer, TestUser};

const AWAY: &str = "the key set of Firebase cannot be fetched: the answer was 500 Internal Server Error";

/// Brings a token until the answer is this one: an issuer that has failed is left alone for a moment. Until then nobody is
/// let in, and no token is said to be wrong.
async fn in_the_end(visitor: &TestUser, token: &str, is_expected: impl Fn(&Answer) -> bool) {
    for _ in 0..600 {
        let answer = me(visitor, token).await;
        if is_expected(&answer) {
            return;
        }
        assert_eq!(answer.status, 503, "{}", answer.body);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it stays as it was");
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let stage = Stage::set(take_firebase).await;
    let visitor = stage.server.owner();
    let (old, new) = (token("ana", json!({})), Key::second().sign(&said("ana", json!({}))));
    let user = id_of(&visitor, &old).await;
    me(&visitor, &new).await.refused(401, INVALID);
    let asked = stage.issuer.asked(KEYS);
    stage.issuer.change(|manners| manners.key_set = key_set(&[Key::first(), Key::second()]));
    assert_eq!(id_of(&visitor, &new).await, user);
    assert_eq!(id_of(&visitor, &old).await, user, "both keys are good while they are both there");
    assert_eq!(stage.issuer.asked(KEYS), asked + 1);
    stage.issuer.change(|manners| manners.key_set = key_set(&[Key::second()]));
    // Whatever makes the server look again, a key that was taken away is gone then.
    me(&visitor, &Key::second().sign_as(Some("third"), &said("ana", json!({})))).await.refused(401, INVALID);
    me(&visitor, &old).await.refused(401, INVALID);
    assert_eq!(id_of(&visitor, &new).await, user);
    stage.end().await;
}

#[tokio::test]
async fn keys_are_not_fetched_more_often_than_configured() {
    let stage = Stage::set(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.refetch_seconds = 3600;
        // Even an issuer that has nothing kept is not asked for every token.
        issuer.change(|manners| manners.cache_control = Some("no-cache, max-age=0"));
    })
    .await;
    let visitor = stage.server.owner();
    let user = id_of(&visitor, &token("ana", json!({}))).await;
    stage.issuer.change(|manners| manners.key_set = key_set(&[Key::second()]));
    for name in ["second", "third", "fourth"] {
        let unknown = Key::second().sign_as(Some(name), &said("ana", json!({})));
        me(&visitor, &unknown).await.refused(401, INVALID);
    }
    assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user);
    assert_eq!(stage.issuer.asked(KEYS), 1);
    stage.end().await;
}

#[tokio::test]
async fn keys_are_kept_while_they_are_fresh() {
    for cache_control in [None, Some("public, max-age=600, must-revalidate"), Some("max-age=soon")] {
        let stage = Stage::set(|settings, issuer| {
            take_firebase(settings, issuer);
            issuer.change(|manners| manners.cache_control = cache_control);
        })
        .await;
        let visitor = stage.server.owner();
        let user = id_of(&visitor, &token("ana", json!({}))).await;
        stage.issuer.change(|manners| manners.status = 500);
        for _ in 0..3 {
            assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user, "{cache_control:?}");
        }
        assert_eq!(stage.issuer.asked(KEYS), 1, "{cache_control:?}");
        // Whether there is a newer key nobody can tell now.
        let unknown = Key::second().sign(&said("ana", json!({})));
        me(&visitor, &unknown).await.refused(503, AWAY);
        assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user, "{cache_control:?}");
        stage.end().await;
    }
}

#[tokio::test]
async fn keys_that_are_out_of_date_let_nobody_in() {
    let stage = Stage::set(|settings, issuer| {
        take_firebase(settings, issuer);
        issuer.change(|manners| manners.cache_control = Some("max-age=0"));
    })
    .await;
    let visitor = stage.server.owner();
    let token = token("ana", json!({}));
    let user = id_of(&visitor, &token).await;
    assert_eq!(id_of(&visitor, &token).await, user);
    assert_eq!(stage.issuer.asked(KEYS), 2);
    stage.issuer.change(|manners| manners.status = 500);
    let answer = me(&visitor, &token).await;
    answer.refused(503, AWAY);
    assert_eq!(answer.header("retry-after"), "5");
    stage.issuer.change(|manners| manners.status = 200);
    in_the_end(&visitor, &token, |answer| answer.status == 200).await;
    assert_eq!(id_of(&visitor, &token).await, user);
    stage.end().await;
}

#[tokio::test]
async fn a_key_set_that_cannot_be_read_lets_nobody_in() {
    let stage = Stage::set(take_firebase).await;
    let (visitor, token) = (stage.server.owner(), token("ana", json!({})));
    let padded = format!("{}{}", " ".repeat(256 << 10), key_set(&[Key::first()]));
    for (status, key_set, reason) in [
        (404, key_set(&[Key::first()]), "the answer was 404 Not Found"),
        (302, key_set(&[Key::first()]), "the answer was 302 Found"),
        (200, "<html>".to_owned(), "expected value at line 1 column 1"),
        (200, "{}".to_owned(), "missing field `keys` at line 1 column 2"),
        (200, padded, "the document is larger than 262144 bytes"),
    ] {
        stage.issuer.change(|manners| {
            manners.status = status;
            manners.key_set = key_set;
        });
        let sentence = json!(format!("the key set of Firebase cannot be fetched: {reason}"));
        in_the_end(&visitor, &token, |answer| answer.body["detail"] == sentence).await;
    }
    stage.issuer.change(|manners| manners.key_set = key_set(&[Key::first()]));
    in_the_end(&visitor, &token, |answer| answer.status == 200).await;
    stage.end().await;
}

#[tokio::test]
async fn a_key_set_that_nobody_serves_lets_nobody_in() {
    let stage = Stage::set(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.firebase.keys = "http://127.0.0.1:1/keys".to_owned();
    })
    .await;
    let visitor = stage.server.owner();
    let answer = me(&visitor, &token("ana", json!({}))).await;
    let sentence = answer.body["detail"].as_str().unwrap();
    assert_eq!(answer.status, 503, "{sentence}");
    assert!(sentence.starts_with("the key set of Firebase cannot be fetched: "), "{sentence}");
    // What is wrong for certain needs no key, and those who need none come in.
    me(&visitor, &token("ana", json!({ "iss": "https://another.example" }))).await.refused(401, INVALID);
    assert_eq!(visitor.app().get("/v1/users/me").await.ok()["user"]["role"], json!("owner"));
    stage.end().await;
}

#[tokio::test]
async fn a_key_for_something_else_signs_nobody_in() {
    let stage = Stage::set(take_firebase).await;
    let (visitor, token) = (stage.server.owner(), token("ana", json!({})));
    let show = |others: Value| {
        let keys = json!({ "keys": [with(Key::first().public(), others)] });
        stage.issuer.change(|manners| manners.key_set = keys.to_string());
    };
    for others in [json!({ "use": "enc" }), json!({ "alg": "RS512" }), json!({ "kty": "oct", "k": "c2VzYW1l" })] {
        show(others);
        me(&visitor, &token).await.refused(401, INVALID);
    }
    // Issuers need not say what a key is for.
    show(json!({ "use": null, "alg": null }));
    me(&visitor, &token).await.ok();
    stage.end().await;
}
