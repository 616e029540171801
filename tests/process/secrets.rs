//! Credentials of users and of the server never appear in the log: with everything logged, none of it
//! is in the log, be it good or not.

use poem::{Request, Response, endpoint::make, http::StatusCode, listener::TcpAcceptor};
use reqwest::{Client as Http, Method, redirect::Policy};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    oauth::flow::{CALLBACK, OAuthClient, parameter},
    support::{
        program::{Program, output, recollect, to_text},
        server::{Answer, TestUser, on_runtime},
        surreal::SurrealDb,
    },
};

const ADMIN_KEY: &str = "sesame-of-whoever-administers-this";
const ISSUER_SECRET: &str = "sesame-for-the-issuer-s-own-ears";
const DATABASE_PASSWORD: &str = "sesame-of-the-keeper-of-the-rows";
const WRONG_DATABASE_PASSWORD: &str = "sesame-that-no-database-knows";

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "sesame-that-ana-chose-at-first";
const NEW_PASSWORD: &str = "sesame-that-ana-chose-later-on";
const GUESS: &str = "sesame-that-somebody-guesses";
const WRONG_CODE: &str = "omi_invite_5e5a3e5e5a3e5e5a3e5e5a3e5e5a3e5e";
const WRONG_REFRESH: &str = "omi_refresh_5e5a3e5e5a3e5e5a3e5e5a3e5e5a3e5e.0.6e5a3e5e5a3e5e5a3e5e5a3e5e5a3e5f";
const WRONG_COOKIE: &str = "5e5a3e5e5a3e5e5a3e5e5a3e5e5a3e5e5e5a3e5e5a3e5e5a3e5e5a3e5e5a3e5e";

/// Codes of the issuer: one that it does not take, and one that it gives a token for, which is not good.
const REFUSED_CODE: &str = "sesame-of-a-browser-that-is-refused";
const TAKEN_CODE: &str = "sesame-of-a-browser-that-is-heard";
const ISSUED: &str = "eyJhbGciOiJSUzI1NiJ9.sesame-in-the-claims.sesame-for-a-signature";

/// The parts of a secret; what stands before is the same for all of a kind.
fn parts(secret: &str) -> Vec<&str> {
    let bare = secret.strip_prefix("omi_").and_then(|rest| rest.split_once('_')).map_or(secret, |(_, bare)| bare);
    bare.split('.').filter(|part| part.len() >= 16).collect()
}

#[track_caller]
fn assert_none_logged<'a>(log: &str, secrets: impl IntoIterator<Item = &'a str>) {
    for secret in secrets {
        let parts = parts(secret);
        assert!(!parts.is_empty(), "{secret} is too short to be looked for");
        let leak = log.lines().find(|line| parts.iter().any(|part| line.contains(part)));
        assert!(leak.is_none(), "{secret} is in the log: {leak:?}");
    }
}

/// An issuer that repeats what a client proves itself with, or gives it a token that is not good.
async fn issuer() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().into_std().unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let base = url.clone();
    let endpoint = make(move |request: Request| {
        let base = base.clone();
        async move { answer(&base, request).await }
    });
    on_runtime(async move {
        let server = poem::Server::new_with_acceptor(TcpAcceptor::from_std(listener).unwrap());
        tokio::spawn(server.run(endpoint));
    })
    .await;
    url
}

async fn answer(base: &str, mut request: Request) -> Response {
    let (status, body) = match request.uri().path() {
        "/token" => {
            let proof = request.header("authorization").unwrap_or_default().to_owned();
            let form = request.take_body().into_string().await.unwrap();
            if form.contains(REFUSED_CODE) {
                let sentence = format!("{proof} {form} is of no client of mine");
                (401, json!({ "error": "invalid_client", "error_description": sentence }))
            } else {
                (200, json!({ "access_token": ISSUED, "token_type": "Bearer", "id_token": ISSUED }))
            }
        }
        "/keys" => (200, json!({ "keys": [] })),
        _ => {
            let description = json!({
                "issuer": base,
                "jwks_uri": format!("{base}/keys"),
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            });
            (200, description)
        }
    };
    let status = StatusCode::from_u16(status).unwrap();
    Response::builder().status(status).content_type("application/json").body(body.to_string())
}

/// A user of the server, and every secret that was sent or received.
struct Visitor {
    url: String,
    http: Http,
    kept: Vec<String>,
}

impl Visitor {
    fn keep(&mut self, secret: &str) -> String {
        self.kept.push(secret.to_owned());
        secret.to_owned()
    }

    fn keep_field(&mut self, object: &Value, name: &str) -> String {
        self.keep(object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}")))
    }

    /// The cookie that comes with an answer, as a browser sends it back.
    fn keep_cookie(&mut self, answer: &Answer) -> String {
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        self.keep(cookie.split_once('=').unwrap_or_else(|| panic!("no cookie: {answer:?}")).1);
        cookie
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.http.post(format!("{}{path}", self.url)).json(&body)).await
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.post("/v1/auth/refresh", json!({ "refresh_token": token })).await
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        Answer::to(self.http.get(format!("{}{path}", self.url)).bearer_auth(token)).await
    }

    async fn get_with_cookie(&self, path: &str, cookie: &str) -> Answer {
        Answer::to(self.http.get(format!("{}{path}", self.url)).header("cookie", cookie)).await
    }
}

/// Comes by invitation; gives the tokens of the session that begins so.
async fn join(visitor: &mut Visitor, owner: &TestUser) -> Value {
    let invited = owner.app().post("/v1/admin/invitations", json!({ "name": "Ana", "email": EMAIL })).await.ok();
    let code = visitor.keep_field(&invited, "code");
    let accept = "/v1/auth/invitations/accept";
    let account = |code: &str| json!({ "code": code, "password": PASSWORD });
    assert_eq!(visitor.post(accept, account(WRONG_CODE)).await.status, 404);
    let tokens = visitor.post(accept, account(&code)).await.ok();
    assert_eq!(visitor.post(accept, account(&code)).await.status, 404);
    let eve = json!({ "name": "Eve", "email": "eve@example.com", "password": GUESS });
    assert_eq!(visitor.post("/v1/auth/sign-up", eve).await.status, 403);
    tokens
}

/// Signs in with passwords that are right, wrong and no passwords; gives the tokens of the session.
async fn sign_in(visitor: &Visitor) -> Value {
    let log_in = |account: &str, password: Value| json!({ "account": account, "password": password });
    for (account, password, status) in [
        (EMAIL, json!(GUESS), 401),
        ("nobody", json!(PASSWORD), 401),
        (EMAIL, json!([PASSWORD]), 422),
        (EMAIL, json!({ "text": PASSWORD }), 422),
    ] {
        let answer = visitor.post("/v1/auth/login", log_in(account, password)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
    }
    let broken = format!("{{\"account\": \"{EMAIL}\", \"password\": \"{PASSWORD}");
    let broken = visitor.http.post(format!("{}/v1/auth/login", visitor.url)).body(broken);
    assert!(Answer::to(broken.header("content-type", "application/json")).await.status >= 400);
    visitor.post("/v1/auth/login", log_in(EMAIL, json!(PASSWORD))).await.ok()
}

/// Uses the tokens of a session until that ends, since one of them comes again much later.
async fn use_up(visitor: &mut Visitor, tokens: &Value) {
    let access = visitor.keep_field(tokens, "access_token");
    let used = visitor.keep_field(tokens, "refresh_token");
    assert_eq!(visitor.refresh(WRONG_REFRESH).await.status, 401);
    let mut last = used.clone();
    for _ in 0..2 {
        let next = visitor.refresh(&last).await.ok();
        visitor.keep_field(&next, "access_token");
        last = visitor.keep_field(&next, "refresh_token");
    }
    visitor.get("/v1/users/me", &access).await.ok();
    assert_eq!(visitor.refresh(&used).await.status, 401);
    assert_eq!(visitor.refresh(&last).await.status, 401);
    assert_eq!(visitor.get("/v1/users/me", &access).await.status, 401);
}

/// Changes the password in a session, and ends that; gives the user's id.
async fn settle(visitor: &mut Visitor, tokens: &Value) -> String {
    let access = visitor.keep_field(tokens, "access_token");
    let refresh = visitor.keep_field(tokens, "refresh_token");
    for path in ["/v1/dev/user/memories", "/v1/mcp/memories", "/v1/mcp"] {
        assert_eq!(visitor.get(path, &access).await.status, 401, "{path}");
    }
    assert_eq!(visitor.get("/v1/users/me", &format!("{access}x")).await.status, 401);
    for (current, status) in [(GUESS, 403), (PASSWORD, 200)] {
        let change = json!({ "current_password": current, "new_password": NEW_PASSWORD });
        let request = visitor.http.post(format!("{}/v1/auth/password", visitor.url)).bearer_auth(&access).json(&change);
        assert_eq!(Answer::to(request).await.status, status, "{current}");
    }
    visitor.post("/v1/auth/logout", json!({ "refresh_token": refresh })).await.ok();
    tokens["uid"].as_str().unwrap().to_owned()
}

/// Acts for a user by the key that opens every account, and tries it where it opens nothing.
async fn administer(visitor: &Visitor, user: &str) {
    visitor.get("/v3/memories", &format!("{ADMIN_KEY}{user}")).await.ok();
    for (path, user) in [("/v3/memories", "nobody"), ("/v1/dev/user/memories", user), ("/v1/dev/keys", "nobody")] {
        assert_eq!(visitor.get(path, &format!("{ADMIN_KEY}{user}")).await.status, 401, "{path}");
    }
}

/// Signs a browser in, on the page for a client and on the one for an app.
async fn browse(visitor: &mut Visitor) {
    let new = json!({ "redirect_uris": [CALLBACK], "client_name": "Notes", "token_endpoint_auth_method": "none" });
    let registered = visitor.post("/register", new).await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    let client = OAuthClient::of(&visitor.url, registered.body["client_id"].as_str().unwrap(), CALLBACK);
    let path = client.authorize_url(&client.authorization_request("")).replace(&visitor.url, "");
    let page = Answer::to(client.request(Method::GET, &path)).await;
    let cookie = visitor.keep_cookie(&page);
    let html = page.body.as_str().unwrap();
    let form = html.split_once("name=\"form\" value=\"").and_then(|(_, rest)| rest.split('"').next()).unwrap();
    let form = visitor.keep(form);
    let submit = async |password: &str| {
        let fields = [("form", form.as_str()), ("action", "sign_in"), ("name", EMAIL), ("password", password)];
        Answer::to(client.form(&path, &fields).header("cookie", &cookie)).await
    };
    assert_eq!(submit(GUESS).await.status, 422);
    let signed_in = submit(NEW_PASSWORD).await;
    assert_eq!(signed_in.status, 303, "{}", signed_in.body);
    let cookie = visitor.keep_cookie(&signed_in);
    for (cookie, knows) in [(cookie, true), (format!("recollect={WRONG_COOKIE}"), false)] {
        let page = visitor.get_with_cookie(&path, &cookie).await.ok();
        assert_eq!(page.as_str().unwrap().contains("You are signed in as"), knows);
    }
    for (password, is_refused) in [(GUESS, true), (NEW_PASSWORD, false)] {
        let fields = [("app_id", "coach"), ("account", EMAIL), ("password", password)];
        let answer = Answer::to(client.form("/v1/oauth/authorize", &fields)).await;
        assert_eq!(answer.status >= 400, is_refused, "{}", answer.body);
    }
}

/// Comes from the issuer with a code that it refuses, and with one that it gives a token for which is not good.
async fn come_from_issuer(visitor: &mut Visitor) {
    for code in [REFUSED_CODE, TAKEN_CODE] {
        let start = "/v1/auth/authorize?provider=google&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fback";
        let sent = visitor.get_with_cookie(start, "").await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        let cookie = visitor.keep_cookie(&sent);
        let state = parameter(sent.header("location"), "state").unwrap();
        let back = format!("/v1/auth/callback/google?state={state}&code={code}");
        let back = visitor.get_with_cookie(&back, &cookie).await;
        assert_eq!(back.status, 303, "{}", back.body);
        assert_eq!(parameter(back.header("location"), "error").as_deref(), Some("access_denied"));
    }
}

#[tokio::test]
async fn credentials_are_not_logged() {
    let (issuer, folder) = (issuer().await, TempDir::new().unwrap());
    let settings = [
        ("RECOLLECT_LOG", "trace"),
        ("RECOLLECT_OAUTH_REGISTRATION", "true"),
        ("RECOLLECT_SIGN_IN_ADMIN_KEY", ADMIN_KEY),
        ("RECOLLECT_SIGN_IN_APPS", "coach https://coach.example/home"),
        ("RECOLLECT_SIGN_IN_OIDC_ISSUER", &issuer),
        ("RECOLLECT_SIGN_IN_OIDC_CLIENT_ID", "recollect"),
        ("RECOLLECT_SIGN_IN_OIDC_CLIENT_SECRET", ISSUER_SECRET),
    ];
    let program = Program::serve_with(folder.path(), &settings).await;
    let http = Http::builder().redirect(Policy::none()).build().unwrap();
    let mut visitor = Visitor { url: program.url.clone(), http, kept: Vec::new() };
    let first = join(&mut visitor, &program.owner()).await;
    let second = sign_in(&visitor).await;
    use_up(&mut visitor, &first).await;
    let user = settle(&mut visitor, &second).await;
    administer(&visitor, &user).await;
    browse(&mut visitor).await;
    come_from_issuer(&mut visitor).await;
    let log = program.stop().await.log;
    assert!(log.contains("TRACE"), "the log has every level");
    assert!(log.contains("refresh token reused"), "what happens is logged");
    let chosen = [ADMIN_KEY, ISSUER_SECRET, PASSWORD, NEW_PASSWORD, GUESS, REFUSED_CODE, TAKEN_CODE, ISSUED];
    let wrong = [WRONG_CODE, WRONG_REFRESH, WRONG_COOKIE];
    assert_none_logged(&log, visitor.kept.iter().map(String::as_str).chain(chosen).chain(wrong));
}

#[tokio::test]
async fn the_password_of_the_database_is_not_logged() {
    let (database, folder) = (SurrealDb::start().await, TempDir::new().unwrap());
    let define = format!("DEFINE USER keeper ON ROOT PASSWORD '{DATABASE_PASSWORD}' ROLES OWNER");
    let sql = Http::new().post(format!("{}/sql", database.url.replace("ws://", "http://")));
    let sql = sql.basic_auth("root", Some("root")).header("accept", "application/json").body(define);
    let defined = Answer::to(sql).await.ok();
    assert_eq!(defined[0]["status"], "OK", "{defined}");
    let settings = |password: &'static str| {
        [
            ("RECOLLECT_LOG", "trace"),
            ("RECOLLECT_DATABASE_URL", database.url.as_str()),
            ("RECOLLECT_DATABASE_USER", "keeper"),
            ("RECOLLECT_DATABASE_PASSWORD", password),
        ]
    };
    let mut command = recollect(folder.path(), &["serve", "--json", "--port", "0"]).await;
    command.envs(settings(WRONG_DATABASE_PASSWORD));
    let refused = output(command).await;
    assert!(!refused.status.success(), "nobody comes in by that password");
    let program = Program::serve_with(folder.path(), &settings(DATABASE_PASSWORD)).await;
    program.owner().app().post("/v3/memories", json!({ "content": "Ana keeps bees" })).await.ok();
    let log = program.stop().await.log;
    assert!(log.contains("TRACE"), "the log has every level");
    for log in [log, to_text(&refused.stderr)] {
        assert_none_logged(&log, [DATABASE_PASSWORD, WRONG_DATABASE_PASSWORD]);
    }
}
