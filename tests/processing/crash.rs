//! The server stops or crashes during processing.

use std::{sync::Arc, time::Duration};

use resources::{Resources, jobs::JobState};
use schemas::conversation::{Conversation, ConversationStatus, Processor};
use serde_json::json;
use tempfile::TempDir;
use tools::processing;

use super::support::{ABOUT, Setup, config, model_answer, say};
use crate::support::{
    model::{Act, ScriptedModel},
    program::Program,
    server::{Server, on_runtime},
};

/// How long a quick step may take on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Waits until a conversation is completed.
async fn completed(resources: Arc<Resources>, user: &str, id: &str) -> Conversation {
    let waiting = async {
        loop {
            let conversation = resources.conversations(user).get(id).await.unwrap().unwrap();
            if conversation.status == ConversationStatus::Completed {
                return conversation;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, waiting).await.expect("it is understood")
}

/// A folder with a conversation whose processing was begun and never ended, its user, and its id.
async fn left_behind() -> (TempDir, String, String) {
    let setup = Setup::alone().await;
    let id = setup.add_conversation(&[ABOUT, "I have forty hives."]).await;
    setup.resources.jobs(&setup.user).claim(&id).await.unwrap().unwrap();
    let Setup { resources, user, folder, .. } = setup;
    resources.close().await.unwrap();
    (folder, user, id)
}

#[tokio::test]
async fn a_started_server_takes_up_unfinished_jobs() {
    let model = ScriptedModel::start().await;
    model.script(ABOUT, [say(model_answer(json!({})))]);
    let (folder, user, id) = on_runtime(left_behind()).await;
    let server = Server::boot(folder.path(), |config| model.configure(config)).await;
    let resources = Arc::clone(&server.resources);
    on_runtime(async move {
        let conversation = completed(Arc::clone(&resources), &user, &id).await;
        assert_eq!(conversation.processor, Some(Processor::Model));
        assert_eq!(resources.jobs(&user).get(&id).await.unwrap().unwrap().state, JobState::Done);
        // A forced job is taken up at once.
        processing::queue(&resources, &user, &id, resources::jobs::ProcessMode::Forced).await.unwrap();
        completed(resources, &user, &id).await;
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn unfinished_jobs_are_queued_again_at_shutdown() {
    let model = ScriptedModel::start().await;
    model.script(ABOUT, [Act::Stall("{")]);
    let (folder, user, id) = on_runtime(left_behind()).await;
    let server = Server::boot(folder.path(), |config| model.configure(config)).await;
    until_asked(&model).await;
    server.stop().await;
    on_runtime(async move {
        let resources = Resources::open(&config(folder.path(), None).await.settings()).await.unwrap();
        let job = resources.jobs(&user).get(&id).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempts), (JobState::Queued, 1), "that it was begun before counts alone");
        resources.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_kill_in_the_middle_loses_nothing() {
    let model = ScriptedModel::start().await;
    model.script(ABOUT, [Act::Stall("{")]);
    let (folder, user, id) = on_runtime(left_behind()).await;
    let variables = [("RECOLLECT_MODEL_URL", model.url.as_str()), ("RECOLLECT_MODEL_NAME", "scripted")];
    let mut program = Program::serve_with(folder.path(), &variables).await;
    until_asked(&model).await;
    program.child.start_kill().unwrap();
    assert!(!program.wait().await.status.success());

    model.script(ABOUT, [say(model_answer(json!({})))]);
    let program = Program::serve_with(folder.path(), &variables).await;
    until_asked(&model).await;
    program.stop().await;
    on_runtime(async move {
        let resources = Resources::open(&config(folder.path(), Some(model.url)).await.settings()).await.unwrap();
        // A job that was not done by then was released.
        processing::run(&resources, &user, &id).await.unwrap();
        let conversation = resources.conversations(&user).get(&id).await.unwrap().unwrap();
        assert_eq!(conversation.status, ConversationStatus::Completed);
        assert_eq!(conversation.processor, Some(Processor::Model));
        assert_eq!(conversation.transcript_segments.unwrap().len(), 2);
        assert_eq!(conversation.structured.action_items.len(), 1);
        resources.close().await.unwrap();
    })
    .await;
}

/// Waits until the model is asked.
async fn until_asked(model: &ScriptedModel) {
    let waiting = async {
        while model.requests(ABOUT).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, waiting).await.expect("the model is asked");
}
