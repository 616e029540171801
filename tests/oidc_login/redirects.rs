//! Failed logins in a browser: error pages, and errors that are redirected to the program.

use reqwest::Url;
use serde_json::json;

use super::{
    browser::{ELSEWHERE, LoginBrowser, PROGRAM, STATE, authorize_url, redeem, shared},
    id_tokens::take_oidc,
    support::{DISABLED, STRANGER, ServerWithIssuer, fresh, me, verified_email},
};
use crate::{
    oauth::flow::{code_in, parameter},
    support::server::Answer,
};

const BAD_REDIRECT_URI: &str = "redirect_uri is not allowed; see `sign_in.redirect_uris`";
const UNKNOWN: &str = "This sign-in is unknown or has expired; start again";
const NOT_GOOD: &str = "The response of the identity provider is invalid";

/// Asserts an error page with this sentence, and no redirect.
#[track_caller]
fn assert_error_page(answer: &Answer, status: u16, sentence: &str) {
    answer.refused(status, sentence);
    assert_eq!((answer.header("location"), answer.header("set-cookie")), ("", ""));
}

#[tokio::test]
async fn browsers_are_sent_nowhere_but_to_programs_and_configured_addresses() {
    let setup = shared().await;
    for address in [
        "https://evil.example/",
        "//evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:80@evil.example/",
        "http://evil.example/?http://127.0.0.1/",
        "https://127.0.0.1/callback",
        "http://127.0.0.1/callback#fragment",
        "https://memory.example/back/",
        "https://memory.example/back?and=more",
        "https://memory.example/",
        "javascript:alert(1)",
        "nonsense",
        "",
    ] {
        // Not even to say that something else is wrong.
        for provider in ["google", "another"] {
            let wish = [("redirect_uri", address), ("provider", provider)];
            assert_error_page(&LoginBrowser::new().open(&authorize_url(setup, &wish)).await, 400, BAD_REDIRECT_URI);
        }
    }
}

#[tokio::test]
async fn invalid_parameters_are_refused() {
    let setup = shared().await;
    let only_s256 = "code_challenge_method must be S256";
    let cases: [(&[(&str, &str)], &str); 5] = [
        (&[("provider", "apple")], "Unsupported provider"),
        (&[("provider", "")], "Unsupported provider"),
        (&[("code_challenge", "abc")], only_s256),
        (&[("code_challenge", "abc"), ("code_challenge_method", "plain")], only_s256),
        (&[("redirect_uri", ELSEWHERE), ("provider", "Google")], "Unsupported provider"),
    ];
    for (wish, sentence) in cases {
        assert_error_page(&LoginBrowser::new().open(&authorize_url(setup, wish)).await, 400, sentence);
    }
    let bare = format!("{}/v1/auth/authorize", setup.server.url);
    assert_error_page(&LoginBrowser::new().open(&bare).await, 400, BAD_REDIRECT_URI);
    // Without an issuer, there is none of any name.
    let setup = ServerWithIssuer::boot(|_, _| {}).await;
    assert_error_page(&LoginBrowser::new().open(&authorize_url(&setup, &[])).await, 400, "Unsupported provider");
    setup.stop().await;
}

#[tokio::test]
async fn no_redirect_to_an_issuer_that_is_down() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        issuer.change(|behaviour| behaviour.status = 500);
    })
    .await;
    let reason = "the discovery document of the issuer cannot be fetched: the answer was 500 Internal Server Error";
    assert_error_page(&LoginBrowser::new().open(&authorize_url(&setup, &[])).await, 503, reason);
    setup.stop().await;
}

#[tokio::test]
async fn another_browser_cannot_come_back_in_the_place_of_the_first() {
    let setup = shared().await;
    // Mallory has begun, and wants another user's program to work for Mallory's account.
    let back = LoginBrowser::new().return_from_issuer(setup, &[], &[("login", &fresh("mallory"))]).await;
    assert_error_page(&LoginBrowser::new().open(&back).await, 400, UNKNOWN);
    // A browser that is on its own way has a cookie of its own, which fits no other.
    let back = LoginBrowser::new().return_from_issuer(setup, &[], &[("login", &fresh("mallory"))]).await;
    let mut other = LoginBrowser::new();
    let own = other.return_from_issuer(setup, &[], &[("login", &fresh("ana"))]).await;
    assert_error_page(&other.open(&back).await, 400, UNKNOWN);
    code_in(&other.redirect_of(&own).await);
}

#[tokio::test]
async fn a_state_is_used_once() {
    let setup = shared().await;
    let mut browser = LoginBrowser::new();
    let back = browser.return_from_issuer(setup, &[], &[("login", &fresh("ana"))]).await;
    code_in(&browser.redirect_of(&back).await);
    assert_error_page(&browser.open(&back).await, 400, UNKNOWN);
    let callback = format!("{}/v1/auth/callback/google", setup.server.url);
    for query in ["", "?code=abc", "?state=&code=abc", "?state=abc&code=abc", "?state=abc&error=access_denied"] {
        assert_error_page(&browser.open(&format!("{callback}{query}")).await, 400, UNKNOWN);
    }
}

/// What goes with a request, and how it is answered.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test]
async fn errors_are_redirected_to_the_program() {
    let setup = shared().await;
    let ana = fresh("ana");
    code_in(&LoginBrowser::new().complete_login(setup, &[], &[("login", &ana)]).await);
    let taken = verified_email(&format!("{ana}@example.com")).to_string();
    let ben = fresh("ben");
    let cases: [Case<'_>; 12] = [
        (&[("mishap", "denied")], "access_denied", "The identity provider did not sign you in"),
        (&[("mishap", "forgotten")], "access_denied", NOT_GOOD),
        (&[("mishap", "forged")], "access_denied", NOT_GOOD),
        (&[("mishap", "stumbled")], "temporarily_unavailable", "the issuer responded with 500 Internal Server Error"),
        (&[("says", r#"{ "nonce": "another" }"#)], "access_denied", NOT_GOOD),
        (&[("says", r#"{ "nonce": null }"#)], "access_denied", NOT_GOOD),
        (&[("says", r#"{ "aud": "another" }"#)], "access_denied", NOT_GOOD),
        // Its tokens open the server, but this one was not asked for by the server.
        (&[("says", r#"{ "aud": "phone" }"#)], "access_denied", NOT_GOOD),
        (&[("says", r#"{ "iss": "https://another.example" }"#)], "access_denied", NOT_GOOD),
        (&[("says", r#"{ "exp": 1700000000 }"#)], "access_denied", NOT_GOOD),
        (&[("says", r#"{ "sub": "" }"#)], "access_denied", NOT_GOOD),
        (&[("says", &taken)], "access_denied", STRANGER),
    ];
    for (page, error, description) in cases {
        let page = [page, &[("login", ben.as_str())]].concat();
        let end = LoginBrowser::new().complete_login(setup, &[], &page).await;
        assert!(end.starts_with(PROGRAM), "{page:?}: {end}");
        let returned = |name: &str| parameter(&end, name);
        let expected = [Some(error), Some(description), Some(STATE), None].map(|value| value.map(str::to_owned));
        assert_eq!(
            [returned("error"), returned("error_description"), returned("state"), returned("code")],
            expected,
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn a_code_that_the_issuer_does_not_know_is_worth_nothing() {
    let setup = shared().await;
    let mut browser = LoginBrowser::new();
    let ana = fresh("ana");
    let mut other: Url = browser.return_from_issuer(setup, &[], &[("login", &ana)]).await.parse().unwrap();
    let back = browser.return_from_issuer(setup, &[], &[("login", &ana)]).await;
    // The code of one way does not fit the challenge of another, either.
    let state = parameter(&back, "state").unwrap();
    let code = parameter(other.as_str(), "code").unwrap();
    other.query_pairs_mut().clear().append_pair("code", &code).append_pair("state", &state);
    let end = browser.redirect_of(other.as_str()).await;
    assert_eq!(parameter(&end, "error").as_deref(), Some("access_denied"), "{end}");
    assert_eq!(parameter(&end, "error_description").as_deref(), Some(NOT_GOOD), "{end}");
}

#[tokio::test]
async fn disabled_users_get_neither_a_code_nor_tokens() {
    let setup = shared().await;
    let (owner, ben) = (setup.server.owner(), fresh("ben"));
    let first = code_in(&LoginBrowser::new().complete_login(setup, &[], &[("login", &ben)]).await);
    let tokens = redeem(setup, &first, &[]).await.ok();
    let second = code_in(&LoginBrowser::new().complete_login(setup, &[], &[("login", &ben)]).await);
    let disable = format!("/v1/admin/users/{}/disable", tokens["uid"].as_str().unwrap());
    owner.app().post(&disable, json!({})).await.ok();
    redeem(setup, &second, &[]).await.refused(403, DISABLED);
    let end = LoginBrowser::new().complete_login(setup, &[], &[("login", &ben)]).await;
    let returned = ["error", "error_description", "code"].map(|name| parameter(&end, name));
    assert_eq!(returned, [Some("access_denied".to_owned()), Some(DISABLED.to_owned()), None]);
    let refresh = json!({ "refresh_token": tokens["refresh_token"] });
    owner.app().post("/v1/auth/refresh", refresh).await.refused(403, DISABLED);
    me(&owner, tokens["access_token"].as_str().unwrap()).await.refused(403, DISABLED);
}
