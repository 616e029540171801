//! The audit trail, for the user whose data it is about.

mod recorder;

use resources::audit::{PositionedEntry, Selection};
use schemas::audit::*;

use crate::{
    Access, Context, Credential, Error, Result, Tool,
    tool::{Noun, paging},
    toolsets::Toolset,
};
pub(crate) use recorder::AuditRecorder;

/// The calls that were made for the user.
pub(crate) const AUDIT: Noun = Noun::new("audit_entry", "audit_entries", "audit_entry_id", Toolset::Admin);

pub(crate) fn tools() -> Vec<Tool> {
    AUDIT.tools([read!(get_audit)
        .access(Access::AnyCredential)
        .app("/v1/users/audit")
        .developer("/v1/dev/user/audit")
        .mcp("/v1/mcp/audit")])
}

async fn get_audit(context: Context, input: GetAudit) -> Result<AuditTrail> {
    let GetAudit { start_date, end_date, key_id, tool, access, limit, cursor } = input;
    if matches!((start_date, end_date), (Some(start), Some(end)) if start > end) {
        return Err(Error::Invalid("start_date must not be after end_date".into()));
    }
    let list = ("get_audit", start_date, end_date, &key_id, &tool, access);
    let after: Option<i64> = paging::read(&context, &list, cursor.as_deref(), 0)?;
    let key = match (&context.caller.credential, &key_id) {
        // What other keys did is between them and the user.
        (Credential::Key(key), Some(wanted)) if key.id != *wanted => {
            return Ok(AuditTrail { entries: Vec::new(), next_cursor: None });
        }
        (Credential::Key(key), _) => Some(key.id.clone()),
        (_, wanted) => wanted.clone(),
    };
    let wanted =
        Selection { start: start_date, end: end_date, key, tool: tool.clone(), access, after, limit: limit + 1 };
    let mut found = context.resources.audit(&context.caller.user).list(&wanted).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let end = found.last().filter(|_| has_more).map(|last| last.position);
    let next_cursor = end.and_then(|end| paging::write(&context, &list, end));
    Ok(AuditTrail { entries: found.into_iter().map(|PositionedEntry { entry, .. }| entry).collect(), next_cursor })
}
