//! Failures of the model, and recovery.

use chrono::TimeDelta;
use resources::{
    conversations::Selection,
    jobs::{JobState, MAX_ATTEMPTS, ProcessMode},
};
use schemas::conversation::{ConversationStatus, Processor};
use serde_json::json;
use tools::processing::{self, Outcome};

use super::support::{ABOUT, Setup, model_answer, say};
use crate::support::{model::Act, server::on_runtime};

#[tokio::test]
async fn rules_stand_in_for_a_model_that_fails_until_it_is_back() {
    on_runtime(async {
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
            (say(model_answer(json!({ "title": " " }))), "no title"),
        ];
        let setup = Setup::with([Act::Fail(500)]).await;
        for (act, reason) in cases {
            setup.set_script([act]);
            let id = setup.add_conversation(&[ABOUT, "I have forty hives."]).await;
            let before = resources::now();
            assert_eq!(setup.run(&id).await, Outcome::Completed, "{reason}");
            let conversation = setup.conversation(&id).await;
            assert_eq!(conversation.status, ConversationStatus::Completed);
            assert_eq!(conversation.processor, Some(Processor::Local));
            assert!(!conversation.discarded && !conversation.structured.title.is_empty());
            let job = setup.job(&id).await;
            assert_eq!((job.state, job.attempts), (JobState::Queued, 1));
            assert!(job.next_at > before + TimeDelta::seconds(4), "it is not tried at once");
            assert!(job.last_error.as_ref().unwrap().contains(reason), "{reason}: {:?}", job.last_error);
            let seen = processing::finalization(&setup.resources, &setup.user, &id).await.unwrap().unwrap();
            assert_eq!((seen.last_error, seen.next_attempt_at), (job.last_error, Some(job.next_at)));

            setup.set_script([say(model_answer(json!({})))]);
            assert_eq!(setup.run(&id).await, Outcome::Completed);
            let conversation = setup.conversation(&id).await;
            assert_eq!(conversation.processor, Some(Processor::Model));
            assert_eq!(conversation.structured.title, "Honey for the market");
            assert_eq!(conversation.structured.action_items.len(), 1);
            let job = setup.job(&id).await;
            assert_eq!((job.state, job.last_error), (JobState::Done, None));
            setup.resources.conversations(&setup.user).delete(&id).await.unwrap();
            setup.resources.action_items(&setup.user).delete_of_conversation(&id).await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_is_mended_and_a_busy_model_is_waited_for() {
    on_runtime(async {
        let wrong = Act::Say(&[r#"{"discard":"no"}"#]);
        let setup = Setup::with([Act::Later(1), wrong, say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!(setup.conversation(&id).await.processor, Some(Processor::Model));
        assert_eq!(setup.request_count(), 3);
    })
    .await;
}

#[tokio::test]
async fn the_model_is_tried_so_often_and_then_when_asked() {
    on_runtime(async {
        let setup = Setup::with([Act::Fail(401)]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        let first = setup.conversation(&id).await;
        for attempt in 2..=MAX_ATTEMPTS {
            assert_eq!(setup.run(&id).await, Outcome::Postponed);
            assert_eq!(setup.job(&id).await.attempts, attempt);
        }
        let job = setup.job(&id).await;
        assert_eq!(job.state, JobState::Failed);
        assert!(job.finished_at.is_some() && job.last_error.unwrap().contains("401"));
        let last = setup.conversation(&id).await;
        assert_eq!((last.status, last.updated_at), (ConversationStatus::Completed, first.updated_at));
        let asked = setup.request_count();
        assert_eq!(setup.run(&id).await, Outcome::Failed);
        assert_eq!(setup.request_count(), asked, "it was given up");

        setup.set_script([say(model_answer(json!({})))]);
        assert!(processing::queue(&setup.resources, &setup.user, &id, ProcessMode::Forced).await.unwrap());
        assert_eq!(setup.conversation(&id).await.status, ConversationStatus::Processing);
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!(setup.conversation(&id).await.processor, Some(Processor::Model));
    })
    .await;
}

#[tokio::test]
async fn results_of_the_model_are_not_replaced_by_rules() {
    on_runtime(async {
        let setup = Setup::with([say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        setup.run(&id).await;
        let before = setup.conversation(&id).await;
        setup.set_script([Act::Fail(401)]);
        processing::queue(&setup.resources, &setup.user, &id, ProcessMode::Forced).await.unwrap();
        assert_eq!(setup.run(&id).await, Outcome::Postponed);
        let after = setup.conversation(&id).await;
        assert_eq!((after.status, after.processor), (ConversationStatus::Completed, Some(Processor::Model)));
        assert_eq!(after.structured, before.structured);
        assert_eq!(setup.job(&id).await.state, JobState::Queued);
    })
    .await;
}

#[tokio::test]
async fn failed_jobs_are_visible_and_retried_by_hand() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let jobs = setup.resources.jobs(&setup.user);
        for attempt in 1..=MAX_ATTEMPTS {
            assert_eq!(setup.conversation(&id).await.status, ConversationStatus::Processing);
            let job = jobs.claim(&id).await.unwrap().unwrap();
            assert_eq!(job.attempts, attempt);
            jobs.fail(&job, "the disk is full").await.unwrap();
        }
        assert_eq!(jobs.claim(&id).await.unwrap(), None);
        let selection = Selection { limit: 10, ..Selection::default() };
        let listed = setup.resources.conversations(&setup.user).list(&selection).await.unwrap();
        assert_eq!(listed[0].status, ConversationStatus::Failed);
        assert_eq!(setup.conversation(&id).await.transcript_segments.unwrap().len(), 1, "the transcript stays");
        let seen = processing::finalization(&setup.resources, &setup.user, &id).await.unwrap().unwrap();
        let expected = json!({
            "job_id": id, "status": "failed", "terminal": true, "retryable": true, "attempt_count": MAX_ATTEMPTS,
            "task_retry_count": MAX_ATTEMPTS - 1, "last_error": "the disk is full", "next_attempt_at": null,
        });
        assert_eq!(json!(seen), expected);

        assert!(processing::queue(&setup.resources, &setup.user, &id, ProcessMode::Forced).await.unwrap());
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!(setup.conversation(&id).await.status, ConversationStatus::Completed);
    })
    .await;
}
