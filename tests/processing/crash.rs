//! The server stops, or dies, in the middle of it.

use std::{sync::Arc, time::Duration};

use resources::{Resources, jobs::State};
use schemas::conversation::{Conversation, ConversationStatus, Processor};
use serde_json::json;
use tempfile::TempDir;
use tools::processing;

use super::support::{ABOUT, Scene, config, say, understanding};
use crate::support::{
    model::{Act, ScriptedModel},
    program::Program,
    server::{Server, apart},
};

/// How long anything may take that ought to be quick, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

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
    tokio::time::timeout(PATIENCE, waiting).await.expect("it is understood")
}

/// A folder with a conversation whose processing was begun and never ended, its user, and its id.
async fn left_behind() -> (TempDir, String, String) {
    let scene = Scene::alone().await;
    let id = scene.says(&[ABOUT, "I have forty hives."]).await;
    scene.resources.jobs(&scene.user).claim(&id).await.unwrap().unwrap();
    let Scene { resources, user, folder, .. } = scene;
    resources.close().await.unwrap();
    (folder, user, id)
}

#[tokio::test]
async fn a_server_goes_on_with_what_an_earlier_one_has_begun() {
    let model = ScriptedModel::start().await;
    model.script(ABOUT, [say(understanding(json!({})))]);
    let (folder, user, id) = apart(left_behind()).await;
    let server = Server::boot(folder.path(), |config| model.configure(config)).await;
    let resources = Arc::clone(&server.resources);
    apart(async move {
        let conversation = completed(Arc::clone(&resources), &user, &id).await;
        assert_eq!(conversation.processor, Some(Processor::Model));
        assert_eq!(resources.jobs(&user).get(&id).await.unwrap().unwrap().state, State::Done);
        // What is asked for is taken up at once.
        processing::queue(&resources, &user, &id, resources::jobs::Manner::Forced).await.unwrap();
        completed(resources, &user, &id).await;
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_done_when_a_server_stops_is_given_back() {
    let model = ScriptedModel::start().await;
    model.script(ABOUT, [Act::Stall("{")]);
    let (folder, user, id) = apart(left_behind()).await;
    let server = Server::boot(folder.path(), |config| model.configure(config)).await;
    until_asked(&model).await;
    server.stop().await;
    apart(async move {
        let resources = Resources::open(&config(folder.path(), None).await.settings()).await.unwrap();
        let job = resources.jobs(&user).get(&id).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempts), (State::Queued, 1), "that it was begun before counts alone");
        resources.close().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_kill_in_the_middle_loses_nothing() {
    let model = ScriptedModel::start().await;
    model.script(ABOUT, [Act::Stall("{")]);
    let (folder, user, id) = apart(left_behind()).await;
    let variables = [("RECOLLECT_MODEL_URL", model.url.as_str()), ("RECOLLECT_MODEL_NAME", "scripted")];
    let mut program = Program::serve_with(folder.path(), &variables).await;
    until_asked(&model).await;
    program.child.start_kill().unwrap();
    assert!(!program.ended().await.status.success());

    model.script(ABOUT, [say(understanding(json!({})))]);
    let program = Program::serve_with(folder.path(), &variables).await;
    until_asked(&model).await;
    program.stop().await;
    apart(async move {
        let resources = Resources::open(&config(folder.path(), Some(model.url)).await.settings()).await.unwrap();
        // What was not at its end by then was given back.
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

/// Waits until somebody asks the model.
async fn until_asked(model: &ScriptedModel) {
    let waiting = async {
        while model.requests(ABOUT).is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("the model is asked");
}
