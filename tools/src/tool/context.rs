//! Who calls, and what there is to work with.

use std::{net::IpAddr, sync::Arc};

use resources::{Resources, keys::GrantedKey, memories::Memories};
use schemas::{memory::Provenance, scope::Scope, user::Role};

use super::{Client, Error, Result};

/// What comes first in every tool: the caller and the resources. No query can be written without one.
#[derive(Clone)]
pub struct Context {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// What there is to work with.
    pub resources: Arc<Resources>,
    /// The other end of the call, where it can be talked to.
    pub client: Option<Arc<dyn Client>>,
}

/// Who calls, through which face, and by what right.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The id of the user whose data this is about.
    pub user: String,
    /// The face that the call came through.
    pub face: Face,
    /// By what right.
    pub credential: Credential,
    /// What the user may do beyond their own data, where they have signed in themselves.
    pub role: Role,
    /// The id of the session that the user has signed in to, where it is one of ours.
    pub session: Option<String>,
    /// Who acts in the user's place, where the user does not.
    pub acting: Option<Acting>,
    /// The address that the call came from, where it is known.
    pub address: Option<IpAddr>,
}

/// Who acts in a user's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// Whoever has the configured `sign_in.admin_key`.
    Administrator,
}

impl Acting {
    /// The word that the audit trail uses.
    pub fn name(self) -> &'static str {
        match self {
            Acting::Administrator => "administrator",
        }
    }
}

impl Caller {
    /// Somebody who calls for `user` through `face` by this right, and of whom nothing more is known: no owner, whatever
    /// the user is.
    pub fn new(user: impl Into<String>, face: Face, credential: Credential) -> Self {
        Self { user: user.into(), face, credential, role: Role::Member, session: None, acting: None, address: None }
    }
}

/// By what right a caller acts for a user.
#[derive(Debug, Clone)]
pub enum Credential {
    /// The user has signed in.
    Session,
    /// A key of the user's.
    Key(Arc<GrantedKey>),
    /// Nobody has signed in: only what is open to everybody may be called, and no user's data is the caller's own.
    Nobody,
}

/// The way a call came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Face {
    App,
    Developer,
    Mcp,
    Agent,
    Import,
    Public,
}

impl Face {
    /// The word that provenance and traces use.
    pub fn name(self) -> &'static str {
        match self {
            Face::App => "app",
            Face::Developer => "developer",
            Face::Mcp => "mcp",
            Face::Agent => "agent",
            Face::Import => "import",
            Face::Public => "public",
        }
    }
}

impl Context {
    /// A caller whose client cannot be talked to.
    pub fn new(caller: Caller, resources: Arc<Resources>) -> Self {
        Self { caller: Arc::new(caller), resources, client: None }
    }

    /// A signed-in user's context.
    pub fn of_user(user: impl Into<String>, face: Face, resources: Arc<Resources>) -> Self {
        Self::new(Caller::new(user, face, Credential::Session), resources)
    }

    /// The context of somebody who has not signed in.
    pub fn of_nobody(resources: Arc<Resources>) -> Self {
        Self::new(Caller::new(String::new(), Face::Public, Credential::Nobody), resources)
    }

    /// The same caller, at this address.
    pub fn at(self, address: Option<IpAddr>) -> Self {
        Self { caller: Arc::new(Caller { address, ..Caller::clone(&self.caller) }), ..self }
    }

    /// The same caller through another face.
    pub(crate) fn through(&self, face: Face) -> Self {
        Self::new(Caller { face, ..Caller::clone(&self.caller) }, Arc::clone(&self.resources))
    }

    /// Sees to it that the caller may do what `scope` opens: a user who has signed in may, a key may when it holds it.
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

    /// The caller's memories.
    pub fn memories(&self) -> Memories<'_> {
        self.resources.memories(&self.caller.user)
    }

    /// How whatever the caller writes now came to be.
    pub fn provenance(&self) -> Provenance {
        let key = match &self.caller.credential {
            Credential::Session | Credential::Nobody => None,
            Credential::Key(key) => Some(key),
        };
        Provenance {
            face: self.caller.face.name().to_owned(),
            key_id: key.map(|key| key.id.clone()),
            key_name: key.map(|key| key.name.clone()),
            ..Provenance::default()
        }
    }
}
