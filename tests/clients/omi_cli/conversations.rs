//! `omi conversation`.

use serde_json::{Value, json};

use super::{NOT_FOUND, Omi, USAGE};

const NOTES: &str = "I promised Ana to send her the photos of the wedding by Friday. She moves to Oslo in May.";
const TALK: &str = "Marta said that the harbour of Trieste freezes in hard winters, and that she rows there.";

/// Where the app finds a conversation.
fn in_app(id: &str) -> String {
    format!("/v1/conversations/{id}")
}

#[tokio::test]
async fn omi_cli_keeps_conversations() {
    let omi = Omi::of_new_user().await;
    let dated = ["--started-at", "2026-05-04T09:00:00", "--finished-at", "2026-05-04 09:30:00", "--language", "en"];
    let source = ["--text-source", "message", "--text-source-spec", "email"];
    let create = ["conversation", "create", "--text"];
    let notes = omi.json(&[&create[..], &[NOTES], &source[..], &dated[..]].concat()).await;
    let notes = notes["id"].as_str().unwrap();
    let stored = omi.user.app().get(&in_app(notes)).await.ok();
    assert_eq!(
        (&stored["started_at"], &stored["finished_at"]),
        (&json!("2026-05-04T09:00:00Z"), &json!("2026-05-04T09:30:00Z")),
        "times without an offset are UTC"
    );
    let from = &stored["external_data"];
    assert_eq!(
        (&from["text"], &from["text_source"], &from["text_source_spec"]),
        (&json!(NOTES), &json!("message"), &json!("email"))
    );
    let piped = omi.json_of(&[&create[..], &["-", "--text-source", "audio_transcript"]].concat(), TALK).await;
    let piped = piped["id"].as_str().unwrap();
    assert_eq!(omi.user.app().get(&in_app(piped)).await.ok()["external_data"]["text"], TALK);

    assert_eq!(omi.listed(&["conversation", "list"], "id").await, [piped, notes], "newest first");
    assert_eq!(omi.listed(&["conversation", "list", "--limit", "1", "--offset", "1"], "id").await, [notes]);
    let early = ["conversation", "list", "--start-date", "2026-05-04", "--end-date", "2026-05-04T12:00:00"];
    assert_eq!(omi.listed(&early, "id").await, [notes]);
    let category = stored["structured"]["category"].as_str().unwrap();
    let of_category = ["conversation", "list", "--categories", &format!("{category},weather")];
    assert!(omi.listed(&of_category, "id").await.iter().any(|id| id == notes), "{category}");
    assert!(omi.table(&["conversation", "list"]).await.contains("external_integration"));

    let titled = omi.json(&["conversation", "update", notes, "--title", "Photos for Ana"]).await;
    assert_eq!((&titled["id"], &titled["structured"]["title"]), (&json!(notes), &json!("Photos for Ana")));
    assert_eq!(omi.json(&["conversation", "update", notes, "--discarded"]).await["discarded"], true);
    assert_eq!(omi.listed(&["conversation", "list"], "id").await, [piped]);
    assert_eq!(omi.json(&["conversation", "get", notes]).await["structured"]["title"], "Photos for Ana");
    omi.json(&["conversation", "update", notes, "--no-discarded"]).await;
    assert_eq!(omi.user.app().get(&in_app(notes)).await.ok()["discarded"], false);

    assert_eq!(omi.json(&["conversation", "delete", notes, "--yes"]).await, Value::Null);
    omi.user.app().get(&in_app(notes)).await.refused(404, "Conversation not found");
    from_segments(&omi).await;
    omi.assert_all_run("conversation").await;
}

async fn from_segments(omi: &Omi) {
    let segments = json!([
        { "text": "Where were you all summer?", "start": 0.0, "end": 2.5, "speaker": "SPEAKER_00" },
        { "text": "In Hallstatt, by the lake, with my sister.", "start": 2.5, "end": 6.0, "is_user": true },
    ]);
    let (list, object) = (omi.file("list.json"), omi.file("object.json"));
    std::fs::write(&list, segments.to_string()).unwrap();
    std::fs::write(&object, json!({ "transcript_segments": segments }).to_string()).unwrap();
    let began = ["--started-at", "2026-04-01T07:00:00", "--source", "omi"];
    let from_list = ["conversation", "from-segments", list.to_str().unwrap()];
    let created = omi.json(&[&from_list[..], &began[..]].concat()).await;
    let id = created["id"].as_str().unwrap();
    assert_eq!(omi.json(&["conversation", "get", id]).await["transcript_segments"], Value::Null);
    let whole = omi.json(&["conversation", "get", id, "--include-transcript"]).await;
    assert_eq!((&whole["source"], &whole["finished_at"]), (&json!("omi"), &json!("2026-04-01T07:00:06Z")));
    assert_eq!(whole["transcript_segments"][1]["text"], segments[1]["text"]);
    let month = ["conversation", "list", "--start-date", "2026-04-01", "--end-date", "2026-04-02"];
    assert_eq!(omi.json(&month).await[0]["transcript_segments"], Value::Null);
    let listed = omi.json(&[&month[..], &["--include-transcript"]].concat()).await;
    assert_eq!(listed[0]["transcript_segments"], whole["transcript_segments"]);
    let ended = ["--finished-at", "2026-04-01T08:00:00", "--language", "de"];
    let from_object = ["conversation", "from-segments", object.to_str().unwrap()];
    let other = omi.json(&[&from_object[..], &began[..2], &ended[..]].concat()).await;
    let stored = omi.user.app().get(&in_app(other["id"].as_str().unwrap())).await.ok();
    let expected = (&json!("phone"), &json!("de"), &json!("2026-04-01T08:00:00Z"));
    assert_eq!((&stored["source"], &stored["language"], &stored["finished_at"]), expected);
}

#[tokio::test]
async fn omi_cli_understands_refusals_about_conversations() {
    let omi = Omi::of_new_user().await;
    for command in [&["get", "nothing"][..], &["delete", "nothing", "-y"], &["update", "nothing", "--title", "x"]] {
        omi.fails(&[&["conversation"], command].concat(), NOT_FOUND, "Conversation not found").await;
    }
    omi.fails(&["conversation", "create", "--text", " "], USAGE, "text cannot be empty").await;
    let wrong = "Invalid category 'wrk' is not a valid CategoryEnum";
    omi.fails(&["conversation", "list", "--categories", "wrk"], USAGE, wrong).await;
    let file = omi.file("odd.json");
    std::fs::write(&file, json!([{ "text": "x", "start": 1, "end": 1 }]).to_string()).unwrap();
    let command = ["conversation", "from-segments", file.to_str().unwrap()];
    omi.fails(&command, USAGE, "Segment 0: end time must be after start time").await;
}
