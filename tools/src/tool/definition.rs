//! How a tool is defined: the function, and what does not follow from its noun and its verb.

use std::any::TypeId;

use futures::future::BoxFuture;
use http::Method;
use schemars::{JsonSchema, SchemaGenerator};
use schemas::{memory::Done, scope::Scope};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Access, Arguments, Audience, Context, Error, Hints, Noun, Result, Shape, Tool, Undo,
    binding::{Binding, Bound},
    limits::{self, Policy},
};

/// Defines the tool of the function with this name, which reads.
macro_rules! read {
    ($function:ident) => {
        $crate::tool::Definition::new(stringify!($function), $crate::tool::Verb::Read, $function)
    };
}

/// Defines the tool of the function with this name, which creates something.
macro_rules! create {
    ($function:ident) => {
        $crate::tool::Definition::new(stringify!($function), $crate::tool::Verb::Create, $function)
    };
}

/// Defines the tool of the function with this name, which changes something.
macro_rules! update {
    ($function:ident) => {
        $crate::tool::Definition::new(stringify!($function), $crate::tool::Verb::Update, $function)
    };
}

/// Defines the tool of the function with this name, which deletes something.
macro_rules! delete {
    ($function:ident) => {
        $crate::tool::Definition::new(stringify!($function), $crate::tool::Verb::Delete, $function)
    };
}

/// Defines the tool of the function with this name, which does something else.
macro_rules! act {
    ($function:ident) => {
        $crate::tool::Definition::new(stringify!($function), $crate::tool::Verb::Act, $function)
    };
}

/// What a tool does with its noun. Scope, rate limits, hints and the method of its routes follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Read,
    Create,
    Update,
    Delete,
    Act,
}

impl Verb {
    /// The method of routes that name none.
    pub(super) fn method(self) -> Method {
        match self {
            Verb::Read => Method::GET,
            Verb::Create | Verb::Act => Method::POST,
            Verb::Update => Method::PATCH,
            Verb::Delete => Method::DELETE,
        }
    }

    fn hints(self) -> Hints {
        match self {
            Verb::Read => Hints::READ,
            Verb::Create | Verb::Act => Hints::WRITE,
            Verb::Update => Hints::IDEMPOTENT,
            Verb::Delete => Hints::DESTRUCTIVE.and_idempotent(),
        }
    }
}

/// A tool in the making. The order of the modifiers never matters.
pub(crate) struct Definition {
    name: &'static str,
    verb: Verb,
    arguments: Arguments,
    output: super::SchemaOf,
    run: super::Run,
    is_done: bool,
    ready: Option<super::Ready>,
    access: Option<Access>,
    more_scopes: &'static [Scope],
    no_impersonation: bool,
    bindings: Vec<(Audience, Binding)>,
    chat: Option<&'static str>,
    undo: Option<UndoBy>,
    limits: Option<&'static [Policy]>,
    is_long_running: bool,
    hints: Option<Hints>,
    shape: Option<Shape>,
    compact_arguments: Option<&'static [&'static str]>,
    assistant_fields: &'static [&'static str],
}

enum UndoBy {
    Deleting(&'static str),
    Restoring,
}

impl Definition {
    /// Wraps `function`; called by `read!` and its like.
    pub(crate) fn new<I, O, F, R>(name: &'static str, verb: Verb, function: F) -> Self
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
            verb,
            arguments: Arguments::for_assistants(|generator| generator.subschema_for::<I>()),
            output: |generator| generator.subschema_for::<O>(),
            run: Box::new(run),
            is_done: TypeId::of::<O>() == TypeId::of::<Done>(),
            ready: None,
            access: None,
            more_scopes: &[],
            no_impersonation: false,
            bindings: Vec::new(),
            chat: None,
            undo: None,
            limits: None,
            is_long_running: false,
            hints: None,
            shape: None,
            compact_arguments: None,
            assistant_fields: &[],
        }
    }

    /// Sets who may call the tool, where the noun's scopes do not decide it.
    pub(crate) fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// Opens the tool to keys that hold `scope`.
    pub(crate) fn scope(self, scope: Scope) -> Self {
        self.access(Access::Scope(scope))
    }

    /// Requires these scopes of keys too: those of what the tool reads of other nouns, or gives away.
    pub(crate) fn more_scopes(mut self, scopes: &'static [Scope]) -> Self {
        self.more_scopes = scopes;
        self
    }

    /// Refuses calls, before a body is read, while what the tool depends on is not configured.
    pub(crate) fn ready(mut self, ready: super::Ready) -> Self {
        self.ready = Some(ready);
        self
    }

    /// Closes the tool to those who impersonate a user.
    pub(crate) fn no_impersonation(mut self) -> Self {
        self.no_impersonation = true;
        self
    }

    /// Binds a route that asks for no credential.
    pub(crate) fn public(self, route: impl Into<Binding>) -> Self {
        self.bind(Audience::Public, route)
    }

    /// Binds a route for signed-in users.
    pub(crate) fn app(self, route: impl Into<Binding>) -> Self {
        self.bind(Audience::App, route)
    }

    /// Binds a route for signed-in users who manage their keys.
    pub(crate) fn account(self, route: impl Into<Binding>) -> Self {
        self.bind(Audience::Account, route)
    }

    /// Binds a route for developer keys.
    pub(crate) fn developer(self, route: impl Into<Binding>) -> Self {
        self.bind(Audience::Developer, route)
    }

    /// Binds a route for MCP keys.
    pub(crate) fn mcp(self, route: impl Into<Binding>) -> Self {
        self.bind(Audience::Mcp, route)
    }

    fn bind(mut self, audience: Audience, route: impl Into<Binding>) -> Self {
        self.bindings.push((audience, route.into()));
        self
    }

    /// Counts tool calls over MCP and requests of the app under these policies instead of those of the noun.
    pub(crate) fn limited(mut self, policies: &'static [Policy]) -> Self {
        self.limits = Some(policies);
        self
    }

    /// Also takes the argument `field` by the name `other`, on every surface; `items.content` reaches into each object of
    /// a list.
    pub(crate) fn alias(mut self, field: &'static str, other: &'static str) -> Self {
        self.arguments.aliases.push((field, other));
        self
    }

    /// Offers the tool to the chat model; `doing` is what the user reads while it runs.
    pub(crate) fn chat(mut self, doing: &'static str) -> Self {
        self.chat = Some(doing);
        self
    }

    /// The chat agent undoes a call by deleting what it wrote, with the tool of this name.
    pub(crate) fn undo_deleting(mut self, by: &'static str) -> Self {
        self.undo = Some(UndoBy::Deleting(by));
        self
    }

    /// The chat agent undoes a call by writing again what the noun's reader returned before.
    pub(crate) fn undo_restoring(mut self) -> Self {
        self.undo = Some(UndoBy::Restoring);
        self
    }

    /// Puts the tool in the list that assistants see who ask for no toolset. Of its optional arguments they see these.
    pub(crate) fn in_default_list(mut self, arguments: &'static [&'static str]) -> Self {
        self.compact_arguments = Some(arguments);
        self
    }

    /// Says that a call may take longer than a client likes to wait.
    pub(crate) fn long_running(mut self) -> Self {
        self.is_long_running = true;
        self
    }

    /// Says what clients may assume, where that does not follow from the verb.
    pub(crate) fn hints(mut self, hints: Hints) -> Self {
        self.hints = Some(hints);
        self
    }

    /// Sends the whole result on every route, where the noun's field would be sent.
    pub(crate) fn whole(mut self) -> Self {
        self.shape = Some(Shape::Whole);
        self
    }

    /// Sends only the value of `field` on every route.
    pub(crate) fn field(mut self, field: &'static str) -> Self {
        self.shape = Some(Shape::Field(field));
        self
    }

    /// Shows assistants only these fields of the noun: what a model reads costs tokens.
    pub(crate) fn assistant_fields(mut self, fields: &'static [&'static str]) -> Self {
        self.assistant_fields = fields;
        self
    }

    /// The tool, with what it takes from its noun.
    pub(super) fn complete(self, noun: &'static Noun) -> Tool {
        let fields = fields_of(self.output);
        let schema = self.arguments.schema.expect("new() sets it");
        let bound = |audience| Bound {
            noun,
            verb: self.verb,
            audience,
            schema,
            limits: self.limits,
            shape: self.shape.as_ref(),
            fields: &fields,
            is_done: self.is_done,
        };
        let aliases = &self.arguments.aliases;
        let complete = |(audience, binding): (Audience, Binding)| {
            let named = aliases.iter().fold(binding, |binding, (field, other)| binding.alias(field, other));
            named.complete(bound(audience))
        };
        let routes = self.bindings.into_iter().map(complete).collect();
        let of_noun = match noun.scopes {
            Some((read, _)) if self.verb == Verb::Read => Access::Scope(read),
            Some((_, write)) => Access::Scope(write),
            None => Access::User,
        };
        let undo = self.undo.map(|undo| match undo {
            UndoBy::Deleting(by) => Undo::Deleting { made: noun.name, by, argument: noun.id },
            UndoBy::Restoring => Undo::Restoring(noun.reader.expect("what is restored can be read")),
        });
        let held = [noun.name, noun.plural].into_iter().find(|name| fields.iter().any(|field| field == name));
        Tool {
            name: self.name,
            noun,
            access: self.access.unwrap_or(of_noun),
            more_scopes: self.more_scopes,
            held,
            no_impersonation: self.no_impersonation,
            ready: self.ready,
            arguments: self.arguments,
            output: self.output,
            routes,
            chat: self.chat,
            undo,
            limits: self.limits.unwrap_or_else(|| limits::policies_of_call(noun.limits, self.verb)),
            is_long_running: self.is_long_running,
            hints: self.hints.unwrap_or(self.verb.hints()),
            compact_arguments: self.compact_arguments,
            assistant_fields: held.zip(Some(self.assistant_fields).filter(|fields| !fields.is_empty())),
            run: self.run,
        }
    }
}

/// The fields of a result.
fn fields_of(output: super::SchemaOf) -> Vec<String> {
    let mut generator = SchemaGenerator::default();
    let schema = output(&mut generator);
    let definitions = generator.definitions();
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next());
    let resolved = match reference {
        Some(name) => definitions.get(name),
        None => Some(schema.as_value()),
    };
    let properties = resolved.and_then(|schema| schema["properties"].as_object());
    properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
}
