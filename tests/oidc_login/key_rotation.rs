//! Key rotation: when keys are fetched, how long they are cached, and tokens meanwhile.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    firebase::{said, take_firebase, token},
    issuer::{KEYS, key_set},
    signing_keys::Key,
    support::{INVALID, ServerWithIssuer, id_of, me, with},
};
use crate::support::server::{Answer, TestUser};

const AWAY: &str = "the key set of Firebase cannot be fetched: the answer was 500 Internal Server Error";

/// Sends a token until the answer is the expected one: a failed issuer is not asked again for a moment. Until then
/// tokens are refused, and none is called invalid.
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
    let setup = ServerWithIssuer::boot(take_firebase).await;
    let visitor = setup.server.owner();
    let (old, new) = (token("ana", json!({})), Key::second().sign(&said("ana", json!({}))));
    let user = id_of(&visitor, &old).await;
    me(&visitor, &new).await.refused(401, INVALID);
    let asked = setup.issuer.request_count(KEYS);
    setup.issuer.change(|behaviour| behaviour.key_set = key_set(&[Key::first(), Key::second()]));
    assert_eq!(id_of(&visitor, &new).await, user);
    assert_eq!(id_of(&visitor, &old).await, user, "both keys are good while they are both there");
    assert_eq!(setup.issuer.request_count(KEYS), asked + 1);
    setup.issuer.change(|behaviour| behaviour.key_set = key_set(&[Key::second()]));
    // Whatever makes the server look again, a key that was taken away is gone then.
    me(&visitor, &Key::second().sign_as(Some("third"), &said("ana", json!({})))).await.refused(401, INVALID);
    me(&visitor, &old).await.refused(401, INVALID);
    assert_eq!(id_of(&visitor, &new).await, user);
    setup.stop().await;
}

#[tokio::test]
async fn keys_are_not_fetched_more_often_than_configured() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.refetch_seconds = 3600;
        // Even an issuer that has nothing kept is not asked for every token.
        issuer.change(|behaviour| behaviour.cache_control = Some("no-cache, max-age=0"));
    })
    .await;
    let visitor = setup.server.owner();
    let user = id_of(&visitor, &token("ana", json!({}))).await;
    setup.issuer.change(|behaviour| behaviour.key_set = key_set(&[Key::second()]));
    for name in ["second", "third", "fourth"] {
        let unknown = Key::second().sign_as(Some(name), &said("ana", json!({})));
        me(&visitor, &unknown).await.refused(401, INVALID);
    }
    assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user);
    assert_eq!(setup.issuer.request_count(KEYS), 1);
    setup.stop().await;
}

#[tokio::test]
async fn keys_are_kept_while_they_are_fresh() {
    for cache_control in [None, Some("public, max-age=600, must-revalidate"), Some("max-age=soon")] {
        let setup = ServerWithIssuer::boot(|settings, issuer| {
            take_firebase(settings, issuer);
            issuer.change(|behaviour| behaviour.cache_control = cache_control);
        })
        .await;
        let visitor = setup.server.owner();
        let user = id_of(&visitor, &token("ana", json!({}))).await;
        setup.issuer.change(|behaviour| behaviour.status = 500);
        for _ in 0..3 {
            assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user, "{cache_control:?}");
        }
        assert_eq!(setup.issuer.request_count(KEYS), 1, "{cache_control:?}");
        // Whether there is a newer key is not known now.
        let unknown = Key::second().sign(&said("ana", json!({})));
        me(&visitor, &unknown).await.refused(503, AWAY);
        assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user, "{cache_control:?}");
        setup.stop().await;
    }
}

#[tokio::test]
async fn expired_keys_are_not_used() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        issuer.change(|behaviour| behaviour.cache_control = Some("max-age=0"));
    })
    .await;
    let visitor = setup.server.owner();
    let token = token("ana", json!({}));
    let user = id_of(&visitor, &token).await;
    assert_eq!(id_of(&visitor, &token).await, user);
    assert_eq!(setup.issuer.request_count(KEYS), 2);
    setup.issuer.change(|behaviour| behaviour.status = 500);
    let answer = me(&visitor, &token).await;
    answer.refused(503, AWAY);
    assert_eq!(answer.header("retry-after"), "5");
    setup.issuer.change(|behaviour| behaviour.status = 200);
    in_the_end(&visitor, &token, |answer| answer.status == 200).await;
    assert_eq!(id_of(&visitor, &token).await, user);
    setup.stop().await;
}

#[tokio::test]
async fn an_unreadable_key_set_refuses_tokens() {
    let setup = ServerWithIssuer::boot(take_firebase).await;
    let (visitor, token) = (setup.server.owner(), token("ana", json!({})));
    let padded = format!("{}{}", " ".repeat(256 << 10), key_set(&[Key::first()]));
    for (status, key_set, reason) in [
        (404, key_set(&[Key::first()]), "the answer was 404 Not Found"),
        (302, key_set(&[Key::first()]), "the answer was 302 Found"),
        (200, "<html>".to_owned(), "expected value at line 1 column 1"),
        (200, "{}".to_owned(), "missing field `keys` at line 1 column 2"),
        (200, padded, "the document is larger than 262144 bytes"),
    ] {
        setup.issuer.change(|behaviour| {
            behaviour.status = status;
            behaviour.key_set = key_set;
        });
        let sentence = json!(format!("the key set of Firebase cannot be fetched: {reason}"));
        in_the_end(&visitor, &token, |answer| answer.body["detail"] == sentence).await;
    }
    setup.issuer.change(|behaviour| behaviour.key_set = key_set(&[Key::first()]));
    in_the_end(&visitor, &token, |answer| answer.status == 200).await;
    setup.stop().await;
}

#[tokio::test]
async fn an_unreachable_key_set_refuses_tokens() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.firebase.keys = "http://127.0.0.1:1/keys".to_owned();
    })
    .await;
    let visitor = setup.server.owner();
    let answer = me(&visitor, &token("ana", json!({}))).await;
    let sentence = answer.body["detail"].as_str().unwrap();
    assert_eq!(answer.status, 503, "{sentence}");
    assert!(sentence.starts_with("the key set of Firebase cannot be fetched: "), "{sentence}");
    // Claims are checked before keys are needed, and other credentials still work.
    me(&visitor, &token("ana", json!({ "iss": "https://another.example" }))).await.refused(401, INVALID);
    assert_eq!(visitor.app().get("/v1/users/me").await.ok()["user"]["role"], json!("owner"));
    setup.stop().await;
}

#[tokio::test]
async fn keys_for_other_uses_verify_no_signature() {
    let setup = ServerWithIssuer::boot(take_firebase).await;
    let (visitor, token) = (setup.server.owner(), token("ana", json!({})));
    let show = |others: Value| {
        let keys = json!({ "keys": [with(Key::first().public(), others)] });
        setup.issuer.change(|behaviour| behaviour.key_set = keys.to_string());
    };
    for others in [json!({ "use": "enc" }), json!({ "alg": "RS512" }), json!({ "kty": "oct", "k": "c2VzYW1l" })] {
        show(others);
        me(&visitor, &token).await.refused(401, INVALID);
    }
    // Issuers need not say what a key is for.
    show(json!({ "use": null, "alg": null }));
    me(&visitor, &token).await.ok();
    setup.stop().await;
}
