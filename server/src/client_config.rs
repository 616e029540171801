//! How MCP clients are told of this server: one line for each client, which the welcome, the command `connect` and the
//! files of the clients share.

pub(crate) mod file;
pub(crate) mod merging;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::config::Config;

/// What the server is called in the clients.
pub(crate) const NAME: &str = "recollect";

/// A program that speaks MCP to the server.
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

/// How a client reaches the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reach {
    /// By its address, with a key; without one the client signs in by itself.
    Address(String, Option<String>),
    /// Through a program that the client starts.
    Program(PathBuf, Vec<String>),
}

/// What a client's file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// JSON with the servers in this field; comments are kept.
    Json(&'static str),
    /// TOML with the servers in this table.
    Toml(&'static str),
}

impl Client {
    /// What people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Client::Claude => "Claude Code",
            Client::ClaudeDesktop => "Claude Desktop",
            Client::Cursor => "Cursor",
            Client::Vscode => "VS Code",
            Client::Codex => "Codex",
        }
    }

    /// The form of its file.
    pub(crate) fn format(self) -> Format {
        match self {
            Client::Claude | Client::ClaudeDesktop | Client::Cursor => Format::Json("mcpServers"),
            Client::Vscode => Format::Json("servers"),
            Client::Codex => Format::Toml("mcp_servers"),
        }
    }

    /// Its file for this user; none where the system has no home folder.
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

    /// The entry for this server in that file.
    pub(crate) fn entry(self, reach: &Reach) -> Value {
        let mut entry = match reach {
            Reach::Program(program, arguments) => return json!({ "command": program, "args": arguments }),
            // Claude Code and VS Code want to be told the transport.
            Reach::Address(url, _) if matches!(self, Client::Claude | Client::Vscode) => {
                json!({ "type": "http", "url": url })
            }
            Reach::Address(url, _) => json!({ "url": url }),
        };
        if let Reach::Address(_, Some(key)) = reach {
            let headers = if self == Client::Codex { "http_headers" } else { "headers" };
            entry[headers] = json!({ "Authorization": format!("Bearer {key}") });
        }
        entry
    }

    /// What to paste: a command where the client has one, else the part of its file.
    pub(crate) fn line(self, reach: &Reach) -> String {
        match (self, reach) {
            (Client::Claude, Reach::Address(url, key)) => {
                let header = key.as_ref().map(|key| format!(" --header \"Authorization: Bearer {key}\""));
                format!("claude mcp add --transport http {NAME} {url}{}", header.unwrap_or_default())
            }
            _ => merging::alone(self.format(), &self.entry(reach)),
        }
    }

    /// Where that line belongs, for people.
    pub(crate) fn place(self) -> String {
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

/// The program that goes through the server of this data folder, and needs no key.
pub(crate) fn through_program(data: &Path) -> Reach {
    let program = std::env::current_exe().unwrap_or_else(|_| NAME.into());
    let mut arguments = vec!["mcp".to_owned()];
    if data != Config::platform_folder() {
        arguments.extend(["--data".to_owned(), data.display().to_string()]);
    }
    Reach::Program(program, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_has_its_own_entry() {
        let reach = Reach::Address("http://h/v1/mcp".into(), Some("omi_mcp_k".into()));
        let bearer = json!({ "Authorization": "Bearer omi_mcp_k" });
        assert_eq!(Client::Cursor.entry(&reach), json!({ "url": "http://h/v1/mcp", "headers": bearer }));
        assert_eq!(Client::Vscode.entry(&reach)["type"], "http");
        assert_eq!(Client::Codex.entry(&reach)["http_headers"], bearer);
        let command = "claude mcp add --transport http recollect http://h/v1/mcp";
        assert_eq!(Client::Claude.line(&Reach::Address("http://h/v1/mcp".into(), None)), command);
        assert!(Client::Claude.line(&reach).ends_with("--header \"Authorization: Bearer omi_mcp_k\""));
        assert!(Client::Codex.line(&reach).starts_with("[mcp_servers.recollect]\nurl = "));
        let program = through_program("/somewhere".as_ref());
        assert_eq!(Client::ClaudeDesktop.entry(&program)["args"], json!(["mcp", "--data", "/somewhere"]));
    }
}
