//! The model fails, and comes back.

use chrono::TimeDelta;
use resources::{
    conversations::Selection,
    jobs::{ATTEMPTS, Manner, State},
};
use schemas::conversation::{ConversationStatus, Processor};
use serde_json::json;
use tools::processing::{self, Outcome};

use super::support::{ABOUT, Scene, say, understanding};
use crate::support::{model::Act, server::apart};

#[tokio::test]
async fn rules_stand_in_for_a_model_that_fails_until_it_is_back() {
    apart(async {
        let invalid: &str = r#"{"discard":false,"title":"Honey"}"#;
        let cases = [
            (Act::Fail(500), "500"),
            (Act::Fail(401), "401"),
            (Act::Fail(429), "429"),
            (Act::Later(3600), "in time"),
            (Act::Stall("{\"discard\":"), "in time"),
            (Act::BreakOff("{\"discard\":"), "language model"),
            (Act::CutOff("{\"discard\":"), "cut off"),
            (Act::Decline("I would rather not."), "declines"),
            (Act::Say(&["I am only a model."]), "no JSON"),
            (Act::Text(invalid.into()), "form"),
            (say(understanding(json!({ "title": " " }))), "no title"),
        ];
        let scene = Scene::with([Act::Fail(500)]).await;
        for (act, reason) in cases {
            scene.now_plays([act]);
            let id = scene.says(&[ABOUT, "I have forty hives."]).await;
            let before = resources::now();
            assert_eq!(scene.run(&id).await, Outcome::Completed, "{reason}");
            let conversation = scene.conversation(&id).await;
            assert_eq!(conversation.status, ConversationStatus::Completed);
            assert_eq!(conversation.processor, Some(Processor::Local));
            assert!(!conversation.discarded && !conversation.structured.title.is_empty());
            let job = scene.job(&id).await;
            assert_eq!((job.state, job.attempts), (State::Queued, 1));
            assert!(job.next_at > before + TimeDelta::seconds(4), "it is not tried at once");
            assert!(job.last_error.as_ref().unwrap().contains(reason), "{reason}: {:?}", job.last_error);
            let seen = processing::finalization(&scene.resources, &scene.user, &id).await.unwrap().unwrap();
            assert_eq!((seen.last_error, seen.next_attempt_at), (job.last_error, Some(job.next_at)));

            scene.now_plays([say(understanding(json!({})))]);
            assert_eq!(scene.run(&id).await, Outcome::Completed);
            let conversation = scene.conversation(&id).await;
            assert_eq!(conversation.processor, Some(Processor::Model));
            assert_eq!(conversation.structured.title, "Honey for the market");
            assert_eq!(conversation.structured.action_items.len(), 1);
            let job = scene.job(&id).await;
            assert_eq!((job.state, job.last_error), (State::Done, None));
            scene.resources.conversations(&scene.user).delete(&id).await.unwrap();
            scene.resources.action_items(&scene.user).delete_of_conversation(&id).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_mended_and_a_busy_model_is_waited_for() {
    apart(async {
        let wrong = Act::Say(&[r#"{"discard":"no"}"#]);
        let scene = Scene::with([Act::Later(1), wrong, say(understanding(json!({})))]).await;
        let id = scene.says(&[ABOUT]).await;
        assert_eq!(scene.run(&id).await, Outcome::Completed);
        assert_eq!(scene.conversation(&id).await.processor, Some(Processor::Model));
        assert_eq!(scene.asked(), 3);
    })
    .await;
}

#[tokio::test]
async fn the_model_is_tried_so_often_and_then_when_asked() {
    apart(async {
        let scene = Scene::with([Act::Fail(401)]).await;
        let id = scene.says(&[ABOUT]).await;
        assert_eq!(scene.run(&id).await, Outcome::Completed);
        let first = scene.conversation(&id).await;
        for attempt in 2..=ATTEMPTS {
            assert_eq!(scene.run(&id).await, Outcome::Postponed);
            assert_eq!(scene.job(&id).await.attempts, attempt);
        }
        let job = scene.job(&id).await;
        assert_eq!(job.state, State::Failed);
        assert!(job.finished_at.is_some() && job.last_error.unwrap().contains("401"));
        let last = scene.conversation(&id).await;
        assert_eq!((last.status, last.updated_at), (ConversationStatus::Completed, first.updated_at));
        let asked = scene.asked();
        assert_eq!(scene.run(&id).await, Outcome::Failed);
        assert_eq!(scene.asked(), asked, "it was given up");

        scene.now_plays([say(understanding(json!({})))]);
        assert!(processing::queue(&scene.resources, &scene.user, &id, Manner::Forced).await.unwrap());
        assert_eq!(scene.conversation(&id).await.status, ConversationStatus::Processing);
        assert_eq!(scene.run(&id).await, Outcome::Completed);
        assert_eq!(scene.conversation(&id).await.processor, Some(Processor::Model));
    })
    .await;
}

#[tokio::test]
async fn what_the_model_wrote_is_not_given_up_for_rules() {
    apart(async {
        let scene = Scene::with([say(understanding(json!({})))]).await;
        let id = scene.says(&[ABOUT]).await;
        scene.run(&id).await;
        let before = scene.conversation(&id).await;
        scene.now_plays([Act::Fail(401)]);
        processing::queue(&scene.resources, &scene.user, &id, Manner::Forced).await.unwrap();
        assert_eq!(scene.run(&id).await, Outcome::Postponed);
        let after = scene.conversation(&id).await;
        assert_eq!((after.status, after.processor), (ConversationStatus::Completed, Some(Processor::Model)));
        assert_eq!(after.structured, before.structured);
        assert_eq!(scene.job(&id).await.state, State::Queued);
    })
    .await;
}

#[tokio::test]
async fn what_fails_altogether_is_seen_and_tried_again_by_hand() {
    apart(async {
        let scene = Scene::alone().await;
        let id = scene.says(&[ABOUT]).await;
        let jobs = scene.resources.jobs(&scene.user);
        for attempt in 1..=ATTEMPTS {
            assert_eq!(scene.conversation(&id).await.status, ConversationStatus::Processing);
            let job = jobs.claim(&id).await.unwrap().unwrap();
            assert_eq!(job.attempts, attempt);
            jobs.fail(&job, "the disk is full").await.unwrap();
        }
        assert_eq!(jobs.claim(&id).await.unwrap(), None);
        let selection = Selection { limit: 10, ..Selection::default() };
        let listed = scene.resources.conversations(&scene.user).list(&selection).await.unwrap();
        assert_eq!(listed[0].status, ConversationStatus::Failed);
        assert_eq!(scene.conversation(&id).await.transcript_segments.unwrap().len(), 1, "the transcript stays");
        let seen = processing::finalization(&scene.resources, &scene.user, &id).await.unwrap().unwrap();
        let expected = json!({
            "job_id": id, "status": "failed", "terminal": true, "retryable": true, "attempt_count": ATTEMPTS,
            "task_retry_count": ATTEMPTS - 1, "last_error": "the disk is full", "next_attempt_at": null,
        });
        assert_eq!(json!(seen), expected);

        assert!(processing::queue(&scene.resources, &scene.user, &id, Manner::Forced).await.unwrap());
        assert_eq!(scene.run(&id).await, Outcome::Completed);
        assert_eq!(scene.conversation(&id).await.status, ConversationStatus::Completed);
    })
    .await;
}
