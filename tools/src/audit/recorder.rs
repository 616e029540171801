//! What is noted of a call: by whom, of what, with what outcome. What was said in it is not.

use std::sync::Arc;

use resources::{Resources, audit::MAX_IDS};
use schemas::audit::{AuditAccess, AuditEntry};
use serde_json::Value;

use crate::{Caller, Context, Credential, Result, Surface, Tool};

/// A call that is being made.
pub(crate) struct AuditRecorder {
    caller: Arc<Caller>,
    resources: Arc<Resources>,
    tool: &'static str,
    access: AuditAccess,
    /// What was returned, and of a write what it named; of a call that failed nothing.
    ids: Ids,
    /// What became of it; a call that ends without a word was cancelled.
    outcome: &'static str,
}

/// Ids, each once.
#[derive(Default)]
struct Ids {
    first: Vec<String>,
    count: usize,
}

impl AuditRecorder {
    /// Begins to note a call of `tool`, unless the user makes it themselves, if a trail is kept. `arguments` are none
    /// where they could not be read.
    pub(crate) fn begin(context: &Context, tool: &Tool, arguments: Option<&Value>) -> Option<Self> {
        let access = if tool.behaviour().read_only { AuditAccess::Read } else { AuditAccess::Write };
        let mut recorder = Self::of(context, tool.name, access)?;
        let written = arguments.filter(|_| access == AuditAccess::Write);
        written.into_iter().for_each(|arguments| recorder.ids.take(arguments));
        Some(recorder)
    }

    fn of(context: &Context, tool: &'static str, access: AuditAccess) -> Option<Self> {
        let caller = &context.caller;
        let is_key = matches!(caller.credential, Credential::Key(_));
        let is_noted = is_key || caller.actor.is_some() || matches!(caller.surface, Surface::Mcp | Surface::Agent);
        if !is_noted || !context.resources.audit(&caller.user).is_enabled() {
            return None;
        }
        let (caller, resources) = (Arc::clone(caller), Arc::clone(&context.resources));
        Some(Self { caller, resources, tool, access, ids: Ids::default(), outcome: "cancelled" })
    }

    /// Notes what became of it.
    pub(crate) fn end(mut self, outcome: &Result<Value>) {
        let result = match outcome {
            Ok(result) => result,
            Err(error) => {
                (self.outcome, self.ids) = (error.code(), Ids::default());
                return;
            }
        };
        self.outcome = "ok";
        self.ids.take(result);
        for value in result.as_object().into_iter().flat_map(|fields| fields.values()) {
            match value {
                Value::Array(rows) => rows.iter().for_each(|row| self.ids.take(row)),
                row => self.ids.take(row),
            }
        }
    }
}

impl Context {
    /// Records an action that is no tool call, if the user is impersonated: all that is done in their place is in their
    /// audit trail.
    pub(crate) fn record_impersonated(&self, action: &'static str, access: AuditAccess) {
        let recorder = self.caller.actor.and_then(|_| AuditRecorder::of(self, action, access));
        if let Some(mut recorder) = recorder {
            recorder.outcome = "ok";
        }
    }
}

impl Drop for AuditRecorder {
    fn drop(&mut self) {
        let key = match &self.caller.credential {
            Credential::Key(key) => Some(key),
            _ => None,
        };
        // A key may be called the same, but has an id.
        let actor = self.caller.actor.map(|actor| actor.name().to_owned());
        self.resources.audit(&self.caller.user).record(AuditEntry {
            time: resources::now(),
            face: self.caller.surface.name().to_owned(),
            key_id: key.map(|key| key.id.clone()),
            key_name: actor.or_else(|| key.map(|key| key.name.clone())),
            client_id: key.and_then(|key| key.listed.app_id.clone()),
            tool: self.tool.to_owned(),
            access: self.access,
            ids: std::mem::take(&mut self.ids.first),
            id_count: self.ids.count,
            outcome: self.outcome.to_owned(),
        });
    }
}

impl Ids {
    /// Takes the ids among an object's own fields: `id`, `memory_id`, `memory_ids`.
    fn take(&mut self, object: &Value) {
        for (name, value) in object.as_object().into_iter().flatten() {
            match value {
                Value::String(id) if name == "id" || name.ends_with("_id") => self.add(id),
                Value::Array(ids) if name.ends_with("_ids") => {
                    ids.iter().filter_map(Value::as_str).for_each(|id| self.add(id));
                }
                _ => {}
            }
        }
    }

    fn add(&mut self, id: &str) {
        if id.is_empty() || self.first.iter().any(|known| known == id) {
            return;
        }
        self.count += 1;
        if self.first.len() < MAX_IDS {
            self.first.push(id.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_taken_once_and_not_without_end() {
        let mut ids = Ids::default();
        ids.take(
            &json!({ "memory_id": "a", "memory_ids": ["a", "b"], "content": "c", "id": "", "conversation_id": null }),
        );
        assert_eq!((ids.first.len(), ids.count), (2, 2));
        ids.take(&json!({ "some_ids": (0..100).map(|n| n.to_string()).collect::<Vec<_>>() }));
        assert_eq!((ids.first.len(), ids.count), (MAX_IDS, 102));
    }
}
