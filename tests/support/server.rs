//! A server in this process that tests share, users, and requests.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use reqwest::{Method, RequestBuilder, header::HeaderMap};
use resources::{Resources, embedding_files};
use rmcp::ServerHandler;
use schemas::{
    key::{CreatedKey, KeyFamily},
    scope::Scope,
};
use serde_json::Value;
use server::{Config, McpHandler, ServerHandle};
use tokio::{runtime::Runtime, sync::OnceCell};

/// An id that no row has.
pub(crate) const UNKNOWN_ID: &str = "00000000-0000-4000-8000-000000000000";

/// Outlives the runtime of each test, as the shared server has to.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().thread_stack_size(10 << 20).build().unwrap()
});

/// Runs `work` where servers run: on threads with enough stack for the database, beyond the test's end.
pub(crate) async fn on_runtime<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    RUNTIME.spawn(work).await.unwrap()
}

/// A server in this process.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) resources: Arc<Resources>,
    running: ServerHandle,
}

impl Server {
    /// The server that most tests share: embedded engines in a folder that the next run deletes.
    pub(crate) async fn shared() -> &'static Self {
        static SHARED: OnceCell<Server> = OnceCell::const_new();
        SHARED.get_or_init(|| async { Self::boot(&fresh_folder("servers"), |_| {}).await }).await
    }

    /// Boots another server in `folder`, with what `adjust` changes in the default configuration.
    pub(crate) async fn boot(folder: &Path, adjust: impl FnOnce(&mut Config)) -> Self {
        Self::of(on_runtime(server::start(Self::config(folder, adjust).await)).await.unwrap())
    }

    /// The same with another handler around the MCP handler.
    pub(crate) async fn boot_with_handler<H: ServerHandler>(
        folder: &Path,
        wrap: impl Fn(McpHandler) -> H + Clone + Send + Sync + 'static,
    ) -> Self {
        let config = Self::config(folder, |_| {}).await;
        Self::of(on_runtime(server::start_with_handler(config, wrap)).await.unwrap())
    }

    async fn config(folder: &Path, adjust: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::in_folder(folder);
        config.server.port = 0;
        config.program = Some(env!("CARGO_BIN_EXE_recollect-tested").into());
        config.embedder.sources.folder = Some(models_folder().await.to_owned());
        // A test makes as many requests as it likes, unless it is about that.
        config.limits.enabled = false;
        adjust(&mut config);
        config
    }

    fn of(running: ServerHandle) -> Self {
        Self { url: running.url.clone(), resources: Arc::clone(&running.resources), running }
    }

    /// Stops as the program does on SIGTERM.
    pub(crate) async fn stop(self) {
        on_runtime(self.running.stop()).await.unwrap();
    }

    /// The owner, with the credentials of the first start.
    pub(crate) fn owner(&self) -> TestUser {
        let keys = self.running.bootstrap.as_ref().expect("the folder was empty");
        TestUser {
            url: self.url.clone(),
            id: String::new(),
            token: keys.owner_token.clone(),
            developer_key: keys.developer_key.clone(),
            developer_key_id: String::new(),
            mcp_key: keys.mcp_key.clone(),
            mcp_key_id: String::new(),
            http: reqwest::Client::new(),
        }
    }

    /// A fresh user with a token and a key of each family, which may do everything.
    pub(crate) async fn user(&self) -> TestUser {
        let resources = Arc::clone(&self.resources);
        let (user, developer, mcp) = on_runtime(async move {
            let user = resources.users().add("somebody").await.unwrap();
            let developer = full_key(&resources, &user.user.id, KeyFamily::Developer).await;
            let mcp = full_key(&resources, &user.user.id, KeyFamily::Mcp).await;
            (user, developer, mcp)
        })
        .await;
        TestUser {
            url: self.url.clone(),
            id: user.user.id,
            token: user.token,
            developer_key: developer.key,
            developer_key_id: developer.described.id,
            mcp_key: mcp.key,
            mcp_key_id: mcp.described.id,
            http: reqwest::Client::new(),
        }
    }
}

async fn full_key(resources: &Resources, user: &str, family: KeyFamily) -> CreatedKey {
    resources.keys().create(user, family, "test", Some(Scope::available(family))).await.unwrap()
}

/// A user of one test.
#[derive(Clone)]
pub(crate) struct TestUser {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) developer_key: String,
    pub(crate) developer_key_id: String,
    pub(crate) mcp_key: String,
    pub(crate) mcp_key_id: String,
    pub(crate) http: reqwest::Client,
}

impl TestUser {
    /// Signed in on the app routes, and where keys are managed.
    pub(crate) fn app(&self) -> Caller {
        self.with(&self.token)
    }

    /// Calling the developer API.
    pub(crate) fn developer(&self) -> Caller {
        self.with(&self.developer_key)
    }

    /// Calling MCP REST.
    pub(crate) fn mcp(&self) -> Caller {
        self.with(&self.mcp_key)
    }

    /// Gives a memory another text, which is one word.
    pub(crate) async fn edit_memory(&self, id: &str, text: &str) {
        self.app().bare(Method::PATCH, &format!("/v3/memories/{id}?value={text}")).await.ok();
    }

    /// Calling with this token or key.
    pub(crate) fn with(&self, credential: &str) -> Caller {
        let (url, http) = (self.url.clone(), self.http.clone());
        Caller { url, http, credential: credential.to_owned() }
    }
}

/// Makes requests with one credential.
#[derive(Clone)]
pub(crate) struct Caller {
    url: String,
    http: reqwest::Client,
    credential: String,
}

impl Caller {
    /// A request to this path, signed in.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.credential)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::DELETE, path)).await
    }

    /// A request whose arguments stand in the path and the query string alone.
    pub(crate) async fn bare(&self, method: Method, path: &str) -> Answer {
        Answer::to(self.request(method, path)).await
    }
}

/// The response to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The JSON body, a text where it is none, null where there is no body.
    pub(crate) body: Value,
}

impl Answer {
    /// Sends a request.
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(text.into()) };
        Self { status, headers, body }
    }

    /// The body of a 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        self.body
    }

    /// Asserts a refusal with this status and sentence.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, sentence: &str) {
        assert_eq!((self.status, &self.body), (status, &serde_json::json!({ "detail": sentence })));
    }

    /// A header's value; empty where it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// Waits until the vector index has everything that was written.
pub(crate) async fn wait_until_indexed(server: &Server) {
    for _ in 0..2400 {
        let health: Value = reqwest::get(format!("{}/healthz", server.url)).await.unwrap().json().await.unwrap();
        if health["index"]["pending"] == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the index does not catch up");
}

/// The folder that keeps the embedding model between runs.
pub(crate) async fn models_folder() -> &'static Path {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    let fetch = || async {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache"))).unwrap();
        let folder = cache.join("recollect-models");
        on_runtime({
            let folder = folder.clone();
            async move { embedding_files::pull(&Default::default(), &folder, &Default::default()).await.unwrap() }
        })
        .await;
        folder
    };
    FOLDER.get_or_init(fetch).await
}

/// An empty folder for this process, one for each kind of server; folders of processes that have ended are deleted.
pub(crate) fn fresh_folder(kind: &str) -> PathBuf {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join(kind);
    fs::create_dir_all(&all).unwrap();
    for entry in fs::read_dir(&all).unwrap().flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let folder = all.join(std::process::id().to_string());
    let _ = fs::remove_dir_all(&folder);
    folder
}
