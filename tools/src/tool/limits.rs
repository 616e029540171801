//! Rate limits: the policies of the contract and Recollect's own, and which of them each route and tool call is counted
//! under.

use std::net::IpAddr;

use http::HeaderMap;
use resources::limits::Hit;

use super::{Audience, Context, Credential, Error, Result, Verb};
use Per::{Key, User};
use Policy::*;

/// A rate limit: the bucket that requests are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of names says what each is")]
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
    KeysCreate,
    GoalsSuggest,
    GoalsAdvice,
    GoalsExtract,
}

/// For whom a bucket is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// Each key with the keys that it has created, and each grant; a user who has signed in without one counts as one more.
    Key,
    /// The user, whatever they come with.
    User,
}

impl Policy {
    /// Every policy.
    pub const ALL: &[Policy] = &[
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
        KeysCreate,
        GoalsSuggest,
        GoalsAdvice,
        GoalsExtract,
    ];

    /// The name that settings and logs use.
    pub fn name(self) -> &'static str {
        self.definition().0
    }

    /// Requests an hour.
    pub fn per_hour(self) -> u32 {
        self.definition().1
    }

    /// For whom its bucket is filled.
    pub fn per(self) -> Per {
        self.definition().2
    }

    fn definition(self) -> (&'static str, u32, Per) {
        match self {
            DevMemories => ("dev:memories", 120, Key),
            DevMemoriesBatch => ("dev:memories_batch", 15, Key),
            DevMemoriesRead => ("dev:memories_read", 120, Key),
            DevConversations => ("dev:conversations", 25, Key),
            DevConversationsRead => ("dev:conversations_read", 60, Key),
            DevConversationDetailRead => ("dev:conversation_detail_read", 60, Key),
            DevConversationReadsTotal => ("dev:conversation_reads_total", 60, Key),
            DevConversationTranscriptRead => ("dev:conversation_transcript_read", 25, Key),
            DevActionItemsRead => ("dev:action_items_read", 120, Key),
            DevActionItemsWrite => ("dev:action_items_write", 120, Key),
            DevGoalsRead => ("dev:goals_read", 120, Key),
            DevGoalsWrite => ("dev:goals_write", 120, Key),
            DevAsk => ("dev:ask", 25, Key),
            // What the contract's table leaves out: folders, daily summaries, preferences, the keys themselves.
            DevOther => ("dev:other", 300, Key),
            McpMessages => ("mcp:sse", 2000, User),
            McpRead => ("mcp:read", 300, Key),
            McpMemoriesRead => ("mcp:memories_read", 120, Key),
            McpMemoriesWrite => ("mcp:memories_write", 120, Key),
            MemoriesCreate => ("memories:create", 60, Key),
            MemoriesBatch => ("memories:batch", 30, Key),
            MemoriesModify => ("memories:modify", 120, Key),
            MemoriesDelete => ("memories:delete", 60, Key),
            MemoriesDeleteAll => ("memories:delete_all", 2, Key),
            ActionItemsWrite => ("action_items:write", 120, Key),
            ConversationsCreate => ("conversations:create", 10, User),
            ConversationsFromSegments => ("conversations:from_segments", 30, User),
            ConversationsReprocess => ("conversations:reprocess", 3, User),
            ConversationsMerge => ("conversations:merge", 5, User),
            ConversationsSearch => ("conversations:search", 60, User),
            ChatSend => ("chat:send", 120, User),
            ChatInitial => ("chat:initial", 60, User),
            VoiceMessage => ("voice:message", 60, User),
            VoiceTranscribe => ("voice:transcribe", 60, User),
            VoiceStream => ("voice:stream", 60, User),
            FilesUpload => ("files:upload", 40, User),
            KeysCreate => ("keys:create", 60, User),
            GoalsSuggest => ("goals:suggest", 30, User),
            GoalsAdvice => ("goals:advice", 30, User),
            GoalsExtract => ("goals:extract", 30, User),
        }
    }
}

/// The buckets that a noun shares: limits are the same for all nouns of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitGroup {
    Memories,
    Conversations,
    ActionItems,
    Goals,
    Other,
}

/// The limits of a route for `audience`, where its binding names no others.
pub(crate) fn policies_of_route(audience: Audience, group: LimitGroup, verb: Verb) -> &'static [Policy] {
    use LimitGroup::*;
    match (audience, group, verb) {
        (Audience::Account | Audience::Public, ..) => &[],
        // The app writes action items as often as it likes.
        (Audience::App, ActionItems, _) => &[],
        (Audience::App, ..) => policies_of_call(group, verb),
        (Audience::Developer, Memories, Verb::Read) => &[DevMemoriesRead],
        (Audience::Developer, Memories, _) => &[DevMemories],
        (Audience::Developer, Conversations, Verb::Read) => &[DevConversationsRead, DevConversationReadsTotal],
        (Audience::Developer, Conversations, _) => &[DevConversations],
        (Audience::Developer, ActionItems, Verb::Read) => &[DevActionItemsRead],
        (Audience::Developer, ActionItems, _) => &[DevActionItemsWrite],
        (Audience::Developer, Goals, Verb::Read) => &[DevGoalsRead],
        (Audience::Developer, Goals, _) => &[DevGoalsWrite],
        (Audience::Developer, Other, _) => &[DevOther],
        (Audience::Mcp, Memories, Verb::Read) => &[McpMemoriesRead],
        (Audience::Mcp, Memories, _) => &[McpMemoriesWrite],
        (Audience::Mcp, ActionItems, Verb::Create | Verb::Update | Verb::Delete) => &[ActionItemsWrite],
        (Audience::Mcp, ..) => &[McpRead],
    }
}

/// The limits of a tool call over MCP, where the tool's definition names no others.
pub(crate) fn policies_of_call(group: LimitGroup, verb: Verb) -> &'static [Policy] {
    match (group, verb) {
        (LimitGroup::Memories, Verb::Create) => &[MemoriesCreate],
        (LimitGroup::Memories, Verb::Update) => &[MemoriesModify],
        (LimitGroup::Memories, Verb::Delete) => &[MemoriesDelete],
        (LimitGroup::ActionItems, Verb::Create | Verb::Update | Verb::Delete) => &[ActionItemsWrite],
        (LimitGroup::Conversations, Verb::Create) => &[ConversationsCreate],
        _ => &[],
    }
}

/// A policy that a route is limited by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// The policy.
    pub policy: Policy,
    /// Only where this argument is true.
    pub when: Option<&'static str>,
}

/// Whether a request comes from this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locality {
    /// It does.
    Local,
    /// It comes from another machine, or through a proxy, which may be any client's.
    Remote,
}

/// The headers that proxies add to the requests that they pass on.
const FORWARDING_HEADERS: [&str; 7] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "cf-connecting-ip"];

impl Locality {
    /// The locality of a request with these headers on a connection from `peer`.
    pub fn of(peer: Option<IpAddr>, headers: &HeaderMap) -> Self {
        let is_direct = FORWARDING_HEADERS.iter().all(|name| !headers.contains_key(*name));
        let is_loopback = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if is_loopback && is_direct { Locality::Local } else { Locality::Remote }
    }
}

impl Context {
    /// Counts a request `times` times under each of these policies; under none of them where one is used up. The owner is
    /// not limited on the machine that the server runs on.
    ///
    /// # Errors
    /// [`Error::Limited`] with the time of the next request that is allowed.
    pub fn check_rate_limit(&self, policies: &[Policy], times: u32, locality: Locality) -> Result<()> {
        let (limits, caller) = (&self.resources.rate_limiter, &self.caller);
        if policies.is_empty() || locality == Locality::Local && limits.is_owner(&caller.user) {
            return Ok(());
        }
        let hit = |policy: &Policy| {
            let subject = match (&caller.credential, policy.per()) {
                (Credential::Key(key), Key) => key.limit_subject(),
                (Credential::Key(_) | Credential::Session | Credential::Nobody, _) => &caller.user,
            };
            Hit { policy: policy.name(), subject, limit: policy.per_hour() }
        };
        let hits: Vec<Hit<'_>> = policies.iter().map(hit).collect();
        limits.count(&hits, times).map_err(Error::Limited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::all;

    #[test]
    fn every_policy_is_listed_once_and_has_a_name_of_its_own() {
        for (place, policy) in Policy::ALL.iter().enumerate() {
            assert_eq!(*policy as usize, place, "{policy:?}");
            assert!(policy.per_hour() > 0);
            let namesakes = Policy::ALL.iter().filter(|other| other.name() == policy.name());
            assert_eq!(namesakes.count(), 1, "{policy:?}");
        }
        assert_eq!(GoalsExtract as usize + 1, Policy::ALL.len());
    }

    #[test]
    fn every_route_for_keys_is_limited() {
        for tool in all() {
            for route in tool.routes.iter().filter(|route| route.audience.family().is_some()) {
                assert!(!route.limits.is_empty(), "{} {} has no limit", route.method, route.path);
            }
        }
    }

    #[test]
    fn tools_that_ask_the_model_are_limited_for_each_user() {
        const ASKING: [&str; 9] = [
            "ask",
            "suggest_goal",
            "get_goal_advice",
            "extract_goal_progress",
            "test_prompt",
            "make_daily_summary",
            "create_initial_message",
            "finalize_conversation",
            "reprocess_conversation",
        ];
        let is_for_user = |policy: &Policy| policy.per() == User;
        for name in ASKING {
            let tool = crate::find(name).unwrap();
            assert!(tool.limits.iter().any(is_for_user), "{name} over MCP");
            for route in &tool.routes {
                let limits = route.limits.iter().filter(|limit| limit.when.is_none());
                assert!(limits.map(|limit| &limit.policy).any(is_for_user), "{} {}", route.method, route.path);
            }
        }
    }

    #[test]
    fn every_policy_for_keys_is_in_use() {
        let routes = || all().iter().flat_map(|tool| &tool.routes);
        let limits = routes().filter(|route| route.audience != Audience::App).flat_map(|route| &route.limits);
        let used: Vec<Policy> = limits.map(|limit| limit.policy).collect();
        for policy in Policy::ALL.iter().filter(|policy| policy.name().starts_with("dev:")) {
            assert!(used.contains(policy), "{}", policy.name());
        }
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_near() {
        let local = Some(IpAddr::from([127, 0, 0, 1]));
        let mut headers = HeaderMap::new();
        assert_eq!(Locality::of(local, &headers), Locality::Local);
        assert_eq!(Locality::of("::ffff:127.0.0.1".parse().ok(), &headers), Locality::Local);
        assert_eq!(Locality::of(Some(IpAddr::from([192, 168, 0, 2])), &headers), Locality::Remote);
        assert_eq!(Locality::of(None, &headers), Locality::Remote);
        headers.insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
        assert_eq!(Locality::of(local, &headers), Locality::Remote);
    }
}
