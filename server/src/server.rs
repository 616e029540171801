//! Starting the server, and stopping it without losing anything.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use resources::{Resources, Settings};
use schemas::{key::KeyFamily, scope::Scope};
use tokio::{net::TcpListener, signal::unix::Signal, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    app,
    config::Config,
    exit::Failure,
    http::{Clients, Crowd, Listener, Tls},
    mcp::{Extension, Nothing},
    progress::download_progress,
};

/// A server that answers.
pub struct Running {
    /// Where: `http://127.0.0.1:8080`.
    pub url: String,
    /// The secrets made by a first start, which are shown once; `None` on later starts.
    pub first: Option<FirstStart>,
    /// What the server works with.
    pub resources: Arc<Resources>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
}

/// The secrets made by a first start.
pub struct FirstStart {
    /// Signs the owner in on the app routes.
    pub owner_token: String,
    /// Opens the developer API, with every scope.
    pub developer_key: String,
    /// Opens the MCP endpoint and MCP REST.
    pub mcp_key: String,
}

/// Opens everything and begins to answer; in a new data folder, this makes the owner and the first keys.
///
/// # Errors
/// A [`Failure`] that a person can mend, or what an engine says.
pub async fn start(config: Config) -> anyhow::Result<Running> {
    start_with(config, Arc::new(Nothing)).await
}

/// The same with another MCP server behind ours, for tests: what it offers, assistants find beside the tools and views.
///
/// # Errors
/// As [`start`].
pub async fn start_with(config: Config, extension: Arc<dyn Extension>) -> anyhow::Result<Running> {
    let address = SocketAddr::new(config.server.host, config.server.port);
    let listener =
        TcpListener::bind(address).await.map_err(|reason| Failure::Port { address: address.to_string(), reason })?;
    let tls = Tls::open(&config.tls)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    let settings = Settings { download_progress: download_progress(), ..config.settings() };
    let resources = Resources::open(&settings).await?;
    let first = make_owner(&resources).await?;
    resources.resume_limits().await?;
    let stop = CancellationToken::new();
    let clients = Clients::default();
    let app = app::app(Arc::clone(&resources), &config, clients.clone(), extension, stop.clone());
    let watch = tls.as_ref().map(|tls| tls.watch(stop.clone())).transpose()?;
    let (crowd, patience) = (Crowd::new(&config), config.server.patience());
    let listener = Listener { listener, tls, clients, crowd, patience, app: Arc::new(app) };
    let serving = tokio::spawn(listener.serve(stop.clone()));
    let mut workers = vec![
        tools::processing::start(Arc::clone(&resources), stop.clone()),
        tools::daily_summaries::worker::start(Arc::clone(&resources), stop.clone()),
        resources::webhooks::worker::start(Arc::clone(&resources), stop.clone()),
        resources::limits::start(Arc::clone(&resources), stop.clone()),
    ];
    workers.extend(watch);
    Ok(Running { url, first, resources, stop, serving, workers })
}

impl Running {
    /// Serves until Ctrl-C or SIGTERM, then stops.
    ///
    /// # Errors
    /// What the listener or an engine says at the end.
    pub async fn wait(mut self, mut terminate: Signal) -> anyhow::Result<()> {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            ended = &mut self.serving => {
                ended.context("the server ended")?;
                return self.close().await;
            }
        }
        self.stop().await
    }

    /// Lets requests at work finish, and makes everything durable.
    ///
    /// # Errors
    /// What the listener or an engine says at the end.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        (&mut self.serving).await?;
        self.close().await
    }

    /// Ends what works in the background.
    async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        for worker in self.workers {
            worker.await?;
        }
        Ok(self.resources.close().await?)
    }
}

async fn make_owner(resources: &Resources) -> anyhow::Result<Option<FirstStart>> {
    if resources.users().owner().await?.is_some() {
        return Ok(None);
    }
    let owner = resources.users().add("owner").await?;
    let (keys, user) = (resources.keys(), &owner.user.id);
    let every_scope = Scope::available(KeyFamily::Developer);
    let developer = keys.create(user, KeyFamily::Developer, "first developer key", Some(every_scope)).await?;
    let mcp = keys.create(user, KeyFamily::Mcp, "first MCP key", None).await?;
    Ok(Some(FirstStart { owner_token: owner.token, developer_key: developer.key, mcp_key: mcp.key }))
}
