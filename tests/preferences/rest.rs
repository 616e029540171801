//! What a user sets once: time zone, language, and how speech is transcribed.

use serde_json::{Value, json};

use crate::support::{json::assert_invalid, server::Server};

#[tokio::test]
async fn time_zone_and_language_are_set_and_cleared() {
    let user = Server::shared().await.user().await;
    for (caller, path) in [(user.app(), "/v1/users/preferences"), (user.developer(), "/v1/dev/user/preferences")] {
        assert_eq!(caller.get(path).await.ok(), json!({ "time_zone": null, "language": null }));
        let set = caller.patch(path, json!({ "time_zone": "Europe/Oslo" })).await.ok();
        assert_eq!(set, json!({ "time_zone": "Europe/Oslo", "language": null }));
        let both = json!({ "time_zone": "Europe/Oslo", "language": "pt-BR" });
        assert_eq!(caller.patch(path, json!({ "language": "pt-BR" })).await.ok(), both);
        assert_eq!(caller.get(path).await.ok(), both);
        let cleared = caller.patch(path, json!({ "time_zone": null, "language": null })).await.ok();
        assert_eq!(cleared, json!({ "time_zone": null, "language": null }));
        let unknown = caller.patch(path, json!({ "time_zone": "Europe/Atlantis", "language": "en" })).await;
        assert_invalid(&unknown, &[("value_error", json!(["body", "time_zone"]))]);
        let odd = caller.patch(path, json!({ "language": "Klingon, please" })).await;
        assert_invalid(&odd, &[("value_error", json!(["body", "language"]))]);
        let nothing = "At least one field (time_zone, language) must be provided";
        caller.patch(path, json!({})).await.refused(422, nothing);
        assert_eq!(caller.get(path).await.ok(), cleared, "a refused change changes nothing");
    }
}

#[tokio::test]
async fn the_language_is_set_as_the_app_does() {
    let app = Server::shared().await.user().await.app();
    let path = "/v1/users/language";
    assert_eq!(app.get(path).await.ok(), json!({ "language": null }));
    let set = app.patch(path, json!({ "language": "en-US" })).await.ok();
    assert_eq!(set, json!({ "status": "ok", "single_language_mode": false }));
    assert_eq!(app.get(path).await.ok(), json!({ "language": "en-US" }));
    let set = app.patch(path, json!({ "language": "no" })).await.ok();
    assert_eq!(set, json!({ "status": "ok", "single_language_mode": true }));
    let spoken = json!({ "single_language_mode": true, "vocabulary": [], "language": "no" });
    assert_eq!(app.get("/v1/users/transcription-preferences").await.ok(), spoken);
    for missing in [json!({}), json!({ "language": null }), json!({ "language": " " })] {
        app.patch(path, missing).await.refused(400, "Language is required");
    }
}

#[tokio::test]
async fn transcription_is_set_piece_by_piece() {
    let app = Server::shared().await.user().await.app();
    let path = "/v1/users/transcription-preferences";
    let plain = json!({ "single_language_mode": false, "vocabulary": [], "language": "" });
    assert_eq!(app.get(path).await.ok(), plain);
    let words: Vec<String> = (0..120).map(|number| format!("word{number}")).collect();
    assert_eq!(app.patch(path, json!({ "vocabulary": words })).await.ok(), json!({ "status": "ok" }));
    app.patch(path, json!({ "single_language_mode": true })).await.ok();
    app.patch(path, json!({})).await.ok();
    let set = app.get(path).await.ok();
    assert_eq!((&set["single_language_mode"], &set["vocabulary"]), (&json!(true), &json!(words[..100])));
    app.patch(path, json!({ "vocabulary": ["Oslo"] })).await.ok();
    assert_eq!(app.get(path).await.ok()["vocabulary"], json!(["Oslo"]), "a new list replaces the old one");
}

#[tokio::test]
async fn a_device_brings_its_time_zone() {
    let app = Server::shared().await.user().await.app();
    let register = async |body: Value| app.post("/v1/users/fcm-token", body).await;
    let done = register(json!({ "fcm_token": "t", "time_zone": "Asia/Tokyo" })).await.ok();
    assert_eq!(done, json!({ "status": "Ok" }));
    assert_eq!(app.get("/v1/users/preferences").await.ok()["time_zone"], "Asia/Tokyo");
    let unknown = register(json!({ "fcm_token": "t", "time_zone": "Nowhere" })).await;
    assert_invalid(&unknown, &[("value_error", json!(["body", "time_zone"]))]);
    let missing = [("missing", json!(["body", "fcm_token"])), ("missing", json!(["body", "time_zone"]))];
    assert_invalid(&register(json!({})).await, &missing);
}
