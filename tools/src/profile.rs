//! The user's profile, made from memories.

use resources::memories::Selection;
use schemas::{
    memory::{MemoryCategory, MemorySort},
    profile::*,
};

use crate::{Context, Result, Tool, limits::Policy, memories::MEMORIES, tool::binding::get};

/// The maximum number of memories, and the maximum length of the text, in characters.
const MAX_MEMORIES: u32 = 100;
const MAX_TEXT: usize = 6000;

/// The categories of general knowledge, which is not about the user.
const EXCLUDED_CATEGORIES: [MemoryCategory; 3] =
    [MemoryCategory::Interesting, MemoryCategory::Learnings, MemoryCategory::Workflow];

pub(crate) fn tools() -> Vec<Tool> {
    MEMORIES.tools([read!(get_user_profile)
        .app("/v1/users/profile-text")
        .developer("/v1/dev/user/profile")
        .mcp(get("/v1/mcp/profile").limited(&[Policy::McpRead]))])
}

async fn get_user_profile(context: Context, _: GetUserProfile) -> Result<UserProfile> {
    let selection = Selection { sort: MemorySort::ScoringDesc, limit: MAX_MEMORIES, ..Selection::default() };
    let mut memories = context.memories().list(&selection).await?;
    memories.retain(|memory| !EXCLUDED_CATEGORIES.contains(&memory.category));
    let mut remaining = MAX_TEXT;
    memories.retain(|memory| {
        let left = remaining.checked_sub(memory.content.chars().count() + 1);
        left.map(|left| remaining = left).is_some()
    });
    let lines: Vec<&str> = memories.iter().map(|memory| memory.content.trim()).collect();
    let user = context.resources.users().find(&context.caller.user).await?;
    Ok(UserProfile {
        name: user.map(|user| user.name),
        email: None,
        phone_number: None,
        profile_text: (!lines.is_empty()).then(|| lines.join("\n")),
        generated_at: memories.iter().map(|memory| memory.updated_at).max(),
        data_sources_used: if memories.is_empty() { Vec::new() } else { vec!["memories".to_owned()] },
    })
}
