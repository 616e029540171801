//! Credentials of each family, and the refusals of all others.

use reqwest::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use crate::support::server::{Answer, Server};

const DATA_HEADER: &str = "Missing or invalid Authorization header. Must be 'Bearer API_KEY'";
const OF_DEVELOPERS: &str = "a key that starts with omi_dev_ works on /v1/dev/user and /v1/dev/key";
const OF_MCP: &str = "a key that starts with omi_mcp_ works on /v1/mcp and /v1/mcp/sse";

#[tokio::test]
async fn refusals_are_in_the_contract_s_words() {
    let user = Server::shared().await.user().await;
    let (token, developer, mcp) = (&user.token, &user.developer_key, &user.mcp_key);
    let bearer = |credential: &str| Some(format!("Bearer {credential}"));
    let unknown = |prefix: &str| format!("{prefix}00000000000000000000000000000000");
    let mut cases = Vec::new();
    for path in ["/v1/dev/user/memories", "/v1/dev/key", "/v1/mcp/memories", "/v1/mcp/key"] {
        let (own, other, belongs) =
            if path.starts_with("/v1/dev") { (developer, mcp, OF_MCP) } else { (mcp, developer, OF_DEVELOPERS) };
        for headers in [None, Some(own.clone()), Some(format!("bearer {own}")), Some(format!("Basic {own}"))] {
            cases.push((path, headers, 401, DATA_HEADER.to_owned()));
        }
        for odd in [unknown("omi_dev_"), unknown("omi_mcp_"), token.clone(), "x".into(), own[..39].into()] {
            cases.push((path, bearer(&odd), 401, "Invalid API Key".to_owned()));
        }
        cases.push((path, bearer(other), 401, format!("Invalid API Key: {belongs}")));
    }
    for path in ["/v1/dev/keys", "/v1/mcp/keys"] {
        let wrong = "Invalid authentication credentials".to_owned();
        cases.push((path, None, 403, "Not authenticated".into()));
        cases.push((path, Some(format!("Basic {token}")), 403, wrong.clone()));
        cases.push((path, bearer(&unknown("omi_user_")), 401, wrong.clone()));
        cases.push((path, bearer(developer), 401, format!("{wrong}: {OF_DEVELOPERS}")));
        cases.push((path, bearer(mcp), 401, format!("{wrong}: {OF_MCP}")));
    }
    let invalid = "Invalid authorization token";
    cases.push(("/v3/memories", None, 401, "Authorization header not found".into()));
    for odd in [token.clone(), format!("Bearer {token} x"), format!("Bearer  {token}")] {
        cases.push(("/v3/memories", Some(odd), 401, invalid.into()));
    }
    cases.push(("/v3/memories", bearer(&unknown("omi_user_")), 401, invalid.into()));
    cases.push(("/v3/memories", bearer(developer), 401, format!("{invalid}: {OF_DEVELOPERS}")));
    cases.push(("/v3/memories", bearer(mcp), 401, format!("{invalid}: {OF_MCP}")));
    for (path, header, status, sentence) in cases {
        let request = user.http.get(format!("{}{path}", user.url));
        let request = header.iter().fold(request, |request, value| request.header(AUTHORIZATION, value));
        let answer = Answer::to(request).await;
        assert_eq!(
            (answer.status, answer.body["detail"].as_str()),
            (status, Some(sentence.as_str())),
            "{path} {header:?}"
        );
        assert_eq!(answer.headers.contains_key(WWW_AUTHENTICATE), status == 401, "{path} {header:?}");
    }
}

#[tokio::test]
async fn one_client_sends_its_mcp_key_as_uid() {
    let user = Server::shared().await.user().await;
    let with_uid =
        async |path: &str, uid: &str| Answer::to(user.http.get(format!("{}{path}", user.url)).header("uid", uid)).await;
    with_uid("/v1/mcp/memories", &user.mcp_key).await.ok();
    with_uid("/v1/mcp/memories", &user.id).await.refused(401, "Invalid API Key");
    with_uid("/v1/dev/user/memories", &user.developer_key).await.refused(401, DATA_HEADER);
    with_uid("/v3/memories", &user.id).await.refused(401, "Authorization header not found");
}
