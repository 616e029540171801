//! The context of a call: its caller and the resources.

use std::{net::IpAddr, sync::Arc};

use resources::{Resources, keys::GrantedKey, memories::Memories};
use schemas::{memory::Provenance, scope::Scope, user::Role};

use super::{Client, Error, Result};

/// The first argument of every tool: the caller and the resources. No query can be written without one.
#[derive(Clone)]
pub struct Context {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The database, the index and the services.
    pub resources: Arc<Resources>,
    /// The client, where it can be reported to and asked during the call.
    pub client: Option<Arc<dyn Client>>,
    /// The URL of this server as the client writes it, without a path; `None` where it is not known.
    pub base_url: Option<Arc<str>>,
}

/// Who calls, through which surface, with which credential.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The id of the user whose data this is about.
    pub user: String,
    /// The surface that the call came through.
    pub surface: Surface,
    /// The credential.
    pub credential: Credential,
    /// What the user may do beyond their own data, where they have signed in themselves.
    pub role: Role,
    /// The id of the session that the user has signed in to, where it is one of ours.
    pub session: Option<String>,
    /// Who impersonates the user, if anybody does.
    pub actor: Option<Actor>,
    /// The address that the call came from, where it is known.
    pub address: Option<IpAddr>,
}

/// Who impersonates a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The holder of the configured `sign_in.admin_key`.
    Administrator,
}

impl Actor {
    /// The word that the audit trail uses.
    pub fn name(self) -> &'static str {
        match self {
            Actor::Administrator => "administrator",
        }
    }
}

impl Caller {
    /// A caller for `user` of whom nothing more is known: no owner, whatever the user is.
    pub fn new(user: impl Into<String>, surface: Surface, credential: Credential) -> Self {
        Self { user: user.into(), surface, credential, role: Role::Member, session: None, actor: None, address: None }
    }
}

/// The credential of a caller.
#[derive(Debug, Clone)]
pub enum Credential {
    /// The user has signed in.
    Session,
    /// An API key of the user.
    Key(Arc<GrantedKey>),
    /// None: only public tools may be called, and there is no user.
    Nobody,
}

/// The surface that a call came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Surface {
    App,
    Developer,
    Mcp,
    Agent,
    Import,
    Public,
}

impl Surface {
    /// The word that provenance and traces use.
    pub fn name(self) -> &'static str {
        match self {
            Surface::App => "app",
            Surface::Developer => "developer",
            Surface::Mcp => "mcp",
            Surface::Agent => "agent",
            Surface::Import => "import",
            Surface::Public => "public",
        }
    }
}

impl Context {
    /// The context of a caller whose client cannot be asked during the call.
    pub fn new(caller: Caller, resources: Arc<Resources>) -> Self {
        Self { caller: Arc::new(caller), resources, client: None, base_url: None }
    }

    /// A signed-in user's context.
    pub fn of_user(user: impl Into<String>, surface: Surface, resources: Arc<Resources>) -> Self {
        Self::new(Caller::new(user, surface, Credential::Session), resources)
    }

    /// The context of a caller without a credential.
    pub fn of_nobody(resources: Arc<Resources>) -> Self {
        Self::new(Caller::new(String::new(), Surface::Public, Credential::Nobody), resources)
    }

    /// The same caller, at this address.
    pub fn at(self, address: Option<IpAddr>) -> Self {
        Self { caller: Arc::new(Caller { address, ..Caller::clone(&self.caller) }), ..self }
    }

    /// The same caller, who reaches this server at this URL.
    pub fn with_base_url(self, base_url: Option<String>) -> Self {
        Self { base_url: base_url.map(Arc::from), ..self }
    }

    /// The URL of a path of this server; the path alone where the server's own URL is not known.
    pub(crate) fn absolute_url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url.as_deref().unwrap_or_default())
    }

    /// The same caller through another surface.
    pub(crate) fn through(&self, surface: Surface) -> Self {
        let caller = Caller { surface, ..Caller::clone(&self.caller) };
        Self { base_url: self.base_url.clone(), ..Self::new(caller, Arc::clone(&self.resources)) }
    }

    /// Checks that the caller is a signed-in user or a key that holds `scope`.
    ///
    /// # Errors
    /// [`Error::Forbidden`] names the missing scope; [`Error::Unauthorized`] without a credential.
    pub(crate) fn require(&self, scope: Scope) -> Result<()> {
        match &self.caller.credential {
            Credential::Session => Ok(()),
            Credential::Key(key) if key.has_scope(scope) => Ok(()),
            Credential::Key(key) => {
                let spelling = scope.spelling(key.family);
                Err(Error::Forbidden(format!("Insufficient permissions. Required scope: {spelling}")))
            }
            Credential::Nobody => Err(Error::Unauthorized("Authentication required".into())),
        }
    }

    /// Whether the caller is a signed-in user or a key that holds `scope`.
    pub(crate) fn has_scope(&self, scope: Scope) -> bool {
        self.require(scope).is_ok()
    }

    /// The caller's memories.
    pub fn memories(&self) -> Memories<'_> {
        self.resources.memories(&self.caller.user)
    }

    /// The provenance of what the caller writes.
    pub fn provenance(&self) -> Provenance {
        let key = match &self.caller.credential {
            Credential::Session | Credential::Nobody => None,
            Credential::Key(key) => Some(key),
        };
        Provenance {
            face: self.caller.surface.name().to_owned(),
            key_id: key.map(|key| key.id.clone()),
            key_name: key.map(|key| key.name.clone()),
            ..Provenance::default()
        }
    }
}
