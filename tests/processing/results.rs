//! Results of processing.

use chrono::{DateTime, Utc};
use resources::jobs::{JobState, ProcessMode};
use schemas::{
    conversation::{ConversationCategory, ConversationStatus, Processor},
    memory::MemoryCategory,
    preferences::Preferences,
};
use serde_json::{Value, json};
use tools::processing::{self, Outcome};

use super::support::{ABOUT, Setup, conversation, model_answer, say};
use crate::support::server::on_runtime;

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn the_model_understands_a_conversation() {
    on_runtime(async {
        let setup = Setup::with([say(model_answer(json!({ "folder_id": "work" })))]).await;
        let oslo = Preferences { time_zone: Some("Europe/Oslo".into()), ..Preferences::default() };
        setup.resources.preferences(&setup.user).set(oslo).await.unwrap();
        let id = setup.add_conversation(&[ABOUT, "I have forty hives, and the labels by next Friday at three."]).await;
        assert_eq!(setup.run(&id).await, Outcome::Completed);

        let conversation = setup.conversation(&id).await;
        assert_eq!(conversation.status, ConversationStatus::Completed);
        assert_eq!(conversation.processor, Some(Processor::Model));
        assert!(!conversation.discarded);
        let structured = &conversation.structured;
        assert_eq!(structured.title, "Honey for the market");
        assert_eq!(structured.overview, "Ana and Bo talked about the honey for the market.");
        assert_eq!((structured.emoji.as_str(), structured.category), ("🍯", ConversationCategory::Business));
        assert_eq!(structured.events[0].start, time("2026-05-16T06:00:00Z"));
        assert_eq!((structured.events[0].duration, structured.events[0].created), (240, false));
        assert_eq!(structured.action_items[0].description, "Send Bo the labels");
        assert_eq!(conversation.folder_name.as_deref(), Some("Work"));

        let items = setup.items().await;
        assert_eq!(items.len(), 1);
        assert_eq!(items[0].due_at, Some(time("2026-05-15T13:00:00Z")));
        assert_eq!(items[0].conversation_id.as_ref(), Some(&id));
        assert_eq!(items[0].provenance[0].segment_ids, ["s1"]);
        let memories = setup.memories().await;
        assert_eq!(memories.len(), 1);
        let memory = &memories[0];
        assert_eq!((memory.content.as_str(), memory.category), ("Ana keeps forty hives.", MemoryCategory::System));
        assert_eq!(memory.conversation_id.as_ref(), Some(&id));
        assert_eq!(memory.provenance.segment_ids, ["s2", "s1"]);
        assert_eq!((memory.reviewed, memory.manually_added, memory.user_review), (false, false, None));
        assert!(memory.scoring.as_ref().unwrap().starts_with("00_999_"));
        let done = processing::finalization(&setup.resources, &setup.user, &id).await.unwrap().unwrap();
        let expected = json!({
            "job_id": id, "status": "done", "terminal": true, "retryable": false, "attempt_count": 1,
            "task_retry_count": 0, "last_error": null, "next_attempt_at": null,
        });
        assert_eq!(json!(done), expected);
    })
    .await;
}

#[tokio::test]
async fn the_prompt_has_context_and_transcript() {
    on_runtime(async {
        let setup = Setup::with([say(model_answer(json!({})))]).await;
        let oslo = Preferences { time_zone: Some("Europe/Oslo".into()), ..Preferences::default() };
        setup.resources.preferences(&setup.user).set(oslo).await.unwrap();
        let first = setup.add_conversation(&[ABOUT, "I have forty hives."]).await;
        setup.run(&first).await;
        let second = setup.add_conversation(&[ABOUT, "Two  spaces."]).await;
        setup.run(&second).await;
        let requests = setup.model.requests(ABOUT);
        assert_eq!(requests.len(), 2, "one question for each conversation");
        let prompt = |request: &Value| request["messages"][1]["content"].as_str().unwrap().to_owned();
        let expected = "Began: Friday, 2026-05-08 15:00 (UTC+02:00)\n\
            Ended: Friday, 2026-05-08 15:00 (UTC+02:00)\n\
            Time zone of the user: Europe/Oslo\n\
            The user is called: Ana\n\
            Language: en\n\
            \n\
            Folders:\n\
            personal: Personal. Family, friends, home and one's own life\n";
        assert!(prompt(&requests[0]).starts_with(expected), "{}", prompt(&requests[0]));
        let transcript = "\n\nTranscript:\n[1] User: We talk about the honey.\n[2] Speaker 0: I have forty hives.\n";
        assert!(prompt(&requests[0]).ends_with(transcript), "{}", prompt(&requests[0]));
        assert!(
            prompt(&requests[1])
                .contains("\nStill to be done already:\nSend Bo the labels (due 2026-05-15T15:00:00+02:00)\n")
        );
        assert!(prompt(&requests[1]).contains("[2] Speaker 0: Two spaces."));
        let form = &requests[0]["response_format"]["json_schema"];
        assert_eq!((&form["name"], &form["strict"]), (&json!("Extraction"), &json!(true)));
        let system = requests[0]["messages"][0]["content"].as_str().unwrap();
        for field in form["schema"]["properties"].as_object().unwrap().keys().filter(|name| *name != "category") {
            assert!(system.contains(&format!("`{field}`")), "the instructions say nothing of {field}");
        }
        // Its own items are not held against it when it is asked for anew.
        processing::queue(&setup.resources, &setup.user, &first, ProcessMode::Forced).await.unwrap();
        setup.resources.conversations(&setup.user).delete(&second).await.unwrap();
        setup.run(&first).await;
        let again = prompt(setup.model.requests(ABOUT).last().unwrap());
        assert!(again.contains("\nDiscard: never"), "{again}");
    })
    .await;
}

#[tokio::test]
async fn nonsense_in_an_answer_is_left_out() {
    on_runtime(async {
        let memory =
            |content: &str, kind: &str| json!({ "content": content, "kind": kind, "segment_ids": ["9", "[2]"] });
        let answer = model_answer(json!({
            "title": "\"Honey\".",
            "emoji": "honey pot",
            "action_items": [
                { "description": " ", "due_at": null, "segment_ids": [] },
                { "description": "Call Bo", "due_at": "1999-01-01T00:00:00Z", "segment_ids": ["0", "s2", "2", "x"] },
                { "description": "call bo", "due_at": null, "segment_ids": [] },
            ],
            "events": [
                { "title": "Long ago", "description": "", "start": "2020-01-01T00:00:00Z", "duration_minutes": 5 },
                { "title": "Soon", "description": "", "start": "2026-05-09T00:00:00Z", "duration_minutes": 0 },
            ],
            "memories": [
                memory("Speaker 1 likes bees.", "system"),
                memory("SPEAKER_00 likes bees.", "system"),
                memory("Ana likes bees.", "system"),
                memory("ana likes bees.", "system"),
                memory("Bees dance.", "interesting"),
                memory("Bees sleep.", "interesting"),
                memory("Bees count.", "interesting"),
                memory("Ana bought a loudspeaker in 2025.", "system"),
                memory("Ana has a sister, Ida.", "system"),
            ],
            "folder_id": "nowhere",
        }));
        let setup = Setup::with([say(answer)]).await;
        let id = setup.add_conversation(&[ABOUT, "I like bees."]).await;
        setup.run(&id).await;
        let conversation = setup.conversation(&id).await;
        assert_eq!((conversation.structured.title.as_str(), conversation.structured.emoji.as_str()), ("Honey", "🧠"));
        assert_eq!(conversation.folder_id.as_deref(), Some("other"), "it is in the folder for the rest");
        let events: Vec<_> =
            conversation.structured.events.iter().map(|event| (&*event.title, event.duration)).collect();
        assert_eq!(events, [("Soon", 30)]);
        let items = setup.items().await;
        assert_eq!(items.len(), 1);
        assert_eq!((items[0].description.as_str(), items[0].due_at), ("Call Bo", None));
        assert_eq!(items[0].provenance[0].segment_ids, ["s2"]);
        let memories = setup.memories().await;
        let contents: Vec<_> = memories.iter().map(|memory| memory.content.as_str()).collect();
        assert_eq!(contents, ["Ana bought a loudspeaker in 2025.", "Ana likes bees.", "Bees dance.", "Bees sleep."]);
        assert_eq!(memories[0].provenance.segment_ids, ["s2"]);
    })
    .await;
}

#[tokio::test]
async fn only_what_says_little_is_put_aside() {
    on_runtime(async {
        let aside = model_answer(json!({ "discard": true, "title": "", "overview": "" }));
        let setup = Setup::with([say(aside)]).await;
        let short = setup.add_conversation(&[ABOUT, "Hm."]).await;
        setup.run(&short).await;
        let conversation = setup.conversation(&short).await;
        assert!(conversation.discarded && conversation.structured.title.is_empty());
        assert!(conversation.structured.events.is_empty());
        assert_eq!(conversation.transcript_segments.unwrap().len(), 2);
        assert!(setup.items().await.is_empty() && setup.memories().await.is_empty());

        // The user restores it.
        setup.set_script([say(model_answer(json!({ "discard": true })))]);
        processing::queue(&setup.resources, &setup.user, &short, ProcessMode::Forced).await.unwrap();
        setup.run(&short).await;
        let conversation = setup.conversation(&short).await;
        assert!(!conversation.discarded);
        assert_eq!(conversation.structured.title, "Honey for the market");

        let long = setup.add_conversation(&[ABOUT, &"word ".repeat(101)]).await;
        setup.run(&long).await;
        assert!(!setup.conversation(&long).await.discarded);

        let asked = setup.request_count();
        let nothing = setup.add_conversation(&[]).await;
        assert_eq!(setup.run(&nothing).await, Outcome::Completed);
        assert!(setup.conversation(&nothing).await.discarded);
        assert_eq!(setup.request_count(), asked, "nobody has to be asked about nothing");
    })
    .await;
}

#[tokio::test]
async fn a_text_is_understood_like_a_conversation() {
    on_runtime(async {
        let setup = Setup::with([say(model_answer(json!({})))]).await;
        let external_data = json!({ "text": format!("{ABOUT} Bo writes."), "text_source": "message" });
        let new = resources::conversations::NewConversation {
            external_data: Some(external_data),
            ..conversation(Vec::new())
        };
        let id = setup.create(new).await;
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!(setup.conversation(&id).await.processor, Some(Processor::Model));
        assert_eq!(setup.memories().await[0].provenance.segment_ids, [""; 0]);
        let prompt = setup.model.requests(ABOUT)[0]["messages"][1]["content"].as_str().unwrap().to_owned();
        assert!(prompt.ends_with(&format!("\nA written message:\n{ABOUT} Bo writes.\n")), "{prompt}");
    })
    .await;
}

#[tokio::test]
async fn rules_have_the_last_word_without_a_model() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let id = setup.add_conversation(&[ABOUT, "I have forty hives."]).await;
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        let conversation = setup.conversation(&id).await;
        assert_eq!(conversation.status, ConversationStatus::Completed);
        assert_eq!(conversation.processor, Some(Processor::Local));
        assert!(!conversation.structured.title.is_empty() && !conversation.structured.overview.is_empty());
        let job = setup.job(&id).await;
        assert_eq!((job.state, job.last_error), (JobState::Done, None));
    })
    .await;
}

#[tokio::test]
async fn a_title_of_the_users_own_stays() {
    on_runtime(async {
        let setup = Setup::with([say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let change = resources::conversations::ConversationChange { title: Some("Mine".into()), ..Default::default() };
        setup.resources.conversations(&setup.user).change(&id, change).await.unwrap();
        setup.run(&id).await;
        let conversation = setup.conversation(&id).await;
        assert_eq!(conversation.structured.title, "Mine");
        assert_eq!(conversation.structured.emoji, "🍯");
    })
    .await;
}
