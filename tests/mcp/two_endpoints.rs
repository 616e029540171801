//! The transport of 2024-11-05 lives beside the pings.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Client, events::Events, initialize, list_tools};

async fn open(client: &Client) -> (Events, String) {
    let url = format!("{}/sse", client.endpoint);
    let mut stream = Events::of(client.to(Method::GET, &url).send().await.unwrap());
    let beginning = stream.next().await.unwrap();
    assert_eq!(beginning.kind, "endpoint");
    let ping = stream.next().await.unwrap();
    assert_eq!((ping.kind.as_str(), ping.data.as_str()), ("ping", "{}"), "a ping follows at once");
    (stream, format!("{}{}", client.user.url, beginning.data))
}

async fn post(client: &Client, address: &str, message: Value) -> StatusCode {
    client.to(Method::POST, address).json(&message).send().await.unwrap().status()
}

#[tokio::test]
async fn a_client_with_two_endpoints_is_answered_on_its_stream() {
    let client = Client::of_new_user().await;
    let (mut stream, address) = open(&client).await;
    assert_eq!(post(&client, &address, initialize("2024-11-05")).await, StatusCode::ACCEPTED);
    let answer = stream.message().await.unwrap();
    assert_eq!(answer["result"]["protocolVersion"], "2024-11-05");
    let noted = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(post(&client, &address, noted).await, StatusCode::ACCEPTED);
    assert_eq!(post(&client, &address, list_tools()).await, StatusCode::ACCEPTED);
    assert!(stream.message().await.unwrap()["result"]["tools"].is_array());
    client.remember("Ada keeps bees").await;
    stream.notification("notifications/resources/list_changed").await;
    assert_eq!(post(&client, &address, json!([list_tools()])).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_address_is_its_owners_and_lives_as_long_as_the_stream() {
    let (owner, other) = (Client::of_new_user().await, Client::of_new_user().await);
    let (stream, address) = open(&owner).await;
    assert_eq!(post(&other, &address, initialize("2024-11-05")).await, StatusCode::NOT_FOUND);
    assert_eq!(reqwest::Client::new().post(&address).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(post(&owner, &address, list_tools()).await, StatusCode::BAD_REQUEST);
    drop(stream);
    while post(&owner, &address, initialize("2024-11-05")).await != StatusCode::NOT_FOUND {
        tokio::task::yield_now().await;
    }
}
