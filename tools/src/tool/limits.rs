//! How often everybody may do what: the policies of the contract, and Recollect's own.

use std::net::IpAddr;

use http::HeaderMap;
use resources::limits::Deed;

use super::{Context, Credential, Error, Result};
use Per::{Key, User};
use Policy::*;

/// What a bucket is called, and how often an hour it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum Policy {
    DevMemories,
    DevMemoriesBatch,
    DevMemoriesRead,
    DevConversations,
    DevConversationsRead,
    DevConversationDetailRead,
    DevConversationReadsTotal,
    DevConversationTranscriptRead,
    DevActionItemsRead,
    DevActionItemsWrite,
    DevGoalsRead,
    DevGoalsWrite,
    DevAsk,
    DevOther,
    McpMessages,
    McpRead,
    McpMemoriesRead,
    McpMemoriesWrite,
    MemoriesCreate,
    MemoriesBatch,
    MemoriesModify,
    MemoriesDelete,
    MemoriesDeleteAll,
    ActionItemsWrite,
    ConversationsCreate,
    ConversationsFromSegments,
    ConversationsReprocess,
    ConversationsMerge,
    ConversationsSearch,
    ChatSend,
    ChatInitial,
    VoiceMessage,
    VoiceTranscribe,
    VoiceStream,
    FilesUpload,
    GoalsSuggest,
    GoalsAdvice,
    GoalsExtract,
}

/// For whom a bucket is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Each key and each grant for itself; a user who has signed in without one counts as one more.
    Key,
    /// The user, whatever they come with.
    User,
}

/// Every policy: its name, how often an hour, and for whom.
pub const POLICIES: &[(Policy, &str, u32, Per)] = &[
    (DevMemories, "dev:memories", 120, Key),
    (DevMemoriesBatch, "dev:memories_batch", 15, Key),
    (DevMemoriesRead, "dev:memories_read", 120, Key),
    (DevConversations, "dev:conversations", 25, Key),
    (DevConversationsRead, "dev:conversations_read", 60, Key),
    (DevConversationDetailRead, "dev:conversation_detail_read", 60, Key),
    (DevConversationReadsTotal, "dev:conversation_reads_total", 60, Key),
    (DevConversationTranscriptRead, "dev:conversation_transcript_read", 25, Key),
    (DevActionItemsRead, "dev:action_items_read", 120, Key),
    (DevActionItemsWrite, "dev:action_items_write", 120, Key),
    (DevGoalsRead, "dev:goals_read", 120, Key),
    (DevGoalsWrite, "dev:goals_write", 120, Key),
    (DevAsk, "dev:ask", 25, Key),
    // What the contract's table leaves out: folders, daily summaries, preferences, the keys themselves.
    (DevOther, "dev:other", 300, Key),
    (McpMessages, "mcp:sse", 2000, User),
    (McpRead, "mcp:read", 300, Key),
    (McpMemoriesRead, "mcp:memories_read", 120, Key),
    (McpMemoriesWrite, "mcp:memories_write", 120, Key),
    (MemoriesCreate, "memories:create", 60, Key),
    (MemoriesBatch, "memories:batch", 30, Key),
    (MemoriesModify, "memories:modify", 120, Key),
    (MemoriesDelete, "memories:delete", 60, Key),
    (MemoriesDeleteAll, "memories:delete_all", 2, Key),
    (ActionItemsWrite, "action_items:write", 120, Key),
    (ConversationsCreate, "conversations:create", 10, User),
    (ConversationsFromSegments, "conversations:from_segments", 30, User),
    (ConversationsReprocess, "conversations:reprocess", 3, User),
    (ConversationsMerge, "conversations:merge", 5, User),
    (ConversationsSearch, "conversations:search", 60, User),
    (ChatSend, "chat:send", 120, User),
    (ChatInitial, "chat:initial", 60, User),
    (VoiceMessage, "voice:message", 60, User),
    (VoiceTranscribe, "voice:transcribe", 60, User),
    (VoiceStream, "voice:stream", 60, User),
    (FilesUpload, "files:upload", 40, User),
    (GoalsSuggest, "goals:suggest", 30, User),
    (GoalsAdvice, "goals:advice", 30, User),
    (GoalsExtract, "goals:extract", 30, User),
];

/// A policy that a route is charged under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charge {
    /// The policy.
    pub policy: Policy,
    /// Only where this argument is true.
    pub when: Option<&'static str>,
}

/// From how near a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nearness {
    /// From this machine itself.
    Here,
    /// From elsewhere, or through a proxy, which may stand for anybody.
    Elsewhere,
}

/// What proxies add to the requests that they pass on.
const FORWARDING: [&str; 7] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "cf-connecting-ip"];

impl Nearness {
    /// How near the other end of a connection is that sends these headers.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let is_direct = FORWARDING.iter().all(|name| !headers.contains_key(*name));
        let is_here = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if is_here && is_direct { Nearness::Here } else { Nearness::Elsewhere }
    }
}

impl Context {
    /// Counts `times` deeds under each of these policies; none under any, where one of them has no more to give. The
    /// owner is not counted on the machine that the server runs on.
    ///
    /// # Errors
    /// [`Error::Limited`] says when there is more.
    pub fn charge(&self, policies: &[Policy], times: u32, from: Nearness) -> Result<()> {
        let (limits, caller) = (&self.resources.limits, &self.caller);
        if policies.is_empty() || from == Nearness::Here && limits.is_owner(&caller.user) {
            return Ok(());
        }
        let deed = |policy: &Policy| {
            let (_, name, most, per) = POLICIES[*policy as usize];
            let subject = match (&caller.credential, per) {
                (Credential::Key(key), Per::Key) => &key.id,
                (Credential::Key(_) | Credential::Session | Credential::Nobody, _) => &caller.user,
            };
            Deed { policy: name, subject, most }
        };
        let deeds: Vec<Deed<'_>> = policies.iter().map(deed).collect();
        limits.count(&deeds, times).map_err(Error::Limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Audience, all};

    #[test]
    fn the_table_has_each_policy_in_its_place() {
        for (place, (policy, name, most, _)) in POLICIES.iter().enumerate() {
            assert_eq!(*policy as usize, place, "{name}");
            assert!(*most > 0 && POLICIES.iter().filter(|(_, other, ..)| other == name).count() == 1, "{name}");
        }
        assert_eq!(GoalsExtract as usize + 1, POLICIES.len());
    }

    #[test]
    fn every_route_for_keys_is_limited() {
        for tool in all() {
            for route in tool.routes.iter().filter(|route| route.audience.family().is_some()) {
                assert!(!route.limits.is_empty(), "{} {} has no .limit()", route.method, route.path);
            }
        }
    }

    #[test]
    fn every_policy_for_keys_is_in_use() {
        let routes = || all().iter().flat_map(|tool| &tool.routes);
        let charges = routes().filter(|route| route.audience != Audience::App).flat_map(|route| &route.limits);
        let used: Vec<Policy> = charges.map(|charge| charge.policy).collect();
        for (policy, name, ..) in POLICIES.iter().filter(|(_, name, ..)| name.starts_with("dev:")) {
            assert!(used.contains(policy), "{name}");
        }
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_near() {
        let here = Some(IpAddr::from([127, 0, 0, 1]));
        let mut headers = HeaderMap::new();
        assert_eq!(Nearness::of(here, &headers), Nearness::Here);
        assert_eq!(Nearness::of("::ffff:127.0.0.1".parse().ok(), &headers), Nearness::Here);
        assert_eq!(Nearness::of(Some(IpAddr::from([192, 168, 0, 2])), &headers), Nearness::Elsewhere);
        assert_eq!(Nearness::of(None, &headers), Nearness::Elsewhere);
        headers.insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
        assert_eq!(Nearness::of(here, &headers), Nearness::Elsewhere);
    }
}
