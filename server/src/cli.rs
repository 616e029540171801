//! The command line. The arguments of each command stand with the command.

use std::{process::ExitCode, time::Duration};

use clap::{Parser, Subcommand};

use crate::{
    commands::{
        clients::{self, ClientsCommand},
        connect::{self, ConnectArgs},
        export::{self, ExportArgs},
        extract_text::{self, ExtractTextArgs},
        import::{self, ImportArgs},
        keys::{self, KeysCommand},
        mcp::{self, McpArgs},
        models::{self, ModelsCommand},
        openapi, reindex,
        serve::{self, ServeArgs},
        users::{self, UsersCommand},
    },
    config::{Config, ConfigPaths},
    exit, log,
};

/// How long blocking work may take to end after the command has.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// A personal memory server with the Omi API and MCP. All data stays on your machine.
#[derive(Debug, Parser)]
#[command(name = "recollect", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    paths: ConfigPaths,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (the default command)
    Serve(ServeArgs),
    /// Serve MCP on standard input and output, through the running server where there is one
    Mcp(McpArgs),
    /// Configure an MCP client: print its configuration, or write it into the client's file
    Connect(ConnectArgs),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Add, list and remove OAuth clients that cannot register themselves
    #[command(subcommand)]
    Clients(ClientsCommand),
    /// Add, invite, disable and delete users
    #[command(subcommand)]
    Users(UsersCommand),
    /// Manage the embedding model
    #[command(subcommand)]
    Models(ModelsCommand),
    /// Rebuild the vector index from the database
    Reindex,
    /// Print the OpenAPI document
    Openapi,
    /// Import data: exports of Recollect, Omi, ChatGPT and Claude, transcripts, calendars
    Import(ImportArgs),
    /// Export all data of the owner as one JSON document
    Export(ExportArgs),
    /// Read the text of a document on standard input, with limits on memory and time: the server starts this itself
    #[command(hide = true)]
    ExtractText(ExtractTextArgs),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // Whatever is written is readable by its user only: the database, the index, models, exports.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    // Before anything else that takes memory or opens a file.
    if let Some(Command::ExtractText(args)) = &cli.command {
        return extract_text::run(args);
    }
    // The embedded database parses statements recursively, for which the default stack of 2 MiB is too small.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(10 << 20).build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(cli.run());
        // Dropping it would wait for a read of standard input, which may never return.
        runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
        outcome
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

impl Cli {
    async fn run(self) -> anyhow::Result<()> {
        let config = Config::load(&self.paths)?;
        log::start(&config.log);
        match self.command.unwrap_or(Command::Serve(self.serve)) {
            Command::Serve(args) => serve::run(config, &args).await,
            Command::Mcp(args) => mcp::run(&config, args).await,
            Command::Connect(args) => connect::run(&config, &args).await,
            Command::Keys(command) => keys::run(&config, command).await,
            Command::Clients(command) => clients::run(&config, command).await,
            Command::Users(command) => users::run(&config, command).await,
            Command::Models(ModelsCommand::Pull) => models::pull(&config).await,
            Command::Reindex => reindex::run(&config).await,
            Command::Openapi => openapi::run(),
            Command::Import(args) => import::run(&config, &args).await,
            Command::Export(args) => export::run(&config, &args).await,
            Command::ExtractText(_) => unreachable!("it needs no configuration and has run"),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_command() {
        let bare = Cli::try_parse_from(["recollect", "--port", "0", "--json", "--data", "x"]).unwrap();
        assert!(bare.command.is_none() && bare.serve.json && bare.serve.port == Some(0));
        let named = Cli::try_parse_from(["recollect", "serve", "--data", "x", "--port", "0"]).unwrap();
        assert!(matches!(named.command, Some(Command::Serve(serve)) if serve.port == Some(0)));
        assert_eq!(named.paths.data.as_deref(), Some("x".as_ref()));
        // Options before a command would be ignored.
        assert!(Cli::try_parse_from(["recollect", "--port", "0", "serve"]).is_err());
    }
}
