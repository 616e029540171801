//! The configuration of MCP clients for this server: shared by the banner and the command `connect`.

pub(crate) mod file;
pub(crate) mod merging;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::config::Config;

/// The name of the server in the clients' configuration.
pub(crate) const SERVER_NAME: &str = "recollect";

/// An MCP client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Claude Code
    Claude,
    /// Claude Desktop
    ClaudeDesktop,
    /// Cursor
    Cursor,
    /// VS Code
    Vscode,
    /// Codex
    Codex,
}

/// How a client connects to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// By its URL, with a key; without one the client signs in with OAuth.
    Url(String, Option<String>),
    /// Over standard input and output of a program that the client starts.
    Program(PathBuf, Vec<String>),
}

/// The format of a client's configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON with the servers in this field; comments are preserved.
    Json(&'static str),
    /// TOML with the servers in this table.
    Toml(&'static str),
}

impl Client {
    /// Its display name.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Client::Claude => "Claude Code",
            Client::ClaudeDesktop => "Claude Desktop",
            Client::Cursor => "Cursor",
            Client::Vscode => "VS Code",
            Client::Codex => "Codex",
        }
    }

    /// The format of its configuration file.
    pub(crate) fn format(self) -> Format {
        match self {
            Client::Claude | Client::ClaudeDesktop | Client::Cursor => Format::Json("mcpServers"),
            Client::Vscode => Format::Json("servers"),
            Client::Codex => Format::Toml("mcp_servers"),
        }
    }

    /// The user's configuration file; `None` where there is no home folder.
    pub(crate) fn file(self) -> Option<PathBuf> {
        let home = dirs::home_dir()?;
        // On macOS this is ~/Library/Application Support, on Windows %APPDATA%.
        let settings = dirs::config_dir()?;
        Some(match self {
            Client::Claude => home.join(".claude.json"),
            Client::ClaudeDesktop => settings.join("Claude").join("claude_desktop_config.json"),
            Client::Cursor => home.join(".cursor").join("mcp.json"),
            Client::Vscode => settings.join("Code").join("User").join("mcp.json"),
            Client::Codex => {
                let folder = std::env::var_os("CODEX_HOME").map_or_else(|| home.join(".codex"), PathBuf::from);
                folder.join("config.toml")
            }
        })
    }

    /// The entry for this server in the configuration file.
    pub(crate) fn entry(self, endpoint: &Endpoint) -> Value {
        let mut entry = match endpoint {
            Endpoint::Program(program, arguments) => return json!({ "command": program, "args": arguments }),
            // Claude Code and VS Code require the transport.
            Endpoint::Url(url, _) if matches!(self, Client::Claude | Client::Vscode) => {
                json!({ "type": "http", "url": url })
            }
            Endpoint::Url(url, _) => json!({ "url": url }),
        };
        if let Endpoint::Url(_, Some(key)) = endpoint {
            let headers = if self == Client::Codex { "http_headers" } else { "headers" };
            entry[headers] = json!({ "Authorization": format!("Bearer {key}") });
        }
        entry
    }

    /// The configuration to paste: a command where the client has one, else the content of its file.
    pub(crate) fn snippet(self, endpoint: &Endpoint) -> String {
        match (self, endpoint) {
            (Client::Claude, Endpoint::Url(url, key)) => {
                let header = key.as_ref().map(|key| format!(" --header \"Authorization: Bearer {key}\""));
                format!("claude mcp add --transport http {SERVER_NAME} {url}{}", header.unwrap_or_default())
            }
            _ => merging::new_file(self.format(), &self.entry(endpoint)),
        }
    }

    /// Where to paste the snippet.
    pub(crate) fn destination(self) -> String {
        let file = match self {
            Client::Claude => return self.title().to_owned(),
            Client::ClaudeDesktop => "claude_desktop_config.json",
            Client::Cursor => "~/.cursor/mcp.json",
            Client::Vscode => ".vscode/mcp.json",
            Client::Codex => "~/.codex/config.toml",
        };
        format!("{}, in {file}", self.title())
    }
}

/// This program as an MCP server for the data folder, which needs no key.
pub(crate) fn local_program(data: &Path) -> Endpoint {
    let program = std::env::current_exe().unwrap_or_else(|_| SERVER_NAME.into());
    let mut arguments = vec!["mcp".to_owned()];
    if data != Config::platform_folder() {
        arguments.extend(["--data".to_owned(), data.display().to_string()]);
    }
    Endpoint::Program(program, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_its_own_entry() {
        let endpoint = Endpoint::Url("http://h/v1/mcp".into(), Some("omi_mcp_k".into()));
        let bearer = json!({ "Authorization": "Bearer omi_mcp_k" });
        assert_eq!(Client::Cursor.entry(&endpoint), json!({ "url": "http://h/v1/mcp", "headers": bearer }));
        assert_eq!(Client::Vscode.entry(&endpoint)["type"], "http");
        assert_eq!(Client::Codex.entry(&endpoint)["http_headers"], bearer);
        let command = "claude mcp add --transport http recollect http://h/v1/mcp";
        assert_eq!(Client::Claude.snippet(&Endpoint::Url("http://h/v1/mcp".into(), None)), command);
        assert!(Client::Claude.snippet(&endpoint).ends_with("--header \"Authorization: Bearer omi_mcp_k\""));
        assert!(Client::Codex.snippet(&endpoint).starts_with("[mcp_servers.recollect]\nurl = "));
        let program = local_program("/somewhere".as_ref());
        assert_eq!(Client::ClaudeDesktop.entry(&program)["args"], json!(["mcp", "--data", "/somewhere"]));
    }
}
