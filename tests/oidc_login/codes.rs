//! Login codes: redeemed once, for the same `redirect_uri`, with the right verifier.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Client;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{
    browser::{ELSEWHERE, LoginBrowser, redeem, shared},
    support::fresh,
};
use crate::{oauth::flow::code_in, support::server::Answer};

const NO_CODE: &str = "Invalid or expired code";

/// A fresh code for a new user, asked for with these parameters.
async fn code(wish: &[(&str, &str)]) -> String {
    let setup = shared().await;
    code_in(&LoginBrowser::new().complete_login(setup, wish, &[("login", &fresh("ana"))]).await)
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let (setup, code) = (shared().await, code(&[]).await);
    let tokens = redeem(setup, &code, &[]).await.ok();
    redeem(setup, &code, &[]).await.refused(400, NO_CODE);
    redeem(setup, "abc", &[]).await.refused(400, NO_CODE);
    // What was given for it stays good.
    let token = tokens["access_token"].as_str().unwrap();
    setup.server.owner().with(token).get("/v1/users/me").await.ok();
}

#[tokio::test]
async fn a_code_is_redeemed_where_the_browser_was_sent() {
    let setup = shared().await;
    for other in [ELSEWHERE, "http://127.0.0.1:4711/callback", "http://127.0.0.1:4712/callback?from=cli"] {
        let code = code(&[]).await;
        redeem(setup, &code, &[("redirect_uri", other)]).await.refused(400, NO_CODE);
        // An attempt with a wrong verifier invalidates the code.
        redeem(setup, &code, &[]).await.refused(400, NO_CODE);
    }
}

#[tokio::test]
async fn a_challenge_ties_a_code_to_the_program() {
    let setup = shared().await;
    let verifier = fresh("verifier");
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let wish = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    redeem(setup, &code(&wish).await, &[("code_verifier", &verifier)]).await.ok();
    let others: [&[(&str, &str)]; 4] =
        [&[], &[("code_verifier", "")], &[("code_verifier", "another")], &[("code_verifier", challenge.as_str())]];
    for wrong in others {
        let code = code(&wish).await;
        redeem(setup, &code, wrong).await.refused(400, NO_CODE);
        redeem(setup, &code, &[("code_verifier", &verifier)]).await.refused(400, NO_CODE);
    }
    // A verifier without a challenge is an error of the client.
    redeem(setup, &code(&[]).await, &[("code_verifier", &verifier)]).await.refused(400, NO_CODE);
}

#[tokio::test]
async fn the_form_has_to_be_complete() {
    let setup = shared().await;
    for name in ["grant_type", "code", "redirect_uri"] {
        let answer = redeem(setup, "abc", &[(name, "")]).await;
        let missing = json!([{ "type": "missing", "loc": ["body", name], "msg": "Field required", "input": null }]);
        assert_eq!((answer.status, &answer.body), (422, &json!({ "detail": missing })), "{name}");
    }
    redeem(setup, "abc", &[("grant_type", "refresh_token")]).await.refused(400, "Unsupported grant type");
    let url = format!("{}/v1/auth/token", setup.server.url);
    let answer = Answer::to(Client::new().post(url).json(&json!({ "grant_type": "authorization_code" }))).await;
    let reason = answer.body["detail"].as_str().map(|text| text.split(':').next().unwrap());
    assert_eq!((answer.status, reason), (422, Some("The form cannot be read")));
}
