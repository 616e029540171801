//! Login in a browser: from a program to the issuer, back to the server, and to the program with a code.

use reqwest::{
    Client, Url,
    header::{COOKIE, SET_COOKIE},
    redirect::Policy,
};
use serde_json::json;
use tokio::sync::OnceCell;

use super::{
    id_tokens::take_oidc,
    issuer::CLIENT,
    support::{ServerWithIssuer, form, fresh, id_of, with_overrides},
};
use crate::{
    oauth::flow::{code_in, parameter},
    support::server::Answer,
};

/// Where the program of these tests waits.
pub(super) const PROGRAM: &str = "http://127.0.0.1:4711/callback?from=cli";

/// A configured address.
pub(super) const ELSEWHERE: &str = "https://memory.example/back";

/// What the program has a browser take along.
pub(super) const STATE: &str = "a state & more";

/// The server of the tests that change nothing about the issuer.
pub(super) async fn shared() -> &'static ServerWithIssuer {
    static SHARED: OnceCell<ServerWithIssuer> = OnceCell::const_new();
    let set = || {
        ServerWithIssuer::boot(|settings, issuer| {
            take_oidc(settings, issuer);
            settings.redirect_uris = vec![ELSEWHERE.to_owned()];
        })
    };
    SHARED.get_or_init(set).await
}

/// A browser that follows nothing by itself.
pub(super) struct LoginBrowser {
    http: Client,
    cookies: Vec<String>,
}

impl LoginBrowser {
    pub(super) fn new() -> Self {
        Self { http: Client::builder().redirect(Policy::none()).build().unwrap(), cookies: Vec::new() }
    }

    /// Opens an address with every cookie that it has been given.
    pub(super) async fn open(&mut self, address: &str) -> Answer {
        let answer = Answer::to(self.http.get(address).header(COOKIE, self.cookies.join("; "))).await;
        for cookie in &answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let name = &cookie[..=cookie.find('=').unwrap()];
            self.cookies.retain(|kept| !kept.starts_with(name));
            self.cookies.push(cookie.to_owned());
        }
        answer
    }

    /// The same; gives the address that it is sent to.
    pub(super) async fn redirect_of(&mut self, address: &str) -> String {
        let answer = self.open(address).await;
        assert_eq!(answer.status, 303, "{address}: {}", answer.body);
        answer.header("location").to_owned()
    }

    /// From the program, which wishes this beside the usual, to the issuer, where somebody says this, and back; gives
    /// the address that the issuer sends the browser to.
    pub(super) async fn return_from_issuer(
        &mut self,
        setup: &ServerWithIssuer,
        wish: &[(&str, &str)],
        page: &[(&str, &str)],
    ) -> String {
        let mut address: Url = self.redirect_of(&authorize_url(setup, wish)).await.parse().unwrap();
        address.query_pairs_mut().extend_pairs(page);
        self.redirect_of(address.as_str()).await
    }

    /// All the way; gives the address of the program that it is sent to in the end.
    pub(super) async fn complete_login(
        &mut self,
        setup: &ServerWithIssuer,
        wish: &[(&str, &str)],
        page: &[(&str, &str)],
    ) -> String {
        let back = self.return_from_issuer(setup, wish, page).await;
        self.redirect_of(&back).await
    }
}

/// Where a program sends a browser that is to sign in.
pub(super) fn authorize_url(setup: &ServerWithIssuer, wish: &[(&str, &str)]) -> String {
    let usual = [("provider", "google"), ("redirect_uri", PROGRAM), ("state", STATE)];
    let wish = with_overrides(&usual, wish);
    Url::parse_with_params(&format!("{}/v1/auth/authorize", setup.server.url), wish).unwrap().into()
}

/// What a program gets for a code.
pub(super) async fn redeem(setup: &ServerWithIssuer, code: &str, others: &[(&str, &str)]) -> Answer {
    let usual = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", PROGRAM)];
    let request = Client::new().post(format!("{}/v1/auth/token", setup.server.url));
    Answer::to(form(request, &with_overrides(&usual, others))).await
}

#[tokio::test]
async fn a_program_gets_tokens_for_the_code_that_a_browser_brings() {
    let setup = shared().await;
    let (visitor, ana) = (setup.server.owner(), fresh("ana"));
    let end = LoginBrowser::new().complete_login(setup, &[], &[("login", &ana)]).await;
    let code = code_in(&end);
    assert_eq!(end, format!("{PROGRAM}&code={code}&state=a+state+%26+more"));
    // The command line of Omi says more than it must.
    let answer = redeem(setup, &code, &[("use_custom_token", "true")]).await;
    assert_eq!((answer.header("cache-control"), answer.header("referrer-policy")), ("no-store", "no-referrer"));
    let tokens = answer.ok();
    let usual = [("provider", "google"), ("provider_id", "google.com"), ("token_type", "Bearer")];
    assert!(usual.iter().all(|(name, value)| tokens[name] == *value), "{tokens}");
    assert_eq!((&tokens["expires_in"], &tokens["custom_token"]), (&json!(900), &tokens["access_token"]));
    let user = tokens["uid"].as_str().unwrap();
    for name in ["custom_token", "id_token"] {
        assert_eq!(id_of(&visitor, tokens[name].as_str().unwrap()).await, user, "{name}");
    }
    let app = visitor.with(tokens["access_token"].as_str().unwrap());
    let described = app.get("/v1/users/me").await.ok();
    assert_eq!(described["user"]["email"], json!(format!("{ana}@example.com")));
    assert!(app.get("/v1/auth/sessions").await.ok().to_string().contains("browser sign-in"));
    let next = app.post("/v1/auth/refresh", json!({ "refresh_token": tokens["refresh_token"] })).await.ok();
    assert_eq!(next["uid"], json!(user));
    // The next time, it is the same account.
    let again = LoginBrowser::new().complete_login(setup, &[], &[("login", &ana)]).await;
    assert_eq!(redeem(setup, &code_in(&again), &[]).await.ok()["uid"], json!(user));
}

#[tokio::test]
async fn a_browser_goes_with_what_only_it_and_the_issuer_are_to_know() {
    let setup = shared().await;
    let mut browser = LoginBrowser::new();
    let answer = browser.open(&authorize_url(setup, &[])).await;
    assert_eq!((answer.status, answer.header("cache-control")), (303, "no-store"));
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let cookie = answer.header("set-cookie");
    let attributes = "; Path=/v1/auth/callback; Max-Age=300; HttpOnly; SameSite=Lax";
    assert!(cookie.starts_with("recollect_login_") && cookie.ends_with(attributes), "{cookie}");
    let address = answer.header("location");
    assert!(address.starts_with(&format!("{}/authorize?", setup.issuer.url)), "{address}");
    let asked = |name: &str| parameter(address, name).unwrap_or_default();
    assert_eq!((asked("client_id"), asked("scope")), (CLIENT.to_owned(), "openid email profile".to_owned()));
    assert_eq!(asked("redirect_uri"), format!("{}/v1/auth/callback/google", setup.server.url));
    let other = browser.redirect_of(&authorize_url(setup, &[])).await;
    for name in ["state", "nonce", "code_challenge"] {
        assert!(asked(name).len() >= 32, "{address}");
        assert_ne!(parameter(&other, name).unwrap(), asked(name), "{name} is another one every time");
    }
    assert_ne!(asked("state"), STATE, "the state of the program is not the issuer's business");
    let encrypted = browser.http.get(authorize_url(setup, &[])).header("x-forwarded-proto", "https");
    assert!(Answer::to(encrypted).await.header("set-cookie").ends_with("; SameSite=Lax; Secure"));
}

#[tokio::test]
async fn a_browser_may_be_sent_to_a_configured_address() {
    let setup = shared().await;
    let ben = fresh("ben");
    // A program that sends no state gets none.
    let bare = format!("{}/v1/auth/authorize?provider=google&redirect_uri={ELSEWHERE}", setup.server.url);
    let mut browser = LoginBrowser::new();
    let mut address: Url = browser.redirect_of(&bare).await.parse().unwrap();
    address.query_pairs_mut().append_pair("login", &ben);
    let back = browser.redirect_of(address.as_str()).await;
    let end = browser.redirect_of(&back).await;
    let code = code_in(&end);
    assert_eq!(end, format!("{ELSEWHERE}?code={code}"));
    redeem(setup, &code, &[("redirect_uri", ELSEWHERE)]).await.ok();
}

#[tokio::test]
async fn the_server_proves_itself_to_the_issuer_as_that_one_wants_it() {
    for proof in ["client_secret_basic", "client_secret_post", "none"] {
        let setup = ServerWithIssuer::boot(|settings, issuer| {
            take_oidc(settings, issuer);
            issuer.change(|behaviour| behaviour.proof = proof);
            if proof == "none" {
                settings.oidc.client_secret = None;
            }
        })
        .await;
        let end = LoginBrowser::new().complete_login(&setup, &[], &[("login", "ana")]).await;
        let code = parameter(&end, "code").unwrap_or_else(|| panic!("{proof}: {end}"));
        redeem(&setup, &code, &[]).await.ok();
        setup.stop().await;
    }
}

#[tokio::test]
async fn the_issuer_has_the_name_that_it_is_configured_with() {
    let setup = ServerWithIssuer::boot(|settings, issuer| {
        take_oidc(settings, issuer);
        settings.oidc.provider = "company".to_owned();
    })
    .await;
    LoginBrowser::new().open(&authorize_url(&setup, &[])).await.refused(400, "Unsupported provider");
    let end = LoginBrowser::new().complete_login(&setup, &[("provider", "company")], &[("login", "ana")]).await;
    let tokens = redeem(&setup, &code_in(&end), &[]).await.ok();
    assert_eq!((&tokens["provider"], &tokens["provider_id"]), (&json!("company"), &json!("company.com")));
    setup.stop().await;
}
