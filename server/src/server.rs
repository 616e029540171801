//! Starts the server, and shuts it down gracefully.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use resources::Resources;
use rmcp::ServerHandler;
use schemas::{key::KeyFamily, scope::Scope};
use tokio::{net::TcpListener, signal::unix::Signal, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    app,
    config::Config,
    exit::ExitError,
    http::{ConnectionLimit, Connections, Listener, Tls},
    mcp::McpHandler,
};

/// A running server.
pub struct ServerHandle {
    /// Its URL, such as `http://127.0.0.1:8080`.
    pub url: String,
    /// The secrets made by the first start, which are shown once; `None` on later starts.
    pub bootstrap: Option<Bootstrap>,
    /// The database and everything else behind the routes.
    pub resources: Arc<Resources>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
    workers: Vec<JoinHandle<()>>,
}

/// The secrets made by the first start.
pub struct Bootstrap {
    /// The owner's token, for the app routes.
    pub owner_token: String,
    /// A key for the Developer API, with every scope.
    pub developer_key: String,
    /// A key for the MCP endpoint and MCP REST.
    pub mcp_key: String,
}

/// Starts a server. In a new data folder, this makes the owner and the first keys.
///
/// # Errors
/// A [`ExitError`] that the user can fix, or an error of a database.
pub async fn start(config: Config) -> anyhow::Result<ServerHandle> {
    start_with_handler(config, |handler| handler).await
}

/// The same with another rmcp handler around the MCP handler of each session or request: tests add tools to it that only
/// conformance suites need.
///
/// # Errors
/// As [`start`].
pub async fn start_with_handler<H: ServerHandler>(
    config: Config,
    wrap_handler: impl Fn(McpHandler) -> H + Clone + Send + Sync + 'static,
) -> anyhow::Result<ServerHandle> {
    let address = SocketAddr::new(config.server.host, config.server.port);
    let listener =
        TcpListener::bind(address).await.map_err(|reason| ExitError::Port { address: address.to_string(), reason })?;
    let tls = Tls::open(&config.tls)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}", listener.local_addr()?);
    let resources = Resources::open(&config.settings()).await?;
    let bootstrap = make_owner(&resources).await?;
    let owner = resources.users().owner().await?.map(|owner| owner.id);
    resources.rate_limiter.load(&resources.database, owner).await?;
    let stop = CancellationToken::new();
    let connections = Connections::default();
    let app = app::app(Arc::clone(&resources), &config, connections.clone(), wrap_handler, stop.clone());
    let watch = tls.as_ref().map(|tls| tls.watch(stop.clone())).transpose()?;
    let listener = Listener {
        listener,
        tls,
        connections,
        limit: ConnectionLimit::new(&config),
        request_timeout: config.server.request_timeout(),
        app: Arc::new(app),
    };
    let serving = tokio::spawn(listener.serve(stop.clone()));
    let mut workers = vec![
        tools::processing::start(Arc::clone(&resources), stop.clone()),
        tools::daily_summaries::worker::start(Arc::clone(&resources), stop.clone()),
        resources::webhooks::worker::start(Arc::clone(&resources.delivery_queue), stop.clone()),
        resources::limits::start(Arc::clone(&resources.rate_limiter), resources.database.clone(), stop.clone()),
    ];
    workers.extend(watch);
    Ok(ServerHandle { url, bootstrap, resources, stop, serving, workers })
}

impl ServerHandle {
    /// Serves until Ctrl-C or SIGTERM, then stops.
    ///
    /// # Errors
    /// The listener or a database fails.
    pub async fn wait(mut self, mut terminate: Signal) -> anyhow::Result<()> {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            ended = &mut self.serving => {
                ended.context("the listener failed")?;
                return self.close().await;
            }
        }
        self.stop().await
    }

    /// Lets active requests finish, and makes everything durable.
    ///
    /// # Errors
    /// The listener or a database fails.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        (&mut self.serving).await?;
        self.close().await
    }

    /// Stops the background workers and closes the databases.
    async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        for worker in self.workers {
            worker.await?;
        }
        Ok(self.resources.close().await?)
    }
}

async fn make_owner(resources: &Resources) -> anyhow::Result<Option<Bootstrap>> {
    if resources.users().owner().await?.is_some() {
        return Ok(None);
    }
    let owner = resources.users().add("owner").await?;
    let (keys, user) = (resources.keys(), &owner.user.id);
    let every_scope = Scope::available(KeyFamily::Developer);
    let developer = keys.create(user, KeyFamily::Developer, "first developer key", Some(every_scope)).await?;
    let mcp = keys.create(user, KeyFamily::Mcp, "first MCP key", None).await?;
    Ok(Some(Bootstrap { owner_token: owner.token, developer_key: developer.key, mcp_key: mcp.key }))
}
