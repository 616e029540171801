//! What a person reads when the server has started.

use std::fmt;
use std::path::Path;

use serde_json::{Value, json};

use crate::config::Config;
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
fn connections(url: &str, first: &FirstStart, data: &Path) -> [(&'static str, String); 5] {
    let mcp = format!("{url}/v1/mcp");
    let bearer = format!("Bearer {}", first.mcp_key);
    let headers = json!({ "Authorization": bearer });
    [
        (
            "Claude Code",
            format!("claude mcp add --transport http recollect {mcp} --header \"Authorization: {bearer}\""),
        ),
        (
            "Claude Desktop, in claude_desktop_config.json",
            json!({ "mcpServers": { "recollect": stdio(data) } }).to_string(),
        ),
        (
            "Cursor, in ~/.cursor/mcp.json",
            json!({ "mcpServers": { "recollect": { "url": mcp, "headers": headers } } }).to_string(),
        ),
        (
            "VS Code, in .vscode/mcp.json",
            json!({ "servers": { "recollect": { "type": "http", "url": mcp, "headers": headers } } }).to_string(),
        ),
        ("curl", format!("curl {url}/v1/dev/user/memories -H \"Authorization: Bearer {}\"", first.developer_key)),
    ]
}

/// Claude Desktop starts a program; that program goes through this server and needs no key.
fn stdio(data: &Path) -> Value {
    let program = std::env::current_exe().unwrap_or_else(|_| "recollect".into());
    let mut arguments = vec![json!("mcp")];
    if data != Config::platform_folder() {
        arguments.extend([json!("--data"), json!(data)]);
    }
    json!({ "command": program, "args": arguments })
}
