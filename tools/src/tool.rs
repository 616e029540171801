//! The definition of a capability, and the only way to call it.

mod arguments;
mod client;
pub(crate) mod confirmation;
mod context;
mod error;
pub mod limits;
pub(crate) mod paging;
pub(crate) mod route;
pub mod toolsets;
mod validation_errors;

use std::time::Instant;

use futures::future::BoxFuture;
use http::Method;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use schemas::{key::KeyFamily, scope::Scope, user::Role};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use tracing::Instrument;

use crate::audit::AuditRecorder;
use limits::{Charge, Policy};
use toolsets::Toolset;

pub use arguments::Arguments;
pub(crate) use arguments::read_time;
pub use client::{Answer, Client};
pub use context::{Acting, Caller, Context, Credential, Face};
pub use error::{Error, Issue, Result};
pub use route::{Audience, Placement, Reply, Route, Shape};

/// Makes a [`Tool`] of the async function with this name.
macro_rules! tool {
    ($function:ident) => {
        $crate::Tool::new(stringify!($function), $function)
    };
}

/// Writes a type's JSON schema with the settings of the given generator.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// Who may call a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Signed-in users only, never a key.
    Session,
    /// Signed-in users, and developer keys within what they may hand on: the tool sees to that itself.
    Keeper,
    /// Whoever has signed in, with any key.
    Anyone,
    /// Signed-in users, and keys that hold the scope.
    Scope(Scope),
    /// Everybody: what a user has shared by a link.
    Public,
    /// Whoever comes without a key: how one signs in.
    Visitor,
    /// The owner of the server, signed in.
    Owner,
}

/// What a client may assume of a call before it makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hints {
    /// It changes nothing.
    pub read_only: bool,
    /// It may take away what cannot be brought back.
    pub destructive: bool,
    /// Calling it again with the same arguments changes nothing more.
    pub idempotent: bool,
}

/// How what a tool did is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undo {
    /// What it wrote, which is in the field `made` of its result, is deleted by the tool `by`, which calls it `argument`.
    #[expect(missing_docs, reason = "described together")]
    Deleting { made: &'static str, by: &'static str, argument: &'static str },
    /// The same tool writes again what the tool of this name told before.
    Restoring(&'static str),
}

type Run = Box<dyn Fn(Context, Value) -> BoxFuture<'static, Result<Value>> + Send + Sync>;

/// One capability: what every face needs to offer it.
pub struct Tool {
    /// The MCP tool, the OpenAPI operation and the agent's function.
    pub name: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether only the user themselves may call it, and nobody in their place: what it does outlasts that.
    pub in_person: bool,
    /// The arguments as MCP clients and the agent give them.
    pub arguments: Arguments,
    /// The schema of the result.
    pub output: SchemaOf,
    /// The REST routes that lead here.
    pub routes: Vec<Route>,
    /// What the user reads while the chat model has it called; `None` keeps it from the chat model.
    pub chat: Option<&'static str>,
    /// How the chat agent can take back what it did.
    pub undo: Option<Undo>,
    /// What a call by an MCP client is counted as, for the rate limits.
    pub limits: Vec<Policy>,
    /// The toolset that it is shown with: its noun's, unless the line says otherwise.
    pub toolset: Option<Toolset>,
    /// Whether assistants are shown it without asking for a toolset.
    pub daily: bool,
    /// The optional arguments that assistants are shown; none is all.
    shown: Option<&'static [&'static str]>,
    hints: Option<Hints>,
    /// The field of the result whose objects assistants see only in part, and the fields that they see.
    brief: Option<(&'static str, &'static [&'static str])>,
    run: Run,
}

impl Tool {
    /// Wraps `function`; called by `tool!`.
    pub(crate) fn new<I, O, F, R>(name: &'static str, function: F) -> Self
    where
        I: DeserializeOwned + JsonSchema + 'static,
        O: Serialize + JsonSchema + 'static,
        F: Fn(Context, I) -> R + Copy + Send + Sync + 'static,
        R: Future<Output = Result<O>> + Send + 'static,
    {
        let run = move |context, arguments| -> BoxFuture<'static, Result<Value>> {
            Box::pin(async move {
                let input = serde_json::from_value(arguments).map_err(|error| Error::Invalid(error.to_string()))?;
                let output = function(context, input).await?;
                serde_json::to_value(output).map_err(|error| Error::Internal(error.into()))
            })
        };
        Self {
            name,
            access: Access::Session,
            in_person: false,
            arguments: Arguments::of(|generator| generator.subschema_for::<I>()),
            output: |generator| generator.subschema_for::<O>(),
            routes: Vec::new(),
            chat: None,
            undo: None,
            limits: Vec::new(),
            toolset: None,
            daily: false,
            shown: None,
            hints: None,
            brief: None,
            run: Box::new(run),
        }
    }

    /// Opens the tool to keys that hold `scope`.
    pub(crate) fn scope(mut self, scope: Scope) -> Self {
        self.access = Access::Scope(scope);
        self
    }

    /// Opens the tool to developer keys, which manage no more than the keys that they made.
    pub(crate) fn keeper(mut self) -> Self {
        self.access = Access::Keeper;
        self
    }

    /// Opens the tool to every key.
    pub(crate) fn any_key(mut self) -> Self {
        self.access = Access::Anyone;
        self
    }

    /// Opens the tool to everybody, signed in or not.
    pub(crate) fn open(mut self) -> Self {
        self.access = Access::Public;
        self
    }

    /// Counts calls by MCP clients and by the app's routes, which are bound after this, under this policy; routes for keys
    /// have policies of their own.
    pub(crate) fn limit(mut self, policy: Policy) -> Self {
        self.limits.push(policy);
        self
    }

    /// Opens the tool to whoever comes without a key, signed in or not.
    pub(crate) fn visitor(mut self) -> Self {
        self.access = Access::Visitor;
        self
    }

    /// Closes the tool to everybody but the owner of the server.
    pub(crate) fn owner(mut self) -> Self {
        self.access = Access::Owner;
        self
    }

    /// Closes the tool to whoever acts in a user's place.
    pub(crate) fn in_person(mut self) -> Self {
        self.in_person = true;
        self
    }

    /// Binds a route that asks for no credential.
    pub(crate) fn public(self, route: Route) -> Self {
        self.bind(Audience::Public, route)
    }

    /// Binds a route for signed-in users.
    pub(crate) fn app(self, route: Route) -> Self {
        self.bind(Audience::App, route)
    }

    /// Binds a route for signed-in users who manage their keys.
    pub(crate) fn account(self, route: Route) -> Self {
        self.bind(Audience::Account, route)
    }

    /// Binds a route for developer keys.
    pub(crate) fn developer(self, route: Route) -> Self {
        self.bind(Audience::Developer, route)
    }

    /// Binds a route for MCP keys.
    pub(crate) fn mcp(self, route: Route) -> Self {
        self.bind(Audience::Mcp, route)
    }

    fn bind(mut self, audience: Audience, mut route: Route) -> Self {
        route.audience = audience;
        route.arguments.schema = self.arguments.schema;
        if audience == Audience::App {
            route.limits.extend(self.limits.iter().map(|policy| Charge { policy: *policy, when: None }));
        }
        self.routes.push(route);
        self
    }

    /// Offers the tool to the chat model; `doing` is what the user reads while it runs.
    pub(crate) fn chat(mut self, doing: &'static str) -> Self {
        self.chat = Some(doing);
        self
    }

    /// Shows the tool with this toolset, unless it was said already with which.
    pub(crate) fn within(mut self, toolset: Toolset) -> Self {
        self.toolset.get_or_insert(toolset);
        self
    }

    /// Says how what the tool did is taken back.
    pub(crate) fn undo(mut self, undo: Undo) -> Self {
        self.undo = Some(undo);
        self
    }

    /// Shows the tool to assistants that ask for no toolset: it is for daily use. Of its optional arguments they see
    /// these only.
    pub(crate) fn daily(mut self, arguments: &'static [&'static str]) -> Self {
        (self.daily, self.shown) = (true, Some(arguments));
        self
    }

    /// Says what clients may assume, where the method of the first route would say something else.
    pub(crate) fn hints(mut self, hints: Hints) -> Self {
        self.hints = Some(hints);
        self
    }

    /// Shows assistants only these fields of the object, or of each object in the list, in `field` of the result: what a
    /// model reads, it pays for.
    pub(crate) fn brief(mut self, field: &'static str, fields: &'static [&'static str]) -> Self {
        self.brief = Some((field, fields));
        self
    }

    /// The part of a result that assistants see, over MCP and in chat.
    pub fn for_assistants(&self, mut result: Value) -> Value {
        if let Some((field, fields)) = self.brief {
            result[field] = keep(result[field].take(), fields);
        }
        result
    }

    /// What clients may assume of a call: what was said on the binding, else what the first route's method implies.
    pub fn behaviour(&self) -> Hints {
        let method = self.routes.first().map_or(&Method::POST, |route| &route.method);
        let implied = Hints {
            read_only: method == Method::GET,
            destructive: method == Method::DELETE,
            idempotent: method != Method::POST,
        };
        self.hints.unwrap_or(implied)
    }

    /// The tool's name in plain words: `Get memories`.
    pub fn title(&self) -> String {
        let words = self.name.replace('_', " ");
        words[..1].to_uppercase() + &words[1..]
    }

    /// What the tool does, for models and people: the doc comment of its input type.
    pub fn description(&self) -> String {
        self.arguments.description()
    }

    /// The JSON schema of what assistants see of the result: an object, without references.
    pub fn result(&self) -> Map<String, Value> {
        let mut schema = arguments::inline(self.output);
        if let Some((field, fields)) = self.brief {
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

    /// The arguments as assistants are shown them: nothing that goes without saying, an object without references.
    pub fn arguments_for_assistants(&self) -> Map<String, Value> {
        toolsets::arguments(self.arguments.schema(), self.shown)
    }

    /// The result as assistants are shown it: the names of its fields and of those of its rows.
    pub fn result_for_assistants(&self) -> Map<String, Value> {
        toolsets::result(&self.result(), self.arguments.schema())
    }

    /// Whether the caller may use this tool at all; asked before a body is read, and before it is listed.
    pub fn permits(&self, context: &Context) -> Result<()> {
        if self.in_person && context.caller.acting.is_some() {
            return Err(Error::Forbidden("Whoever acts in a user's place does nothing that outlasts that".into()));
        }
        match (&context.caller.credential, self.access) {
            (Credential::Session, Access::Owner) if context.caller.role != Role::Owner => {
                Err(Error::Forbidden("Only the owner of the server may do this".into()))
            }
            (Credential::Nobody, Access::Visitor) => Ok(()),
            (_, Access::Public) | (Credential::Session, _) | (Credential::Key(_), Access::Anyone) => Ok(()),
            (Credential::Nobody, _) => Err(Error::Unauthorized("This needs a signed-in user".into())),
            (Credential::Key(key), Access::Keeper) if key.family == KeyFamily::Developer => Ok(()),
            (Credential::Key(_), Access::Session | Access::Keeper | Access::Visitor | Access::Owner) => {
                Err(Error::Forbidden("This needs a signed-in user, not an API key".into()))
            }
            (Credential::Key(_), Access::Scope(scope)) => context.require(scope),
        }
    }

    /// Calls the tool: the only way in, for every face. `contract` says how this face spells the arguments: the
    /// tool's own [`arguments`](Self::arguments), or those of one of its routes.
    pub async fn call(&self, context: Context, contract: &Arguments, given: Map<String, Value>) -> Result<Value> {
        self.permits(&context)?;
        let face = context.caller.face;
        let span = tracing::debug_span!("tool", name = self.name, face = face.name(), user = context.caller.user);
        async {
            let begun = Instant::now();
            let arguments = contract.read(given);
            let recorder = AuditRecorder::begin(&context, self, arguments.as_ref().ok());
            let outcome = match arguments {
                Ok(arguments) => self.perform(&context, arguments).await,
                Err(error) => Err(error),
            };
            if let Some(recorder) = recorder {
                recorder.end(&outcome);
            }
            self.note(&context, &outcome, begun.elapsed().as_micros());
            outcome
        }
        .instrument(span)
        .await
    }

    /// Runs it, with the user's consent where something goes away and they can be asked.
    async fn perform(&self, context: &Context, arguments: Value) -> Result<Value> {
        self.confirm(context, &arguments).await?;
        (self.run)(context.clone(), arguments).await
    }

    /// Reads on behalf of another tool, which is the one that was called.
    pub(crate) async fn call_within(&self, context: Context, given: Map<String, Value>) -> Result<Value> {
        self.permits(&context)?;
        (self.run)(context, self.arguments.read(given)?).await
    }

    /// Tells those who watch, and the log, what became of a call.
    fn note(&self, context: &Context, outcome: &Result<Value>, micros: u128) {
        if outcome.is_ok() && !self.behaviour().read_only {
            context.resources.changes.note(&context.caller.user);
        }
        match outcome {
            Ok(_) => tracing::debug!(micros, "done"),
            Err(Error::Internal(error)) => tracing::error!(micros, "failed: {error:#}"),
            Err(error) => tracing::debug!(micros, code = error.code(), "refused: {error}"),
        }
    }
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
