//! ID tokens of a Firebase project, and of its emulator.

use chrono::Utc;
use resources::{SignInSettings, identity::SignUp};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    issuer::{Issuer, KEYS},
    signing_keys::{Key, part, unsigned},
    support::{INVALID, ServerWithIssuer, claims, fresh, id_of, list_users, me, verified_email, with},
};

const PROJECT: &str = "memories-of-tests";
pub(super) const ISSUER: &str = "https://securetoken.google.com/memories-of-tests";

/// Accepts tokens of the project, signed by the issuer's keys, with open sign-up and no delay between fetches of keys.
pub(super) fn take_firebase(settings: &mut SignInSettings, issuer: &Issuer) {
    settings.firebase.project = Some(PROJECT.to_owned());
    settings.firebase.keys = format!("{}{KEYS}", issuer.url);
    settings.sign_up = SignUp::Open;
    settings.refetch_seconds = 0;
}

/// The server of the tests that change nothing about the issuer.
pub(super) async fn shared() -> &'static ServerWithIssuer {
    static SHARED: OnceCell<ServerWithIssuer> = OnceCell::const_new();
    SHARED.get_or_init(|| ServerWithIssuer::boot(take_firebase)).await
}

/// The claims of Firebase, with others in place of some.
pub(super) fn said(subject: &str, others: Value) -> Value {
    with(claims(ISSUER, PROJECT, subject), others)
}

/// A token that says so.
pub(super) fn token(subject: &str, others: Value) -> String {
    Key::first().sign(&said(subject, others))
}

/// Asserts that these tokens are refused, and create no user called `name`.
async fn refused(setup: &ServerWithIssuer, name: &str, tokens: &[(&str, String)]) {
    let visitor = setup.server.owner();
    for (what, token) in tokens {
        let answer = me(&visitor, token).await;
        assert_eq!((answer.status, &answer.body), (401, &json!({ "detail": INVALID })), "{what}");
        assert_ne!(answer.header("www-authenticate"), "", "{what}");
    }
    assert!(!list_users(&visitor).await.contains(name));
}

#[tokio::test]
async fn a_token_of_the_project_signs_in() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    let ana = fresh("ana");
    let first = token(&ana, with(verified_email(&format!("{ana}@example.com")), json!({ "name": ana })));
    let user = me(&visitor, &first).await.ok()["user"].clone();
    assert_eq!((&user["name"], &user["email"]), (&json!(ana), &json!(format!("{ana}@example.com"))));
    assert_eq!((&user["role"], &user["has_password"]), (&json!("member"), &json!(false)));
    // Firebase gives a new token every hour; what it says may have changed, but for whom it means.
    let later = token(&ana, json!({ "name": "Ana Maria", "user_id": ana, "firebase": { "identities": {} } }));
    assert_eq!(me(&visitor, &later).await.ok()["user"], user);
    assert_ne!(id_of(&visitor, &token(&fresh("ben"), json!({}))).await, user["id"].as_str().unwrap());
}

#[tokio::test]
async fn keys_are_managed_with_a_token_of_the_project() {
    let setup = shared().await;
    let visitor = setup.server.owner();
    let token = token(&fresh("cleo"), json!({}));
    for path in ["/v1/dev/keys", "/v1/mcp/keys"] {
        let made = visitor.with(&token).post(path, json!({ "name": "made" })).await.ok();
        assert!(made["key"].as_str().is_some_and(|key| key.starts_with("omi_")), "{path}: {made}");
        let forged = format!("{token}x");
        visitor.with(&forged).get(path).await.refused(401, "Invalid authentication credentials");
    }
}

#[tokio::test]
async fn tokens_with_wrong_claims_are_refused() {
    let (setup, name) = (shared().await, fresh("mallory"));
    let now = Utc::now().timestamp();
    let saying = |others: Value| Key::first().sign(&with(said(&name, json!({ "name": name })), others));
    let project_of_another = "https://securetoken.google.com/another";
    let tokens = [
        ("another audience", saying(json!({ "aud": "another" }))),
        ("other audiences", saying(json!({ "aud": ["another", ISSUER] }))),
        ("no audience", saying(json!({ "aud": null }))),
        ("another issuer", saying(json!({ "iss": project_of_another }))),
        ("another issuer and audience", saying(json!({ "iss": project_of_another, "aud": "another" }))),
        ("no issuer", saying(json!({ "iss": null }))),
        ("expired", saying(json!({ "exp": now - 120, "iat": now - 3720, "auth_time": now - 3720 }))),
        ("no end", saying(json!({ "exp": null }))),
        ("an end in words", saying(json!({ "exp": "tomorrow" }))),
        ("given in the future", saying(json!({ "iat": now + 120 }))),
        ("never given", saying(json!({ "iat": null }))),
        ("signed in in the future", saying(json!({ "auth_time": now + 120 }))),
        ("good in the future", saying(json!({ "nbf": now + 120 }))),
        ("an empty subject", saying(json!({ "sub": "" }))),
        ("no subject", saying(json!({ "sub": null }))),
        ("a subject that is a number", saying(json!({ "sub": 7 }))),
        ("a subject without end", saying(json!({ "sub": "x".repeat(256) }))),
    ];
    refused(setup, &name, &tokens).await;
    me(&setup.server.owner(), &saying(json!({}))).await.ok();
}

#[tokio::test]
async fn tokens_not_signed_by_firebase_are_refused() {
    let (setup, name) = (shared().await, fresh("mallory"));
    let (first, second) = (Key::first(), Key::second());
    let good = said(&name, json!({ "name": name }));
    let signed = first.sign(&good);
    let parts: Vec<&str> = signed.split('.').collect();
    let other = part(&with(good.clone(), json!({ "sub": "somebody else" })));
    let none = part(&json!({ "alg": "none", "kid": "first" }));
    let tokens = [
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("four parts", format!("{signed}.{}", parts[2])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("somebody else's signature", format!("{}.{other}.{}", parts[0], parts[2])),
        ("a broken signature", format!("{signed}AAAA")),
        ("another key by the same name", second.sign_as(Some("first"), &good)),
        ("a key that is not in the set", second.sign(&good)),
        ("a name that is not in the set", first.sign_as(Some("another"), &good)),
        ("no name", first.sign_as(None, &good)),
        ("a curve", Key::curve().sign(&good)),
        ("a curve by the name of the key", Key::curve().sign_as(Some("first"), &good)),
        ("the public key for a secret", first.sign_with_public(&good)),
        ("unsigned", unsigned(&good)),
        ("unsigned, with a signature", format!("{none}.{}.{}", parts[1], parts[2])),
    ];
    refused(setup, &name, &tokens).await;
    me(&setup.server.owner(), &signed).await.ok();
}

#[tokio::test]
async fn clocks_may_be_apart_by_half_a_minute() {
    let (setup, name) = (shared().await, fresh("dora"));
    let (visitor, now) = (setup.server.owner(), Utc::now().timestamp());
    let slow = token(&name, json!({ "exp": now - 30 }));
    let fast = token(&name, json!({ "iat": now + 30, "auth_time": now + 30, "nbf": now + 30 }));
    assert_eq!(id_of(&visitor, &slow).await, id_of(&visitor, &fast).await);
}

#[tokio::test]
async fn unsigned_tokens_sign_in_where_the_emulator_is_allowed() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.firebase.allow_emulator = true;
    })
    .await;
    let (visitor, now) = (setup.server.owner(), Utc::now().timestamp());
    let user = id_of(&visitor, &unsigned(&said("ana", json!({})))).await;
    assert_eq!(id_of(&visitor, &token("ana", json!({}))).await, user, "signed ones do, too");
    let saying = |others: Value| unsigned(&with(said("mallory", json!({ "name": "mallory" })), others));
    let good = saying(json!({}));
    let tokens = [
        ("another audience", saying(json!({ "aud": "another" }))),
        ("another issuer", saying(json!({ "iss": "https://securetoken.google.com/another" }))),
        ("expired", saying(json!({ "exp": now - 120 }))),
        ("given in the future", saying(json!({ "iat": now + 120 }))),
        ("an empty subject", saying(json!({ "sub": "" }))),
        ("no subject", saying(json!({ "sub": null }))),
        ("a signature nevertheless", format!("{good}AAAA")),
        ("another key", Key::second().sign_as(Some("first"), &said("mallory", json!({ "name": "mallory" })))),
    ];
    refused(&setup, "mallory", &tokens).await;
    id_of(&visitor, &good).await;
    setup.stop().await;
}
