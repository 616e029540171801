//! Apps that users open with their account: the page that asks who they are, and what the app learns.

use reqwest::{Client, Method, Url};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::{
    firebase::{take_firebase, token},
    support::{DISABLED, INVALID, ServerWithIssuer, form, fresh, id_of},
};
use crate::support::server::Answer;

pub(super) const PASSWORD: &str = "correct horse";
const WRONG: &str = "There is no user with this name and this password";

/// What tries to break out of wherever it is written.
const NASTY: &str = r#""><script>alert('1')</script>&amp;"#;
const ESCAPED: &str = "&quot;&gt;&lt;script&gt;alert('1')&lt;/script&gt;&amp;amp;";

/// A server with an app and open sign-up.
pub(super) async fn shared() -> &'static ServerWithIssuer {
    static SHARED: OnceCell<ServerWithIssuer> = OnceCell::const_new();
    let set = || {
        ServerWithIssuer::boot(|settings, issuer| {
            take_firebase(settings, issuer);
            settings.apps = vec!["coach https://coach.example/home?tab=1".to_owned()];
        })
    };
    SHARED.get_or_init(set).await
}

/// Somebody with a password; gives their name, and their tokens.
pub(super) async fn new_user(setup: &ServerWithIssuer) -> (String, Value) {
    let name = fresh("Ana");
    let account = json!({ "name": name, "email": format!("{name}@example.com"), "password": PASSWORD });
    let tokens = setup.server.owner().app().post("/v1/auth/sign-up", account).await.ok();
    (name, tokens)
}

async fn page(setup: &ServerWithIssuer, asked: &[(&str, &str)]) -> Answer {
    let address = Url::parse_with_params(&format!("{}/v1/oauth/authorize", setup.server.url), asked).unwrap();
    Answer::to(Client::new().get(address)).await
}

async fn sign_in(setup: &ServerWithIssuer, fields: &[(&str, &str)]) -> Answer {
    Answer::to(form(Client::new().post(format!("{}/v1/oauth/authorize", setup.server.url)), fields)).await
}

async fn exchange_token(setup: &ServerWithIssuer, fields: &[(&str, &str)]) -> Answer {
    Answer::to(form(Client::new().post(format!("{}/v1/oauth/token", setup.server.url)), fields)).await
}

/// The app's sign-in page.
#[track_caller]
pub(super) fn assert_sign_in_page(answer: &Answer, status: u16) -> &str {
    let html = answer.body.as_str().unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (status, "text/html; charset=utf-8"), "{html}");
    for part in ["Open <strong>coach</strong>", "method=\"post\"", "name=\"account\"", "name=\"password\""] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(html.contains(r#"<input type="hidden" name="app_id" value="coach">"#), "{html}");
    html
}

#[tokio::test]
async fn a_name_that_is_too_long_is_refused() {
    let setup = shared().await;
    let account = "x".repeat(321);
    let answer = sign_in(setup, &[("app_id", "coach"), ("account", &account), ("password", PASSWORD)]).await;
    let html = assert_sign_in_page(&answer, 422);
    assert!(html.contains("The name or e-mail address has more than 320 characters"), "{html}");
}

#[tokio::test]
async fn the_page_names_the_app() {
    let setup = shared().await;
    let answer = page(setup, &[("app_id", "coach"), ("state", "a state")]).await;
    let html = assert_sign_in_page(&answer, 200);
    assert!(html.contains(r#"<input type="hidden" name="state" value="a state">"#), "{html}");
    assert!(html.contains("https://coach.example/home?tab=1"), "{html}");
    assert!(!html.contains("role=\"alert\""), "nothing is wrong yet: {html}");
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert_eq!((answer.header("cache-control"), answer.header("x-frame-options")), ("no-store", "DENY"));
    // Under `no-referrer`, a browser would send the form with the origin `null`, which is refused everywhere.
    assert_eq!(answer.header("referrer-policy"), "same-origin");
}

#[tokio::test]
async fn a_user_is_sent_to_the_app_with_their_id() {
    let setup = shared().await;
    let (name, tokens) = new_user(setup).await;
    let user = tokens["uid"].as_str().unwrap();
    let email = format!("{name}@example.com");
    for (account, state, expected) in [
        (&name, "a state & more", format!("https://coach.example/home?tab=1&uid={user}&state=a+state+%26+more")),
        (&email, "x", format!("https://coach.example/home?tab=1&uid={user}&state=x")),
    ] {
        let fields = [("app_id", "coach"), ("state", state), ("account", account), ("password", PASSWORD)];
        let request = Client::new().post(format!("{}/v1/oauth/authorize", setup.server.url));
        // As a browser sends it from the page.
        let answer = Answer::to(form(request.header("origin", &setup.server.url), &fields)).await;
        let html = answer.body.as_str().unwrap();
        assert_eq!(answer.status, 200, "{html}");
        let next = html.split_once("content=\"0; url=").and_then(|(_, rest)| rest.split('"').next());
        assert_eq!(next.map(|address| address.replace("&amp;", "&")), Some(expected));
        assert!(!html.contains(PASSWORD), "{html}");
    }
}

#[tokio::test]
async fn forms_of_foreign_origins_are_refused() {
    let setup = shared().await;
    let (name, _) = new_user(setup).await;
    let fields = [("app_id", "coach"), ("account", name.as_str()), ("password", PASSWORD)];
    let sent_from = |origin: &str| {
        let request = Client::new().post(format!("{}/v1/oauth/authorize", setup.server.url));
        Answer::to(form(request.header("origin", origin), &fields))
    };
    for origin in ["null", "https://evil.example"] {
        let answer = sent_from(origin).await;
        let sentence = "Origin not allowed; add it to `server.allowed_origins`";
        answer.refused(403, sentence);
    }
    assert_eq!(sent_from(&setup.server.url).await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_shows_the_page_again() {
    let setup = shared().await;
    let (name, tokens) = new_user(setup).await;
    let nobody = fresh("nobody");
    for (account, password) in [(name.as_str(), "wrong horse"), (&nobody, PASSWORD), (&name, ""), ("", "")] {
        let fields = [("app_id", "coach"), ("state", "x y"), ("account", account), ("password", password)];
        let answer = sign_in(setup, &fields).await;
        let html = assert_sign_in_page(&answer, 422);
        assert!(html.contains(WRONG), "{html}");
        assert!(html.contains(r#"name="state" value="x y""#), "the state is not lost: {html}");
        assert!(!html.contains("coach.example/home?tab=1&amp;uid"), "{html}");
    }
    let owner = setup.server.owner();
    let disable = format!("/v1/admin/users/{}/disable", tokens["uid"].as_str().unwrap());
    owner.app().bare(Method::POST, &disable).await.ok();
    let answer = sign_in(setup, &[("app_id", "coach"), ("account", &name), ("password", PASSWORD)]).await;
    assert!(assert_sign_in_page(&answer, 403).contains(DISABLED));
}

#[tokio::test]
async fn foreign_text_is_escaped_in_the_page() {
    let setup = shared().await;
    let shown = page(setup, &[("app_id", "coach"), ("state", NASTY)]).await;
    let fields = [("app_id", "coach"), ("state", NASTY), ("account", NASTY), ("password", NASTY)];
    let shown_again = sign_in(setup, &fields).await;
    for (answer, status) in [(shown, 200), (shown_again, 422)] {
        let html = assert_sign_in_page(&answer, status);
        assert!(!html.contains("<script") && html.contains(&format!("value=\"{ESCAPED}\"")), "{html}");
    }
    let (name, _) = new_user(setup).await;
    let fields = [("app_id", "coach"), ("state", NASTY), ("account", &name), ("password", PASSWORD)];
    let sent = sign_in(setup, &fields).await;
    let html = sent.body.as_str().unwrap();
    assert!(sent.status == 200 && !html.contains("<script"), "{html}");
}

#[tokio::test]
async fn unconfigured_apps_are_not_found() {
    let setup = shared().await;
    let (name, tokens) = new_user(setup).await;
    let token = tokens["access_token"].as_str().unwrap();
    for app in ["another", "Coach", "coach ", ""] {
        page(setup, &[("app_id", app)]).await.refused(404, "App not found");
        let fields = [("app_id", app), ("account", &name), ("password", PASSWORD)];
        sign_in(setup, &fields).await.refused(404, "App not found");
        if !app.is_empty() {
            let fields = [("app_id", app), ("firebase_id_token", token)];
            exchange_token(setup, &fields).await.refused(404, "App not found");
        }
    }
    page(setup, &[]).await.refused(404, "App not found");
}

#[tokio::test]
async fn a_token_is_exchanged_for_the_users_id() {
    let setup = shared().await;
    let (_, tokens) = new_user(setup).await;
    let (owner, ben) = (setup.server.owner(), token(&fresh("ben"), json!({})));
    let (of_owner, of_ben) = (id_of(&owner, &owner.token).await, id_of(&owner, &ben).await);
    let of_ana = tokens["uid"].as_str().unwrap().to_owned();
    let access = tokens["access_token"].as_str().unwrap();
    for (token, user) in [(access, of_ana), (owner.token.as_str(), of_owner), (ben.as_str(), of_ben)] {
        let usual = [("firebase_id_token", token), ("app_id", "coach")];
        let answer = exchange_token(setup, &[&usual[..], &[("state", "a state")]].concat()).await;
        assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("application/json", "no-store"));
        let home = format!("https://coach.example/home?tab=1&uid={user}");
        let expected = json!({ "uid": user, "redirect_url": format!("{home}&state=a+state"), "state": "a state" });
        assert_eq!(answer.ok(), expected);
        let expected = json!({ "uid": user, "redirect_url": home, "state": null });
        assert_eq!(exchange_token(setup, &usual).await.ok(), expected);
    }
}

#[tokio::test]
async fn an_invalid_token_is_refused() {
    let setup = shared().await;
    let (owner, (_, tokens)) = (setup.server.owner(), new_user(setup).await);
    let expired = token(&fresh("ana"), json!({ "exp": 1_700_000_000 }));
    let good = tokens["access_token"].as_str().unwrap();
    let broken = format!("{good}x");
    for (token, status, sentence) in [
        ("nonsense", 401, INVALID),
        (expired.as_str(), 401, INVALID),
        (broken.as_str(), 401, INVALID),
        // Keys are for other routes.
        (owner.developer_key.as_str(), 401, INVALID),
        (owner.mcp_key.as_str(), 401, INVALID),
    ] {
        let fields = [("firebase_id_token", token), ("app_id", "coach")];
        let answer = exchange_token(setup, &fields).await;
        assert_eq!((answer.status, &answer.body["detail"]), (status, &json!(sentence)), "{token}");
    }
    let disable = format!("/v1/admin/users/{}/disable", tokens["uid"].as_str().unwrap());
    owner.app().bare(Method::POST, &disable).await.ok();
    exchange_token(setup, &[("firebase_id_token", good), ("app_id", "coach")]).await.refused(403, DISABLED);
}

#[tokio::test]
async fn the_form_has_to_be_complete() {
    let setup = shared().await;
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[], "firebase_id_token"),
        (&[("app_id", "coach")], "firebase_id_token"),
        (&[("app_id", "coach"), ("firebase_id_token", "")], "firebase_id_token"),
        (&[("firebase_id_token", "nonsense")], "app_id"),
    ];
    for (fields, name) in cases {
        let answer = exchange_token(setup, fields).await;
        let missing = json!([{ "type": "missing", "loc": ["body", name], "msg": "Field required", "input": null }]);
        assert_eq!((answer.status, &answer.body), (422, &json!({ "detail": missing })), "{fields:?}");
    }
}

#[tokio::test]
async fn tokens_are_refused_while_the_issuer_is_down() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_firebase(settings, issuer);
        settings.apps = vec!["coach https://coach.example/".to_owned()];
        issuer.change(|behaviour| behaviour.status = 500);
    })
    .await;
    let token = token("ana", json!({}));
    let answer = exchange_token(&setup, &[("firebase_id_token", &token), ("app_id", "coach")]).await;
    answer.refused(503, "the key set of Firebase cannot be fetched: the answer was 500 Internal Server Error");
    setup.stop().await;
}
