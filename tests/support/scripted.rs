//! Servers with a scripted language model or transcription endpoint.

use resources::Secret;
use serde_json::json;
use server::Config;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::{
    model::ScriptedModel,
    server::{Server, TestUser, fresh_folder},
    speech::ScriptedSpeech,
};

/// A server with a language model.
pub(crate) struct ServerWithModel {
    pub(crate) server: Server,
    pub(crate) model: ScriptedModel,
    /// The data folder, unless the server is shared.
    pub(crate) folder: Option<TempDir>,
}

impl ServerWithModel {
    /// The one that tests share.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<ServerWithModel> = OnceCell::const_new();
        let boot = || async {
            let model = ScriptedModel::start().await;
            let server = Server::boot(&fresh_folder("model"), |config| model.configure(config)).await;
            Self { server, model, folder: None }
        };
        SHARED.get_or_init(boot).await
    }

    /// Boots another one, with what `adjust` changes in its configuration.
    pub(crate) async fn boot(adjust: impl FnOnce(&mut Config)) -> Self {
        let (model, folder) = (ScriptedModel::start().await, TempDir::new().unwrap());
        let adjust = |config: &mut Config| {
            model.configure(config);
            adjust(config);
        };
        let server = Server::boot(folder.path(), adjust).await;
        Self { server, model, folder: Some(folder) }
    }

    /// A user who has these memories; their ids.
    pub(crate) async fn user<const N: usize>(&self, facts: [&str; N]) -> (TestUser, [String; N]) {
        let user = self.server.user().await;
        let mut ids = Vec::new();
        for fact in facts {
            let memory = user.app().post("/v3/memories", json!({ "content": fact })).await.ok();
            ids.push(memory["id"].as_str().unwrap().to_owned());
        }
        (user, ids.try_into().unwrap())
    }
}

/// A server with a transcription endpoint.
pub(crate) struct ServerWithSpeech {
    pub(crate) server: Server,
    pub(crate) speech: ScriptedSpeech,
}

impl ServerWithSpeech {
    /// The one that tests share.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<ServerWithSpeech> = OnceCell::const_new();
        let boot = || async {
            let speech = ScriptedSpeech::default();
            let url = speech.serve().await;
            let adjust = |config: &mut Config| {
                config.speech.url = Some(url);
                config.speech.name = Some("scripted".into());
                config.speech.key = Some(Secret::from("sesame".to_owned()));
                config.speech.timeout_seconds = 2;
            };
            Self { server: Server::boot(&fresh_folder("speech"), adjust).await, speech }
        };
        SHARED.get_or_init(boot).await
    }
}
