//! A server whose database tests read and change.

use reqwest::header::ACCEPT;
use serde_json::Value;
use server::Config;
use tempfile::TempDir;

use super::{
    server::{Answer, Server},
    surreal::SurrealDb,
};

pub(crate) struct ServerWithDatabase {
    pub(crate) server: Server,
    pub(crate) database: Database,
    folder: TempDir,
}

/// The rows of all tables, whether a server works with them or not.
pub(crate) struct Database(SurrealDb);

impl ServerWithDatabase {
    pub(crate) async fn boot(adjust: impl FnOnce(&mut Config)) -> Self {
        let (database, folder) = (Database(SurrealDb::start().await), TempDir::new().unwrap());
        let adjust = |config: &mut Config| {
            database.configure(config);
            adjust(config);
        };
        let server = Server::boot(folder.path(), adjust).await;
        Self { server, database, folder }
    }

    /// Stops the server, which flushes its writes, and starts it again.
    pub(crate) async fn restart(self) -> Self {
        let Self { server, database, folder } = self;
        server.stop().await;
        let server = Server::boot(folder.path(), |config| database.configure(config)).await;
        Self { server, database, folder }
    }

    /// Stops the server, which flushes its writes.
    pub(crate) async fn stop(self) -> Database {
        self.server.stop().await;
        self.database
    }
}

impl Database {
    fn configure(&self, config: &mut Config) {
        config.database.url = Some(self.0.url.clone());
        config.database.user = Some("root".into());
        config.database.password = Some("root".to_owned().into());
    }

    /// Kills the database process.
    pub(crate) async fn kill(&mut self) {
        self.0.kill().await;
    }

    /// Starts it again with the same data.
    pub(crate) async fn restart(&mut self) {
        self.0.restart().await;
    }

    /// The result of one statement.
    pub(crate) async fn sql(&self, statement: &str) -> Value {
        let url = format!("{}/sql", self.0.url.replace("ws://", "http://"));
        let request = reqwest::Client::new().post(url).basic_auth("root", Some("root"));
        let request = request.header("surreal-ns", "recollect").header("surreal-db", "recollect");
        let request = request.header(ACCEPT, "application/json").body(statement.to_owned());
        let mut answer = Answer::to(request).await.ok();
        assert_eq!(answer[0]["status"], "OK", "{statement}: {answer}");
        answer[0]["result"].take()
    }

    /// Every row of every table; its id begins with the table's name.
    pub(crate) async fn all_rows(&self) -> Vec<Value> {
        let tables = self.sql("INFO FOR DB").await["tables"].take();
        let mut rows = Vec::new();
        for table in tables.as_object().unwrap().keys() {
            let found = self.sql(&format!("SELECT * FROM `{table}`")).await;
            rows.extend(found.as_array().unwrap().iter().cloned());
        }
        rows
    }

    /// The ids of the rows in which this text is anywhere.
    pub(crate) async fn rows_with(&self, text: &str) -> Vec<String> {
        let rows = self.all_rows().await;
        rows.iter().filter(|row| row.to_string().contains(text)).map(id_of).collect()
    }
}

/// The id of a row, as it is written in a statement.
pub(crate) fn id_of(row: &Value) -> String {
    row["id"].as_str().unwrap_or_else(|| panic!("a row without an id: {row}")).to_owned()
}
