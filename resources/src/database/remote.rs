//! The database on a server, with a connection that is re-established after it was lost.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use surrealdb::{
    IndexedResults, Surreal,
    engine::any::{self, Any},
    opt::auth::Root,
    types::Variables,
};
use tokio::{
    runtime::{self, Runtime},
    sync::Mutex,
    task::JoinHandle,
};

use super::DatabaseSettings;
use crate::{Error, Result, http, redact_url};

/// How long a connection may be idle before it is checked, so that nothing is sent to a dead one.
const IDLE_CHECK_AFTER: Duration = Duration::from_secs(1);
/// The timeout of that check.
const PING_TIMEOUT: Duration = Duration::from_secs(2);
/// The time between two attempts to reconnect; requests in between fail at once.
const RECONNECT_INTERVAL: Duration = Duration::from_millis(500);

/// A server.
pub(super) struct Remote {
    settings: DatabaseSettings,
    url: String,
    timeout: Duration,
    state: Mutex<State>,
}

enum State {
    Connected { connection: Arc<Connection>, used: Instant },
    Disconnected { since: Instant, reason: String },
}

struct Connection {
    client: Surreal<Any>,
    runtime: OwnRuntime,
}

/// The runtime of a client. A client reconnects for ever and then replays queued requests, long after they were reported
/// as failed; shutting its runtime down ends that.
struct OwnRuntime(parking_lot::Mutex<Option<Runtime>>);

impl OwnRuntime {
    fn new() -> Result<Self> {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.map(|runtime| Self(parking_lot::Mutex::new(Some(runtime)))).map_err(Error::internal)
    }

    fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        let runtime = self.0.lock();
        runtime.as_ref().expect("it has not ended").spawn(work)
    }

    fn end(&self) {
        let runtime = self.0.lock().take();
        runtime.into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        self.end();
    }
}

impl Remote {
    /// Connects, signs in and selects the database.
    pub(super) async fn open(url: &str, settings: &DatabaseSettings) -> Result<Self> {
        let timeout = Duration::from_secs(settings.timeout_seconds);
        let connection = Arc::new(connect(url, settings, timeout).await?);
        let state = Mutex::new(State::Connected { connection, used: Instant::now() });
        Ok(Self { settings: settings.clone(), url: url.to_owned(), timeout, state })
    }

    /// Runs a batch of statements. Fails with a connection error while the server is unavailable; the next batch tries to
    /// reconnect.
    pub(super) async fn query(&self, statements: &str, params: Variables) -> surrealdb::Result<IndexedResults> {
        let connection = self.connection().await.map_err(|reason| surrealdb::Error::connection(reason, None))?;
        let answer = tokio::time::timeout(self.timeout, connection.client.query(statements).bind(params)).await;
        let (reason, is_lost) = match answer {
            Ok(Ok(answers)) => return Ok(answers),
            Ok(Err(error)) => (error.to_string(), error.is_connection()),
            Err(_) => ("no answer in time".to_owned(), false),
        };
        let reason = no_answer(&self.url, &reason);
        // One batch that fails or times out is no reason to fail others.
        if is_lost || !connection.is_alive().await {
            self.disconnect(&connection, &reason).await;
        }
        Err(surrealdb::Error::connection(reason, None))
    }

    /// The connection, checked if it was idle, or a new one after it was lost.
    async fn connection(&self) -> Result<Arc<Connection>, String> {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Connected { connection, used } => {
                if used.elapsed() < IDLE_CHECK_AFTER || connection.is_alive().await {
                    *used = Instant::now();
                    return Ok(Arc::clone(connection));
                }
                connection.runtime.end();
            }
            State::Disconnected { since, reason } if since.elapsed() < RECONNECT_INTERVAL => return Err(reason.clone()),
            State::Disconnected { .. } => {}
        }
        match connect(&self.url, &self.settings, self.timeout).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *state = State::Connected { connection: Arc::clone(&connection), used: Instant::now() };
                tracing::info!("connected to the database at {} again", redact_url(&self.url));
                Ok(connection)
            }
            Err(error) => {
                let reason = error.to_string();
                *state = State::Disconnected { since: Instant::now(), reason: reason.clone() };
                Err(reason)
            }
        }
    }

    /// Drops a connection, with all requests on it, unless it has been dropped already.
    async fn disconnect(&self, lost: &Arc<Connection>, reason: &str) {
        lost.runtime.end();
        let mut state = self.state.lock().await;
        if matches!(&*state, State::Connected { connection, .. } if Arc::ptr_eq(connection, lost)) {
            tracing::warn!("{reason}");
            *state = State::Disconnected { since: Instant::now(), reason: reason.to_owned() };
        }
    }
}

impl Connection {
    async fn is_alive(&self) -> bool {
        matches!(tokio::time::timeout(PING_TIMEOUT, self.client.query("RETURN 1")).await, Ok(Ok(_)))
    }
}

async fn connect(url: &str, settings: &DatabaseSettings, timeout: Duration) -> Result<Connection> {
    http::install_crypto_provider();
    let runtime = OwnRuntime::new()?;
    let connecting = runtime.spawn(sign_in(url.to_owned(), settings.clone()));
    let late = |_| Error::Unavailable(no_answer(url, "no answer in time"));
    let client = tokio::time::timeout(timeout, connecting).await.map_err(late)?.map_err(Error::internal)??;
    Ok(Connection { client, runtime })
}

async fn sign_in(url: String, settings: DatabaseSettings) -> Result<Surreal<Any>> {
    let away = |error: surrealdb::Error| Error::Unavailable(no_answer(&url, &error.to_string()));
    let client = any::connect(&url).await.map_err(away)?;
    if let (Some(username), Some(password)) = (&settings.user, &settings.password) {
        let root = Root { username: username.clone(), password: password.expose().to_owned() };
        let refused =
            |error| Error::Setting(format!("the database at {} refuses database.user: {error}", redact_url(&url)));
        client.signin(root).await.map_err(refused)?;
    }
    client.use_ns(&settings.namespace).use_db(&settings.name).await.map_err(away)?;
    Ok(client)
}

fn no_answer(url: &str, reason: &str) -> String {
    format!("the database at {} does not answer: {reason}", redact_url(url))
}
