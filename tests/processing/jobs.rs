//! Who works on what.

use std::{collections::HashSet, sync::Arc};

use chrono::TimeDelta;
use resources::{
    conversations::Understood,
    jobs::{ATTEMPTS, LEASE, Manner, State},
};
use schemas::conversation::{ConversationCategory, ConversationStatus, Processor};
use serde_json::json;
use tokio::task::JoinSet;
use tools::processing::{self, Outcome};

use super::support::{ABOUT, Scene, say, understanding};
use crate::support::{model::Act, server::apart};

fn understood() -> Understood {
    Understood {
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
    apart(async {
        let scene = Scene::alone().await;
        let mut ids = HashSet::new();
        for _ in 0..12 {
            ids.insert(scene.says(&[ABOUT]).await);
        }
        let mut workers = JoinSet::new();
        for _ in 0..4 {
            let resources = Arc::clone(&scene.resources);
            workers.spawn(async move {
                let mut taken = Vec::new();
                while let Some(job) = resources.claim_due_job(resources::now()).await.unwrap() {
                    assert_eq!((job.state, job.attempts), (State::Running, 1));
                    taken.push(job.conversation);
                }
                taken
            });
        }
        let taken: Vec<String> = workers.join_all().await.concat();
        assert_eq!(taken.len(), 12);
        assert_eq!(taken.into_iter().collect::<HashSet<_>>(), ids);
        assert!(scene.resources.next_job_at().await.unwrap().unwrap() > resources::now() + LEASE / 2);
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_runs_out_ends_a_claim() {
    apart(async {
        let scene = Scene::alone().await;
        let id = scene.says(&[ABOUT]).await;
        let jobs = scene.resources.jobs(&scene.user);
        let first = jobs.claim(&id).await.unwrap().unwrap();
        assert!(jobs.is_held(&first).await.unwrap());
        assert_eq!(jobs.claim(&id).await.unwrap(), None);
        assert_eq!(scene.resources.claim_due_job(resources::now()).await.unwrap(), None);
        let later = resources::now() + LEASE + TimeDelta::seconds(1);
        let second = scene.resources.claim_due_job(later).await.unwrap().unwrap();
        assert_eq!((&second.conversation, second.attempts), (&id, 2));

        // Whoever comes back now writes nothing.
        assert!(!jobs.is_held(&first).await.unwrap());
        let conversations = scene.resources.conversations(&scene.user);
        assert!(!conversations.complete_job(&first, understood()).await.unwrap());
        jobs.fail(&first, "too late").await.unwrap();
        jobs.release(&first).await.unwrap();
        assert_eq!(jobs.get(&id).await.unwrap().unwrap(), second);
        assert_eq!(scene.conversation(&id).await.status, ConversationStatus::Processing);
        jobs.release(&second).await.unwrap();
        let job = scene.job(&id).await;
        assert_eq!((job.state, job.attempts), (State::Queued, 1));
    })
    .await;
}

#[tokio::test]
async fn whoever_asks_waits_for_whoever_is_at_it() {
    apart(async {
        let scene = Scene::with([Act::Later(1), say(understanding(json!({})))]).await;
        let id = scene.says(&[ABOUT]).await;
        let (first, second) = tokio::join!(scene.run(&id), scene.run(&id));
        assert_eq!((first, second), (Outcome::Completed, Outcome::Completed));
        assert_eq!(scene.asked(), 2, "the model is asked once, and once more when it has time");
        assert_eq!(scene.run(&id).await, Outcome::Completed);
        assert_eq!(scene.asked(), 2, "what is done is done");
        assert_eq!(scene.run("nowhere").await, Outcome::Idle);
    })
    .await;
}

#[tokio::test]
async fn work_goes_on_when_nobody_waits_for_it_any_longer() {
    apart(async {
        let scene = Scene::with([Act::Later(1), say(understanding(json!({})))]).await;
        let id = scene.says(&[ABOUT]).await;
        let impatient = tokio::time::timeout(std::time::Duration::from_millis(100), scene.run(&id));
        assert!(impatient.await.is_err());
        assert_eq!(scene.run(&id).await, Outcome::Completed);
        assert_eq!(scene.job(&id).await.attempts, 1);
    })
    .await;
}

#[tokio::test]
async fn what_was_asked_for_anew_is_not_ended_by_earlier_work() {
    apart(async {
        let scene = Scene::alone().await;
        let id = scene.says(&[ABOUT]).await;
        let jobs = scene.resources.jobs(&scene.user);
        let earlier = jobs.claim(&id).await.unwrap().unwrap();
        assert!(processing::queue(&scene.resources, &scene.user, &id, Manner::Forced).await.unwrap());
        assert!(!scene.resources.conversations(&scene.user).complete_job(&earlier, understood()).await.unwrap());
        let job = scene.job(&id).await;
        assert_eq!((job.state, job.manner, job.attempts), (State::Queued, Manner::Forced, 0));
    })
    .await;
}

#[tokio::test]
async fn what_never_ends_is_given_up() {
    apart(async {
        let scene = Scene::alone().await;
        let id = scene.says(&[ABOUT]).await;
        for _ in 1..=ATTEMPTS {
            scene.resources.jobs(&scene.user).claim(&id).await.unwrap().unwrap();
            scene.resources.release_jobs().await.unwrap();
        }
        assert_eq!(scene.run(&id).await, Outcome::Failed);
        assert_eq!(scene.conversation(&id).await.status, ConversationStatus::Failed);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_their_users_own() {
    apart(async {
        let scene = Scene::alone().await;
        let id = scene.says(&[ABOUT]).await;
        let stranger = scene.resources.users().add("Eve").await.unwrap().user.id;
        let jobs = scene.resources.jobs(&stranger);
        assert_eq!(jobs.get(&id).await.unwrap(), None);
        assert_eq!(jobs.claim(&id).await.unwrap(), None);
        assert!(!processing::queue(&scene.resources, &stranger, &id, Manner::Forced).await.unwrap());
        assert_eq!(processing::finalization(&scene.resources, &stranger, &id).await.unwrap(), None);
        assert_eq!(processing::run(&scene.resources, &stranger, &id).await.unwrap(), Outcome::Idle);
        assert_eq!(scene.job(&id).await.attempts, 0);
    })
    .await;
}
