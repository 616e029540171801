//! The definition of a capability, and the only way to call it.

#[macro_use]
mod definition;
#[macro_use]
mod noun;
mod arguments;
pub(crate) mod binding;
mod client;
pub(crate) mod confirmation;
mod context;
mod error;
mod keyed_limit;
pub mod limits;
pub(crate) mod paging;
mod result_parts;
mod route;
pub mod streaming;
mod times;
pub mod toolsets;
mod validation_errors;
mod validator;
mod write_only;

use std::time::Instant;

use chrono_tz::Tz;
use futures::future::BoxFuture;
use schemars::{Schema, SchemaGenerator};
use schemas::{key::KeyFamily, scope::Scope, user::Role};
use serde_json::{Map, Value};
use tracing::Instrument;

use crate::{audit::AuditRecorder, calendar};
use limits::Policy;
use result_parts::CONTINUE_FROM;
use toolsets::Toolset;
use write_only::WriteOnlyFilter;

pub(crate) use definition::{Definition, Verb};
pub(crate) use noun::Noun;

pub use arguments::Arguments;
pub(crate) use arguments::UnknownValue;
pub use client::{Answer, Client};
pub use context::{Actor, Caller, Context, Credential, Surface};
pub use error::{DEFAULT_RETRY_AFTER, Error, Issue, Result};
pub use keyed_limit::{KeyedLimit, KeyedPermit};
pub use route::{Audience, Placement, Reply, Route, Shape};
pub(crate) use times::{DayTime, read_time};

/// Writes a type's JSON schema with the settings of the given generator.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may call a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Signed-in users, no key.
    User,
    /// Signed-in users, and developer keys for what they may delegate, which the tool checks.
    KeyManager,
    /// Signed-in users, and every key.
    AnyCredential,
    /// Signed-in users, and keys that hold the scope; see also [`Tool::more_scopes`].
    Scope(Scope),
    /// Everybody: what a user has shared by a link.
    Public,
    /// Everybody without a key: how a user signs in.
    Anonymous,
    /// The owner of the server, signed in.
    Owner,
}

/// What a client may assume of a call before it makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// It changes nothing.
    pub read_only: bool,
    /// It may delete what cannot be restored.
    pub destructive: bool,
    /// Calling it again with the same arguments changes nothing more.
    pub idempotent: bool,
}

impl Hints {
    /// It changes nothing.
    pub const READ: Hints = Hints { read_only: true, destructive: false, idempotent: true };
    /// It changes something, each time anew.
    pub const WRITE: Hints = Hints { read_only: false, destructive: false, idempotent: false };
    /// It changes something, once.
    pub const IDEMPOTENT: Hints = Hints { idempotent: true, ..Hints::WRITE };
    /// It changes what cannot be restored.
    pub const DESTRUCTIVE: Hints = Hints { destructive: true, ..Hints::WRITE };

    /// The same, where a second call changes nothing more.
    pub const fn and_idempotent(self) -> Hints {
        Hints { idempotent: true, ..self }
    }
}

/// How a call is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// By the tool `by`, which deletes what the field `made` of the result holds and calls its id `argument`.
    #[expect(missing_docs, reason = "described together")]
    Deleting { made: &'static str, by: &'static str, argument: &'static str },
    /// By the same tool, which writes again what the tool of this name returned before.
    Restoring(&'static str),
}

/// Checks whether what a tool depends on is configured.
type Ready = fn(&resources::Resources) -> Result<()>;

type Run = Box<dyn Fn(Context, Value) -> BoxFuture<'static, Result<Value>> + Send + Sync>;

/// One capability: everything that the surfaces need to offer it.
pub struct Tool {
    /// The MCP tool, the OpenAPI operation and the agent's function.
    pub name: &'static str,
    /// Who may call it.
    pub access: Access,
    /// The scopes that keys need besides that of `access`: what the tool reads of other nouns, or gives away.
    pub more_scopes: &'static [Scope],
    /// Whether it is closed to those who impersonate a user: its effect outlasts the impersonation.
    pub no_impersonation: bool,
    /// The arguments as MCP clients and the agent give them.
    pub arguments: Arguments,
    /// The schema of the result.
    pub output: SchemaOf,
    /// The REST routes that lead here.
    pub routes: Vec<Route>,
    /// What the user reads while the chat model has it called; `None` keeps it from the chat model.
    pub chat: Option<&'static str>,
    /// How the chat agent can undo a call.
    pub undo: Option<Undo>,
    /// Whether a call may take longer than a client likes to wait. MCP clients may get a task for it.
    pub is_long_running: bool,
    /// The rate limits that a call by an MCP client is counted under.
    pub limits: &'static [Policy],
    noun: &'static Noun,
    /// Whether what the tool depends on is configured.
    ready: Option<Ready>,
    /// The field of the result that holds the noun.
    held: Option<&'static str>,
    hints: Hints,
    /// The optional arguments that assistants see in the default list; `None` where the tool is not in it.
    compact_arguments: Option<&'static [&'static str]>,
    /// The field of the result that assistants see in part, and the fields that they see of it.
    assistant_fields: Option<(&'static str, &'static [&'static str])>,
    run: Run,
}

impl Tool {
    /// The toolset that it is shown with.
    pub fn toolset(&self) -> Toolset {
        self.noun.toolset
    }

    /// Whether assistants see it who ask for no toolset.
    pub fn is_in_default_list(&self) -> bool {
        self.compact_arguments.is_some()
    }

    /// The part of a result that assistants see, over MCP and in chat.
    pub fn for_assistants(&self, mut result: Value) -> Value {
        if let Some((field, fields)) = self.assistant_fields {
            result[field] = keep(result[field].take(), fields);
        }
        result
    }

    /// What clients may assume of a call.
    pub fn behaviour(&self) -> Hints {
        self.hints
    }

    /// The tool's name in plain words: `Get memories`.
    pub fn title(&self) -> String {
        let words = self.name.replace('_', " ");
        words[..1].to_uppercase() + &words[1..]
    }

    /// The description for models and people: the doc comment of the input type.
    pub fn description(&self) -> String {
        self.arguments.description()
    }

    /// The JSON schema of what assistants see of the result: an object, without references.
    pub fn result(&self) -> Map<String, Value> {
        let mut schema = arguments::inline(self.output);
        if let Some((field, fields)) = self.assistant_fields {
            let property = &mut schema["properties"][field];
            let object = if property.get("items").is_some() { &mut property["items"] } else { property };
            object["properties"] = keep(object["properties"].take(), fields);
            let required = object["required"].as_array().into_iter().flatten();
            let required = required.filter(|name| name.as_str().is_some_and(|name| fields.contains(&name)));
            object["required"] = required.cloned().collect();
        }
        match schema {
            Value::Object(schema) => schema,
            _ => unreachable!("an output type is a struct"),
        }
    }

    /// The schema of the arguments as assistants see it: compact, without references.
    pub fn arguments_for_assistants(&self) -> Map<String, Value> {
        let mut schema = toolsets::arguments(self.arguments.schema(), self.compact_arguments);
        if self.compact_arguments.is_none_or(|shown| shown.contains(&CONTINUE_FROM)) {
            self.add_position(&mut schema);
        }
        schema
    }

    /// The schema of the arguments as the chat model sees it: all of them.
    pub(crate) fn arguments_for_chat(&self) -> Map<String, Value> {
        let mut schema = Value::Object(self.arguments.schema().clone());
        toolsets::simplify(&mut schema);
        let Value::Object(mut schema) = schema else { unreachable!("an input type is a struct") };
        schema.shift_remove("description");
        self.add_position(&mut schema);
        schema
    }

    /// The schema of the result as assistants see it: the names of its fields and of those of its rows.
    pub fn result_for_assistants(&self) -> Map<String, Value> {
        toolsets::result(&self.result(), self.arguments.schema())
    }

    /// Checks whether the caller may use this tool at all: before a body is read, and before the tool is listed.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] without a credential, else [`Error::Forbidden`].
    pub fn permits(&self, context: &Context) -> Result<()> {
        if self.no_impersonation && context.caller.actor.is_some() {
            return Err(Error::Forbidden("Impersonated sessions cannot perform this action".into()));
        }
        match (&context.caller.credential, self.access) {
            (Credential::Session, Access::Owner) if context.caller.role != Role::Owner => {
                Err(Error::Forbidden("Only the owner of the server may do this".into()))
            }
            (Credential::Nobody, Access::Anonymous) => Ok(()),
            (_, Access::Public) | (Credential::Session, _) | (Credential::Key(_), Access::AnyCredential) => Ok(()),
            (Credential::Nobody, _) => Err(Error::Unauthorized("Authentication required".into())),
            (Credential::Key(key), Access::KeyManager) if key.family == KeyFamily::Developer => Ok(()),
            (Credential::Key(_), Access::User | Access::KeyManager | Access::Anonymous | Access::Owner) => {
                Err(Error::Forbidden("This needs a signed-in user, not an API key".into()))
            }
            (Credential::Key(_), Access::Scope(_)) => self.scopes().try_for_each(|scope| context.require(scope)),
        }
    }

    /// The scopes that keys need, all of them.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> {
        let first = if let Access::Scope(scope) = self.access { Some(scope) } else { None };
        first.into_iter().chain(self.more_scopes.iter().copied())
    }

    /// Checks whether what the tool depends on is configured: before a body is read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it is not.
    pub fn check_ready(&self, context: &Context) -> Result<()> {
        self.ready.map_or(Ok(()), |ready| ready(&context.resources))
    }

    /// Calls the tool: the only way in, for every surface. `contract` is how the caller names the arguments: the tool's own
    /// [`arguments`](Self::arguments), or those of one of its routes.
    ///
    /// # Errors
    /// Those of the tool, of its arguments and of missing permission; [`Error::Declined`] where the user says no.
    pub async fn call(&self, context: Context, contract: &Arguments, given: Map<String, Value>) -> Result<Value> {
        self.permits(&context)?;
        let surface = context.caller.surface;
        let span = tracing::debug_span!("tool", name = self.name, surface = surface.name(), user = context.caller.user);
        async {
            let begun = Instant::now();
            let arguments = read_arguments(&context, contract, given).await;
            let recorder = AuditRecorder::begin(&context, self, arguments.as_ref().ok());
            let filter = arguments.as_ref().ok().and_then(|arguments| WriteOnlyFilter::of(self, &context, arguments));
            let outcome = match arguments {
                Ok(arguments) => self.perform(&context, arguments).await,
                Err(error) => Err(error),
            };
            if let Some(recorder) = recorder {
                recorder.end(&outcome);
            }
            self.report(&context, &outcome, begun.elapsed().as_micros());
            match filter {
                Some(filter) => outcome.map(|result| filter.apply(result)),
                None => outcome,
            }
        }
        .instrument(span)
        .await
    }

    /// Runs it, once the user has confirmed a destructive call, where they can be asked.
    async fn perform(&self, context: &Context, arguments: Value) -> Result<Value> {
        self.confirm(context, &arguments).await?;
        (self.run)(context.clone(), arguments).await
    }

    /// Calls a tool that reads as a part of another call, which has been limited, confirmed and audited itself.
    pub(crate) async fn read_unaudited(&self, context: Context, given: Map<String, Value>) -> Result<Value> {
        self.permits(&context)?;
        let arguments = read_arguments(&context, &self.arguments, given).await?;
        (self.run)(context, arguments).await
    }

    /// Notifies subscribers of a change, and logs the outcome.
    fn report(&self, context: &Context, outcome: &Result<Value>, micros: u128) {
        if outcome.is_ok() && !self.behaviour().read_only {
            context.resources.changes.notify(&context.caller.user);
        }
        match outcome {
            Ok(_) => tracing::debug!(micros, "done"),
            Err(Error::Internal(error)) => tracing::error!(micros, "failed: {error:#}"),
            Err(error) => tracing::debug!(micros, code = error.code(), "refused: {error}"),
        }
    }
}

/// Validates arguments. The days in them are days of the user.
async fn read_arguments(context: &Context, contract: &Arguments, mut given: Map<String, Value>) -> Result<Value> {
    contract.parse_json_text(&mut given);
    let zone = match given.values().any(times::contains_day) {
        true => calendar::user_time_zone(context).await?,
        false => Tz::UTC,
    };
    contract.read(given, zone)
}

/// Only these fields of an object, or of each object in a list, in this order.
pub(crate) fn keep(value: Value, fields: &[&str]) -> Value {
    match value {
        Value::Array(rows) => Value::Array(rows.into_iter().map(|row| keep(row, fields)).collect()),
        Value::Object(mut object) => {
            Value::Object(fields.iter().filter_map(|field| object.shift_remove_entry(*field)).collect())
        }
        other => other,
    }
}
