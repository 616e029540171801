//! What is noted of a call: by whom, of what, with what outcome. What was said in it is not.

use std::sync::Arc;

use resources::{Resources, audit::MOST_IDS};
use schemas::audit::{AuditAccess, AuditEntry};
use serde_json::Value;

use crate::{Caller, Context, Credential, Face, Result, Tool};

/// A call that is being made.
pub(crate) struct Noting {
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

impl Noting {
    /// Begins to note a call of `tool`, if it is an assistant's or a script's, and a trail is kept. `arguments` are none
    /// where they could not be read.
    pub(crate) fn begin(context: &Context, tool: &Tool, arguments: Option<&Value>) -> Option<Self> {
        let caller = &context.caller;
        let is_key = matches!(caller.credential, Credential::Key(_));
        let is_noted = is_key || matches!(caller.face, Face::Mcp | Face::Agent);
        if !is_noted || !context.resources.audit(&caller.user).is_kept() {
            return None;
        }
        let access = if tool.behaviour().read_only { AuditAccess::Read } else { AuditAccess::Write };
        let mut ids = Ids::default();
        arguments.iter().filter(|_| access == AuditAccess::Write).for_each(|arguments| ids.take(arguments));
        let (caller, resources) = (Arc::clone(caller), Arc::clone(&context.resources));
        Some(Self { caller, resources, tool: tool.name, access, ids, outcome: "cancelled" })
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

impl Drop for Noting {
    fn drop(&mut self) {
        let key = match &self.caller.credential {
            Credential::Key(key) => Some(key),
            _ => None,
        };
        self.resources.audit(&self.caller.user).note(AuditEntry {
            time: resources::now(),
            face: self.caller.face.name().to_owned(),
            key_id: key.map(|key| key.id.clone()),
            key_name: key.map(|key| key.name.clone()),
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
        if self.first.len() < MOST_IDS {
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
        assert_eq!((ids.first.len(), ids.count), (MOST_IDS, 102));
    }
}
