//! What a person reads when the server has started.

use std::fmt;
use std::path::Path;

use clap::ValueEnum;

use crate::client_config::{Client, Reach, through_program};
use crate::{FirstStart, Running};

/// On the first start, everything that is needed next, with the keys, once; later a single line.
pub(crate) struct Welcome<'a> {
    /// The server.
    pub(crate) running: &'a Running,
    /// Its data folder.
    pub(crate) data: &'a Path,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, version) = (&self.running.url, env!("CARGO_PKG_VERSION"));
        let Some(first) = &self.running.first else {
            return write!(f, "Recollect {version} is ready at {url}. API reference: {url}/docs. MCP: {url}/v1/mcp.");
        };
        writeln!(f, "\n  Recollect {version} is ready. Your data lives in {}\n", self.data.display())?;
        writeln!(f, "  Start page      {url}")?;
        writeln!(f, "  API reference   {url}/docs")?;
        writeln!(f, "  MCP endpoint    {url}/v1/mcp\n")?;
        writeln!(f, "  Your keys. They are shown this once: keep them.\n")?;
        writeln!(f, "  Owner token     {}", first.owner_token)?;
        writeln!(f, "  Developer key   {}", first.developer_key)?;
        writeln!(f, "  MCP key         {}\n", first.mcp_key)?;
        for (client, line) in connections(url, first, self.data) {
            writeln!(f, "  {client}\n    {line}\n")?;
        }
        writeln!(f, "  Ctrl-C stops the server; `recollect --help` shows what else there is.")
    }
}

/// How to connect each client, as a line to paste; the start page has the same ones.
fn connections(url: &str, first: &FirstStart, data: &Path) -> Vec<(String, String)> {
    let reach = Reach::Address(format!("{url}/v1/mcp"), Some(first.mcp_key.clone()));
    let line = |client: &Client| {
        let reach = if *client == Client::ClaudeDesktop { &through_program(data) } else { &reach };
        (client.place(), client.line(reach).replace('\n', "\n    "))
    };
    let curl = format!("curl {url}/v1/dev/user/memories -H \"Authorization: Bearer {}\"", first.developer_key);
    Client::value_variants().iter().map(line).chain([("curl".to_owned(), curl)]).collect()
}
