//! ID tokens of an issuer of OpenID Connect, which is asked what it is.

use resources::{Secret, SignInSettings, identity::SignUp};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    firebase,
    issuer::{CLIENT, DESCRIPTION, Issuer, KEYS, SECRET, key_set},
    signing_keys::{Key, unsigned},
    support::{INVALID, ServerWithIssuer, claims, fresh, id_of, me, verified_email, with},
};

/// Another client of the issuer, whose tokens are taken too.
const PHONE: &str = "phone";

/// Accepts tokens of the issuer, with open sign-up and no delay between fetches of its keys.
pub(super) fn take_oidc(settings: &mut SignInSettings, issuer: &Issuer) {
    settings.oidc.issuer = Some(issuer.url.clone());
    settings.oidc.client_id = Some(CLIENT.to_owned());
    settings.oidc.client_secret = Some(Secret::from(SECRET.to_owned()));
    settings.oidc.audiences = vec![PHONE.to_owned()];
    settings.sign_up = SignUp::Open;
    settings.refetch_seconds = 0;
}

/// The server of the tests that change nothing about the issuer.
async fn shared() -> &'static ServerWithIssuer {
    static SHARED: OnceCell<ServerWithIssuer> = OnceCell::const_new();
    SHARED.get_or_init(|| ServerWithIssuer::boot(take_oidc)).await
}

/// The issuer's claims, with others in place of some.
fn said(issuer: &Issuer, subject: &str, others: Value) -> Value {
    with(claims(&issuer.url, CLIENT, subject), others)
}

#[tokio::test]
async fn tokens_are_taken_whichever_key_of_the_issuer_signs_them() {
    let setup = shared().await;
    let (visitor, ana) = (setup.server.owner(), fresh("ana"));
    let says = said(&setup.issuer, &ana, verified_email(&format!("{ana}@example.com")));
    let user = id_of(&visitor, &Key::first().sign(&says)).await;
    assert_eq!(id_of(&visitor, &Key::curve().sign(&says)).await, user);
    // Issuers with one key of a kind need not name it.
    assert_eq!(id_of(&visitor, &Key::first().sign_as(None, &says)).await, user);
    assert_eq!(id_of(&visitor, &Key::curve().sign_as(None, &says)).await, user);
}

#[tokio::test]
async fn tokens_for_this_server_or_a_client_it_trusts_are_taken() {
    let setup = shared().await;
    let (visitor, ben) = (setup.server.owner(), fresh("ben"));
    let token = |others: Value| Key::first().sign(&said(&setup.issuer, &ben, others));
    let user = id_of(&visitor, &token(json!({}))).await;
    for others in [
        json!({ "aud": PHONE }),
        json!({ "aud": [CLIENT] }),
        json!({ "aud": [CLIENT, "another"] }),
        json!({ "aud": ["another", PHONE], "azp": PHONE }),
        json!({ "aud": ["another", CLIENT], "azp": CLIENT }),
        // A phone app may ask for a token that is for the server alone.
        json!({ "aud": CLIENT, "azp": "another" }),
    ] {
        assert_eq!(id_of(&visitor, &token(others.clone())).await, user, "{others}");
    }
    for others in [
        json!({ "aud": "another" }),
        json!({ "aud": ["another", "a third"] }),
        json!({ "aud": ["another", CLIENT], "azp": "another" }),
        json!({ "aud": "another", "azp": CLIENT }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
    ] {
        let answer = me(&visitor, &token(others.clone())).await;
        assert_eq!((answer.status, &answer.body["detail"]), (401, &json!(INVALID)), "{others}");
    }
}

#[tokio::test]
async fn tokens_not_signed_by_the_issuer_are_refused() {
    let setup = shared().await;
    let (visitor, name) = (setup.server.owner(), fresh("mallory"));
    let good = said(&setup.issuer, &name, json!({}));
    let first = Key::first();
    for (what, token) in [
        ("another key by the same name", Key::second().sign_as(Some("first"), &good)),
        ("another key without a name", Key::second().sign_as(None, &good)),
        ("a key that is not in the set", Key::second().sign(&good)),
        ("the name of a key on a curve", first.sign_as(Some("curve"), &good)),
        ("a curve by the name of another key", Key::curve().sign_as(Some("first"), &good)),
        ("a name that is not in the set", first.sign_as(Some("another"), &good)),
        ("the public key for a secret", first.sign_with_public(&good)),
        ("unsigned", unsigned(&good)),
        ("another issuer", first.sign(&with(good.clone(), json!({ "iss": "https://another.example" })))),
        (
            "the issuer with a slash",
            first.sign(&with(good.clone(), json!({ "iss": format!("{}/", setup.issuer.url) }))),
        ),
    ] {
        let answer = me(&visitor, &token).await;
        assert_eq!((answer.status, &answer.body["detail"]), (401, &json!(INVALID)), "{what}");
    }
    me(&visitor, &first.sign(&good)).await.ok();
}

#[tokio::test]
async fn without_a_name_a_key_has_to_be_the_only_one() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        issuer.change(|behaviour| behaviour.key_set = key_set(&[Key::first(), Key::second()]));
    })
    .await;
    let visitor = setup.server.owner();
    let says = said(&setup.issuer, "ana", json!({}));
    me(&visitor, &Key::first().sign_as(None, &says)).await.refused(401, INVALID);
    me(&visitor, &Key::first().sign(&says)).await.ok();
    setup.stop().await;
}

#[tokio::test]
async fn the_issuer_is_asked_once() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        settings.refetch_seconds = 3600;
    })
    .await;
    let visitor = setup.server.owner();
    for name in ["ana", "ben", "cleo"] {
        me(&visitor, &Key::first().sign(&said(&setup.issuer, name, json!({})))).await.ok();
    }
    assert_eq!((setup.issuer.request_count(DESCRIPTION), setup.issuer.request_count(KEYS)), (1, 1));
    setup.stop().await;
}

#[tokio::test]
async fn an_issuer_that_calls_itself_another_is_not_trusted() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        issuer.change(|behaviour| behaviour.name = "https://another.example".to_owned());
    })
    .await;
    let visitor = setup.server.owner();
    let answer = me(&visitor, &Key::first().sign(&said(&setup.issuer, "ana", json!({})))).await;
    answer.refused(503, "the discovery document is of another issuer");
    assert_eq!(setup.issuer.request_count(KEYS), 0);
    let of_another = said(&setup.issuer, "ana", json!({ "iss": "https://another.example" }));
    me(&visitor, &Key::first().sign(&of_another)).await.refused(401, INVALID);
    setup.stop().await;
}

#[tokio::test]
async fn an_issuer_may_end_in_a_slash() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        let name = format!("{}/", issuer.url);
        settings.oidc.issuer = Some(name.clone());
        issuer.change(|behaviour| behaviour.name = name);
    })
    .await;
    let visitor = setup.server.owner();
    let says = said(&setup.issuer, "ana", json!({ "iss": format!("{}/", setup.issuer.url) }));
    me(&visitor, &Key::first().sign(&says)).await.ok();
    setup.stop().await;
}

#[tokio::test]
async fn tokens_are_refused_while_their_issuer_is_down() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        issuer.change(|behaviour| behaviour.status = 503);
    })
    .await;
    let visitor = setup.server.owner();
    let answer = me(&visitor, &Key::first().sign(&said(&setup.issuer, "ana", json!({})))).await;
    answer
        .refused(503, "the discovery document of the issuer cannot be fetched: the answer was 503 Service Unavailable");
    setup.stop().await;
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        issuer.change(|behaviour| behaviour.key_set = "<html>".to_owned());
    })
    .await;
    let visitor = setup.server.owner();
    let answer = me(&visitor, &Key::first().sign(&said(&setup.issuer, "ana", json!({})))).await;
    answer.refused(503, "the key set of the issuer cannot be fetched: expected value at line 1 column 1");
    setup.stop().await;
}

#[tokio::test]
async fn two_issuers_are_kept_apart() {
    let google = Issuer::serve().await;
    google.change(|behaviour| behaviour.key_set = key_set(&[Key::second()]));
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        firebase::take_firebase(settings, &google);
        take_oidc(settings, issuer);
    })
    .await;
    let visitor = setup.server.owner();
    let (by_google, by_issuer) = (firebase::said("ana", json!({})), said(&setup.issuer, "ana", json!({})));
    let of_google = id_of(&visitor, &Key::second().sign(&by_google)).await;
    let of_issuer = id_of(&visitor, &Key::first().sign(&by_issuer)).await;
    assert_ne!(of_google, of_issuer, "the same subject of two issuers is two people");
    for (what, token) in [
        ("Firebase's, signed by the other", Key::first().sign(&by_google)),
        ("Firebase's, signed by the other by the name of its key", Key::first().sign_as(Some("second"), &by_google)),
        ("the other's, signed by Firebase", Key::second().sign(&by_issuer)),
        ("the other's, signed by Firebase by the name of its key", Key::second().sign_as(Some("first"), &by_issuer)),
    ] {
        let answer = me(&visitor, &token).await;
        assert_eq!((answer.status, &answer.body["detail"]), (401, &json!(INVALID)), "{what}");
    }
    assert_eq!(id_of(&visitor, &Key::second().sign(&by_google)).await, of_google);
    setup.stop().await;
}
