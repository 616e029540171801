//! Limits on failed logins.

use reqwest::{Client, redirect::Policy};

use super::{
    apps,
    browser::{authorize_url, shared},
    support::form,
};
use crate::{support::server::Answer, users::support::assert_rate_limited};

/// By this a proxy on this machine says whose request it passes on.
const FORWARDED_FOR: &str = "x-forwarded-for";

#[tokio::test]
async fn an_address_is_limited_to_a_hundred_logins() {
    let setup = shared().await;
    let http = Client::builder().redirect(Policy::none()).build().unwrap();
    let begin = |from: Option<&str>| {
        let request = http.get(authorize_url(setup, &[]));
        Answer::to(from.into_iter().fold(request, |request, from| request.header(FORWARDED_FOR, from)))
    };
    let from = Some("203.0.113.40");
    for _ in 0..100 {
        assert_eq!(begin(from).await.status, 303);
    }
    let refused = begin(from).await;
    assert_rate_limited(&refused, 100);
    assert_eq!((refused.header("location"), refused.header("set-cookie")), ("", ""));
    assert_eq!(begin(Some("203.0.113.41")).await.status, 303);
    for _ in 0..=100 {
        assert_eq!(begin(None).await.status, 303);
    }
}

#[tokio::test]
async fn ten_wrong_passwords_on_an_apps_page_throttle_the_address() {
    let setup = apps::shared().await;
    let (name, _) = apps::new_user(setup).await;
    let sign_in = |from: &str, password: &str| {
        let request = Client::new().post(format!("{}/v1/oauth/authorize", setup.server.url));
        let fields = [("app_id", "coach"), ("account", name.as_str()), ("password", password)];
        Answer::to(form(request.header(FORWARDED_FOR, from), &fields))
    };
    for _ in 0..10 {
        apps::assert_sign_in_page(&sign_in("203.0.113.42", "wrong horse").await, 422);
    }
    for password in ["wrong horse", apps::PASSWORD] {
        let answer = sign_in("203.0.113.42", password).await;
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=901).contains(&seconds), "{seconds}");
        let html = apps::assert_sign_in_page(&answer, 429);
        assert!(html.contains(&format!("Rate limit exceeded. Try again in {seconds}s.")), "{html}");
    }
    assert_eq!(sign_in("203.0.113.43", apps::PASSWORD).await.status, 200);
}
