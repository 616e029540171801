//! Chat messages: read, clear, rate, report and share them.

mod greeting;

use resources::messages::{self, Messages, Report, Selection};
use schemas::{
    chat::*,
    memory::Done,
    scope::Scope::ChatRead,
    share_link::{ActiveShareLinks, CreatedShareLink, ShareLinkKind},
};
use serde_json::json;

use crate::{
    Access, Context, Credential, Error, Hints, Result, Tool,
    limits::{Locality, Policy},
    share_links,
    tool::{
        Noun,
        binding::{Binding, delete, get, post},
        paging,
    },
    toolsets::Toolset,
};
use greeting::Wording;

/// The fields of a message that assistants and bridges of MCP see.
const COMPACT: &[&str] = &["id", "text", "sender", "type", "created_at"];

/// The messages of the user's chat.
pub(crate) const CHAT: Noun = Noun::new("message", "messages", "message_id", Toolset::Conversations);

pub(crate) fn tools() -> Vec<Tool> {
    // Older clients call an app a plugin.
    let with_app = |route: Binding| route.alias("app_id", "plugin_id");
    let reported = |path| post(path).constant(json!({ "message": "Message reported" }));
    CHAT.tools([
        // Developer keys have no scope for chat.
        read!(get_chat_messages)
            .scope(ChatRead)
            .assistant_fields(COMPACT)
            .app(with_app(get("/v2/messages").page(100, 100).preset("when_empty", json!(WhenEmpty::Greet))))
            .mcp(with_app(get("/v1/mcp/chat").page(50, 200).only(COMPACT).cursor("X-Next-Cursor"))),
        delete!(clear_chat).app(with_app(delete("/v2/messages"))).app(with_app(delete("/v1/messages"))),
        create!(create_initial_message)
            .limited(&[Policy::ChatInitial])
            .app(with_app(post("/v2/initial-message").query()))
            .app(with_app(post("/v1/initial-message").query())),
        act!(report_message)
            .app(reported("/v2/messages/{message_id}/report"))
            .app(reported("/v1/messages/{message_id}/report")),
        update!(rate_message).app("/v2/messages/{message_id}/rating"),
        // What others have seen cannot be taken back, so the user has to confirm it.
        act!(share_messages).hints(Hints::DESTRUCTIVE).app("/v2/messages/share"),
        read!(get_shared_messages).access(Access::Public).whole().public("/v2/messages/shared/{token}"),
        read!(get_message_links).app("/v1/share-links/messages"),
        delete!(revoke_message_link).app("/v1/share-links/messages/{link_id}"),
    ])
}

/// The caller's chat messages.
pub(crate) fn messages(context: &Context) -> Messages<'_> {
    context.resources.messages(&context.caller.user)
}

async fn get_chat_messages(context: Context, input: GetChatMessages) -> Result<ChatMessages> {
    let GetChatMessages { limit, offset, cursor, app_id, when_empty } = input;
    let list = ("get_chat_messages", &app_id);
    let after = paging::read(&context, &list, cursor.as_deref(), offset)?;
    let selection = Selection { app_id: app_id.as_deref(), after, offset, limit: limit + 1 };
    let mut found = messages(&context).list(&selection).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    // Keys may only read.
    let greets = when_empty == WhenEmpty::Greet && matches!(context.caller.credential, Credential::Session);
    if !found.is_empty() || offset > 0 || cursor.is_some() || !greets {
        let end = selection.end_of(&found).filter(|_| has_more);
        let next_cursor = end.and_then(|end| paging::write(&context, &list, end));
        return Ok(ChatMessages { messages: found, next_cursor });
    }
    Ok(ChatMessages { messages: vec![add_greeting(&context, app_id).await?], next_cursor: None })
}

async fn clear_chat(context: Context, input: ClearChat) -> Result<OneMessage> {
    let app_id = input.app_id.as_deref();
    messages(&context).clear(app_id).await?;
    context.resources.chat_files(&context.caller.user).delete_of_chat(app_id).await?;
    Ok(OneMessage { message: add_greeting(&context, input.app_id).await? })
}

async fn create_initial_message(context: Context, input: CreateInitialMessage) -> Result<OneMessage> {
    let greeting = greeting::compose(&context, input.app_id, Wording::Model).await?;
    Ok(OneMessage { message: messages(&context).save(&greeting).await? })
}

async fn report_message(context: Context, input: ReportMessage) -> Result<Done> {
    match messages(&context).report(&input.message_id).await? {
        Report::Done => Ok(Done::DONE),
        Report::Own => Err(Error::Rejected("Only answers can be reported".into())),
        Report::AlreadyReported => Err(Error::Rejected("This message has been reported already".into())),
        Report::Missing => Err(not_found()),
    }
}

async fn rate_message(context: Context, input: RateMessage) -> Result<Done> {
    if messages(&context).rate(&input.message_id, input.rating).await? { Ok(Done::DONE) } else { Err(not_found()) }
}

async fn share_messages(context: Context, input: ShareMessages) -> Result<CreatedShareLink> {
    share_links::check_expiry(input.expires_at)?;
    let creation = messages(&context).share(&input.message_ids, input.expires_at).await?;
    share_links::created_link(&context, creation, "/v2/messages/shared/{token}", input.expires_at, not_found)
}

async fn get_message_links(context: Context, _: GetMessageLinks) -> Result<ActiveShareLinks> {
    share_links::list(&context, ShareLinkKind::Message).await
}

async fn revoke_message_link(context: Context, input: RevokeMessageLink) -> Result<Done> {
    share_links::revoke(&context, ShareLinkKind::Message, &input.link_id).await
}

async fn get_shared_messages(context: Context, input: GetSharedMessages) -> Result<SharedMessages> {
    let shared = messages::find_share(&context.resources.database, &input.token).await?;
    shared.ok_or_else(|| Error::NotFound("Shared messages not found".into()))
}

/// Adds a greeting to an empty chat. Returns its newest message, which may be that of a concurrent call.
async fn add_greeting(context: &Context, app_id: Option<String>) -> Result<Message> {
    // Any name of an app begins a chat: only so many greetings are worded by the model.
    let limited = context.check_rate_limit(&[Policy::ChatInitial], 1, Locality::Remote);
    let wording = if limited.is_ok() { Wording::Model } else { Wording::Fixed };
    let greeting = greeting::compose(context, app_id, wording).await?;
    let messages = messages(context);
    messages.save_first(&greeting).await?;
    let newest = Selection { app_id: greeting.app_id.as_deref(), limit: 1, ..Selection::default() };
    let newest = messages.list(&newest).await?.pop();
    newest.ok_or_else(|| Error::Conflict("The chat was cleared meanwhile".into()))
}

fn not_found() -> Error {
    Error::NotFound("Message not found".into())
}
