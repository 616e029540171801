//! Claiming, retrying and cancelling jobs.

use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use resources::{
    conversations::ProcessingResult,
    jobs::{JobState, LEASE_DURATION, MAX_ATTEMPTS, ProcessMode},
};
use schemas::conversation::{ConversationCategory, ConversationStatus, Processor};
use serde_json::json;
use tokio::task::JoinSet;
use tools::processing::{self, Outcome};

use super::support::{ABOUT, Setup, model_answer, say};
use crate::support::{model::Act, server::on_runtime};

fn processing_result() -> ProcessingResult {
    ProcessingResult {
        discarded: false,
        title: "Too late".into(),
        overview: String::new(),
        emoji: "🧠".into(),
        category: ConversationCategory::Other,
        events: Vec::new(),
        folder_id: None,
        processor: Processor::Local,
    }
}

#[tokio::test]
async fn no_two_workers_hold_the_same_job() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let mut ids = HashSet::new();
        for _ in 0..12 {
            ids.insert(setup.add_conversation(&[ABOUT]).await);
        }
        let mut workers = JoinSet::new();
        for _ in 0..4 {
            let resources = Arc::clone(&setup.resources);
            workers.spawn(async move {
                let mut taken = Vec::new();
                while let Some(job) = resources.job_queue.claim_due(resources::now()).await.unwrap() {
                    assert_eq!((job.state, job.attempts), (JobState::Running, 1));
                    taken.push(job.conversation);
                }
                taken
            });
        }
        let taken: Vec<String> = workers.join_all().await.concat();
        assert_eq!(taken.len(), 12);
        assert_eq!(taken.into_iter().collect::<HashSet<_>>(), ids);
        assert!(setup.resources.job_queue.next_at().await.unwrap().unwrap() > resources::now() + LEASE_DURATION / 2);
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_runs_out_ends_a_claim() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let jobs = setup.resources.jobs(&setup.user);
        let first = jobs.claim(&id).await.unwrap().unwrap();
        assert!(jobs.is_held(&first).await.unwrap());
        assert_eq!(jobs.claim(&id).await.unwrap(), None);
        assert_eq!(setup.resources.job_queue.claim_due(resources::now()).await.unwrap(), None);
        let later = resources::now() + LEASE_DURATION + TimeDelta::seconds(1);
        let second = setup.resources.job_queue.claim_due(later).await.unwrap().unwrap();
        assert_eq!((&second.conversation, second.attempts), (&id, 2));

        // The late writer writes nothing.
        assert!(!jobs.is_held(&first).await.unwrap());
        let conversations = setup.resources.conversations(&setup.user);
        assert!(!conversations.complete_job(&first, processing_result()).await.unwrap());
        jobs.fail(&first, "too late").await.unwrap();
        jobs.release(&first).await.unwrap();
        assert_eq!(jobs.get(&id).await.unwrap().unwrap(), second);
        assert_eq!(setup.conversation(&id).await.status, ConversationStatus::Processing);
        jobs.release(&second).await.unwrap();
        let job = setup.job(&id).await;
        assert_eq!((job.state, job.attempts), (JobState::Queued, 1));
    })
    .await;
}

#[tokio::test]
async fn concurrent_runs_wait_for_each_other() {
    on_runtime(async {
        let setup = Setup::with([Act::Later(1), say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let (first, second) = tokio::join!(setup.run(&id), setup.run(&id));
        assert_eq!((first, second), (Outcome::Completed, Outcome::Completed));
        assert_eq!(setup.request_count(), 2, "the model is asked once, and once more when it has time");
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!(setup.request_count(), 2, "what is done is done");
        assert_eq!(setup.run("nowhere").await, Outcome::Idle);
    })
    .await;
}

#[tokio::test]
async fn work_continues_when_the_caller_leaves() {
    on_runtime(async {
        let setup = Setup::with([Act::Later(1), say(model_answer(json!({})))]).await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let impatient = tokio::time::timeout(std::time::Duration::from_millis(100), setup.run(&id));
        assert!(impatient.await.is_err());
        assert_eq!(setup.run(&id).await, Outcome::Completed);
        assert_eq!(setup.job(&id).await.attempts, 1);
    })
    .await;
}

#[tokio::test]
async fn a_new_request_is_not_completed_by_earlier_work() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let jobs = setup.resources.jobs(&setup.user);
        let earlier = jobs.claim(&id).await.unwrap().unwrap();
        assert!(processing::queue(&setup.resources, &setup.user, &id, ProcessMode::Forced).await.unwrap());
        assert!(!setup.resources.conversations(&setup.user).complete_job(&earlier, processing_result()).await.unwrap());
        let job = setup.job(&id).await;
        assert_eq!((job.state, job.mode, job.attempts), (JobState::Queued, ProcessMode::Forced, 0));
    })
    .await;
}

#[tokio::test]
async fn endless_jobs_are_given_up() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let id = setup.add_conversation(&[ABOUT]).await;
        for _ in 1..=MAX_ATTEMPTS {
            setup.resources.jobs(&setup.user).claim(&id).await.unwrap().unwrap();
            setup.resources.job_queue.release_all().await.unwrap();
        }
        assert_eq!(setup.run(&id).await, Outcome::Failed);
        assert_eq!(setup.conversation(&id).await.status, ConversationStatus::Failed);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_their_users_own() {
    on_runtime(async {
        let setup = Setup::alone().await;
        let id = setup.add_conversation(&[ABOUT]).await;
        let stranger = setup.resources.users().add("Eve").await.unwrap().user.id;
        let jobs = setup.resources.jobs(&stranger);
        assert_eq!(jobs.get(&id).await.unwrap(), None);
        assert_eq!(jobs.claim(&id).await.unwrap(), None);
        assert!(!processing::queue(&setup.resources, &stranger, &id, ProcessMode::Forced).await.unwrap());
        assert_eq!(processing::finalization(&setup.resources, &stranger, &id).await.unwrap(), None);
        assert_eq!(processing::run(&setup.resources, &stranger, &id).await.unwrap(), Outcome::Idle);
        assert_eq!(setup.job(&id).await.attempts, 0);
    })
    .await;
}
