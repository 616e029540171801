//! What the server prints when it has started.

use std::{fmt, path::Path};

use clap::ValueEnum;

use crate::{
    Bootstrap, ServerHandle,
    client_config::{Client, Endpoint, local_program},
};

/// On the first start, how to connect, with the new keys, which are shown once; later a single line.
pub(crate) struct Banner<'a> {
    /// The server.
    pub(crate) server: &'a ServerHandle,
    /// Its data folder.
    pub(crate) data: &'a Path,
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, version) = (&self.server.url, env!("CARGO_PKG_VERSION"));
        let Some(keys) = &self.server.bootstrap else {
            return write!(f, "Recollect {version} is ready at {url}. API reference: {url}/docs. MCP: {url}/v1/mcp.");
        };
        writeln!(f, "\n  Recollect {version} is ready. Your data lives in {}\n", self.data.display())?;
        writeln!(f, "  Start page      {url}")?;
        writeln!(f, "  API reference   {url}/docs")?;
        writeln!(f, "  MCP endpoint    {url}/v1/mcp\n")?;
        writeln!(f, "  Your keys. They are shown only once.\n")?;
        writeln!(f, "  Owner token     {}", keys.owner_token)?;
        writeln!(f, "  Developer key   {}", keys.developer_key)?;
        writeln!(f, "  MCP key         {}\n", keys.mcp_key)?;
        for (client, line) in connections(url, keys, self.data) {
            writeln!(f, "  {client}\n    {line}\n")?;
        }
        writeln!(f, "  Ctrl-C stops the server; `recollect --help` lists the other commands.")
    }
}

/// How to connect each client, as a line to paste; the start page has the same ones.
fn connections(url: &str, keys: &Bootstrap, data: &Path) -> Vec<(String, String)> {
    let endpoint = Endpoint::Url(format!("{url}/v1/mcp"), Some(keys.mcp_key.clone()));
    let line = |client: &Client| {
        let endpoint = if *client == Client::ClaudeDesktop { &local_program(data) } else { &endpoint };
        (client.destination(), client.snippet(endpoint).replace('\n', "\n    "))
    };
    let curl = format!("curl {url}/v1/dev/user/memories -H \"Authorization: Bearer {}\"", keys.developer_key);
    Client::value_variants().iter().map(line).chain([("curl".to_owned(), curl)]).collect()
}
