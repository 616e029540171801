//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use schemas::key::KeyFamily;
use tools::toolsets::Shown;

use crate::client_config::Client;
use crate::commands::{clients, connect, export, import, keys, mcp, models, openapi, reindex, serve, users};
use crate::config::{Config, Places};
use crate::{exit, log};

/// A personal memory server: it speaks the Omi API and MCP, and keeps everything on your machine.
#[derive(Debug, Parser)]
#[command(name = "recollect", version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    serve: Serve,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server (what `recollect` alone does)
    Serve(Serve),
    /// Speak MCP on standard input and output, through the running server when there is one
    Mcp(Mcp),
    /// Tell an assistant of this server: print what its configuration needs, or write it there
    Connect(Connect),
    /// Create, list and revoke API keys
    #[command(subcommand)]
    Keys(Keys),
    /// Add, list and remove MCP clients that sign in with OAuth and cannot make themselves known
    #[command(subcommand)]
    Clients(Clients),
    /// Add, invite, lock out and delete users
    #[command(subcommand)]
    Users(Users),
    /// Manage the embedding model
    #[command(subcommand)]
    Models(Models),
    /// Build the vector index anew from the database
    Reindex,
    /// Print the OpenAPI document
    Openapi,
    /// Add what you have elsewhere: exports of Recollect, Omi, ChatGPT and Claude, transcripts, calendars
    Import(Import),
    /// Write everything you have as one JSON document
    Export(Export),
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// The address to listen on
    #[arg(long)]
    pub(crate) host: Option<IpAddr>,
    /// The port to listen on; 0 takes any free one
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Print one JSON object with the URL and the new keys once ready, for scripts
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which server to speak MCP for.
#[derive(Debug, Args)]
pub(crate) struct Mcp {
    /// A Recollect server elsewhere, to use instead of the data folder; its MCP key stands in RECOLLECT_KEY
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// The tools to show, with commas: default, memories, conversations, action_items, goals, people, admin, all
    #[arg(long, value_name = "NAMES", default_value = "default")]
    pub(crate) toolsets: Shown,
}

/// Which client to connect, and how.
#[derive(Debug, Args)]
pub(crate) struct Connect {
    /// The client
    pub(crate) client: Client,
    /// Write it into the client's own file, and keep a copy of what was there
    #[arg(long)]
    pub(crate) write: bool,
    /// That file, where it is not in its usual place: such as .vscode/mcp.json for one project
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The address of the server [default: that of the server that runs here, else of the configuration]
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Give the client no key: it signs in by itself, in the browser
    #[arg(long)]
    pub(crate) sign_in: bool,
    /// The tools to show it, with commas: default, memories, conversations, action_items, goals, people, admin, all
    #[arg(long, value_name = "NAMES")]
    pub(crate) toolsets: Option<Shown>,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Create a key and print it; it is never shown again
    Create {
        /// Which API it opens
        #[arg(long)]
        family: Family,
        /// What to call it
        #[arg(long)]
        name: String,
        /// Its scopes, with commas, such as memories:read [default: a developer key reads, an MCP key does everything]
        #[arg(long, value_delimiter = ',')]
        scopes: Option<Vec<String>>,
        /// When it is to end: a number of days from now, or a date such as 2027-01-01 [default: never]
        #[arg(long, value_name = "DAYS|DATE")]
        expires: Option<String>,
    },
    /// List the keys
    List {
        /// Only those of one API
        #[arg(long)]
        family: Option<Family>,
    },
    /// Revoke a key at once
    Revoke {
        /// Its id, from the list
        id: String,
    },
}

/// What to do with MCP clients.
#[derive(Debug, Subcommand)]
pub(crate) enum Clients {
    /// Add a client and print its id
    Add {
        /// What to call it
        #[arg(long)]
        name: String,
        /// Where it may be sent back to; may be given several times
        #[arg(long = "redirect-uri", value_name = "URL", required = true)]
        redirect_uris: Vec<String>,
        /// Give it a secret, for clients that ask for one
        #[arg(long)]
        secret: bool,
    },
    /// List the clients
    List,
    /// Remove a client, and all that was granted to it
    Remove {
        /// Its id, from the list
        id: String,
    },
}

/// Which API a key opens.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Family {
    /// The Developer API, for scripts and integrations
    Developer,
    /// MCP, for assistants
    Mcp,
}

impl From<Family> for KeyFamily {
    fn from(family: Family) -> Self {
        match family {
            Family::Developer => KeyFamily::Developer,
            Family::Mcp => KeyFamily::Mcp,
        }
    }
}

/// What to do with users. A user is named by id, e-mail address or, where nobody else has it, name.
#[derive(Debug, Subcommand)]
pub(crate) enum Users {
    /// Add a user and print the token that signs them in; it is never shown again
    Add {
        /// What to call them
        name: String,
        /// Their e-mail address
        #[arg(long)]
        email: Option<String>,
        /// Read a password for them from standard input
        #[arg(long)]
        password: bool,
    },
    /// List the users
    List,
    /// Lock a user out at once; their data stay
    Disable {
        /// Who
        user: String,
    },
    /// Let a user in again
    Enable {
        /// Who
        user: String,
    },
    /// Delete a user and everything that is theirs
    Delete {
        /// Who
        user: String,
        /// Really
        #[arg(long)]
        yes: bool,
    },
    /// Invite somebody and print the code that makes their account
    Invite {
        /// Their e-mail address; with it they may also come by the configured issuer, without the code
        #[arg(long)]
        email: Option<String>,
        /// What to call them
        #[arg(long)]
        name: Option<String>,
        /// For how many days the code can be used
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
        days: u32,
    },
    /// Set a user's password, read from standard input; it ends their sessions
    Password {
        /// Who
        user: String,
    },
    /// Give a user a new token in place of the one they have, and print it
    Token {
        /// Who
        user: String,
    },
}

#[derive(Debug, Subcommand)]
enum Models {
    /// Fetch the embedding model into the data folder, if it is not there yet
    Pull,
}

/// What to import.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Files and folders, of any known format; - is standard input
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub(crate) places: Vec<PathBuf>,
}

/// Where to export to.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The file; without one, standard output
    pub(crate) file: Option<PathBuf>,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    // The embedded database parses statements by recursion, for which the usual 2 MiB are too few.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(10 << 20).build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(cli.run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}

impl Cli {
    async fn run(self) -> anyhow::Result<()> {
        let config = Config::load(&self.places)?;
        log::start(&config.log);
        match self.command.unwrap_or(Command::Serve(self.serve)) {
            Command::Serve(choice) => serve::serve(config, &choice).await,
            Command::Mcp(choice) => mcp::speak(&config, choice).await,
            Command::Connect(choice) => connect::connect(&config, &choice).await,
            Command::Keys(choice) => keys::manage(&config, choice).await,
            Command::Clients(choice) => clients::manage(&config, choice).await,
            Command::Users(choice) => users::manage(&config, choice).await,
            Command::Models(Models::Pull) => models::pull(&config).await,
            Command::Reindex => reindex::reindex(&config).await,
            Command::Openapi => openapi::print(),
            Command::Import(choice) => import::import(&config, &choice).await,
            Command::Export(choice) => export::export(&config, &choice).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command};

    #[test]
    fn definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_implied() {
        let bare = Cli::try_parse_from(["recollect", "--port", "0", "--json", "--data", "x"]).unwrap();
        assert!(bare.command.is_none() && bare.serve.json && bare.serve.port == Some(0));
        let named = Cli::try_parse_from(["recollect", "serve", "--data", "x", "--port", "0"]).unwrap();
        assert!(matches!(named.command, Some(Command::Serve(serve)) if serve.port == Some(0)));
        assert_eq!(named.places.data.as_deref(), Some("x".as_ref()));
        // Options before a command would be lost on it.
        assert!(Cli::try_parse_from(["recollect", "--port", "0", "serve"]).is_err());
    }
}
