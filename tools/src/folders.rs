//! Folders: make and arrange them, and file conversations.

use resources::{
    conversations::Selection,
    folders::{Deleted, FolderChange, Folders as Stored, NewFolder},
};
use schemas::{
    folder::*,
    memory::Done,
    scope::Scope::{ConversationsRead, ConversationsWrite},
};
use serde_json::json;

use crate::{
    Context, Error, Hints, Result, Tool, conversations,
    limits::Policy,
    route::{delete, get, patch, post},
};

/// The fields of a folder that developers see.
const DEVELOPER: &[&str] = &[
    "id",
    "name",
    "description",
    "color",
    "icon",
    "created_at",
    "updated_at",
    "order",
    "is_default",
    "is_system",
    "conversation_count",
];

pub(crate) fn tools() -> Vec<Tool> {
    let ok = || json!({ "status": "ok" });
    let done = || json!({ "success": true });
    let moves = Hints { read_only: false, destructive: false, idempotent: true };
    vec![
        // The app shows the first set to whoever has none; developers see what is there.
        tool!(get_folders)
            .scope(ConversationsRead)
            .app(get("/v1/folders").preset("make_first_set", json!(true)).field("folders"))
            .developer(
                get("/v1/dev/user/folders")
                    .limit(Policy::DevOther)
                    .preset("make_first_set", json!(false))
                    .field("folders")
                    .only(DEVELOPER),
            ),
        tool!(get_folder).scope(ConversationsRead).app(get("/v1/folders/{folder_id}").field("folder")).developer(
            get("/v1/dev/user/folders/{folder_id}").limit(Policy::DevOther).ours().field("folder").only(DEVELOPER),
        ),
        tool!(create_folder)
            .scope(ConversationsWrite)
            .app(post("/v1/folders").field("folder"))
            .developer(post("/v1/dev/user/folders").limit(Policy::DevOther).ours().field("folder").only(DEVELOPER)),
        tool!(update_folder).scope(ConversationsWrite).app(patch("/v1/folders/{folder_id}").field("folder")).developer(
            patch("/v1/dev/user/folders/{folder_id}").limit(Policy::DevOther).ours().field("folder").only(DEVELOPER),
        ),
        tool!(delete_folder)
            .scope(ConversationsWrite)
            .app(delete("/v1/folders/{folder_id}").empty())
            .developer(delete("/v1/dev/user/folders/{folder_id}").limit(Policy::DevOther).ours().constant(done())),
        tool!(reorder_folders)
            .scope(ConversationsWrite)
            .app(post("/v1/folders/reorder").constant(ok()))
            .developer(post("/v1/dev/user/folders/reorder").limit(Policy::DevOther).ours().constant(done()))
            .hints(moves),
        tool!(get_folder_conversations)
            .scope(ConversationsRead)
            .app(
                get("/v1/folders/{folder_id}/conversations")
                    .page(100, 1000)
                    .narrow("include_transcript", json!({ "default": true }))
                    .field("conversations"),
            )
            .developer(
                get("/v1/dev/user/folders/{folder_id}/conversations")
                    .limit(Policy::DevConversationsRead)
                    .limit(Policy::DevConversationReadsTotal)
                    .limit_when("include_transcript", Policy::DevConversationTranscriptRead)
                    .ours()
                    .page(25, 100)
                    .field("conversations")
                    .only(conversations::DEVELOPER),
            )
            .brief("conversations", conversations::CARD),
        tool!(move_conversation)
            .scope(ConversationsWrite)
            .app(patch("/v1/conversations/{conversation_id}/folder").constant(ok()))
            .developer(
                patch("/v1/dev/user/conversations/{conversation_id}/folder")
                    .limit(Policy::DevOther)
                    .ours()
                    .constant(done()),
            ),
        tool!(move_conversations)
            .scope(ConversationsWrite)
            .app(post("/v1/folders/{folder_id}/conversations/bulk-move"))
            .developer(post("/v1/dev/user/folders/{folder_id}/conversations/bulk-move").limit(Policy::DevOther).ours())
            .hints(moves),
    ]
}

impl Context {
    /// The caller's folders.
    pub fn folders(&self) -> Stored<'_> {
        self.resources.folders(&self.caller.user)
    }
}

async fn get_folders(context: Context, input: GetFolders) -> Result<Folders> {
    if input.make_first_set {
        context.folders().choices().await?;
    }
    Ok(Folders { folders: context.folders().list().await? })
}

async fn get_folder(context: Context, input: GetFolder) -> Result<OneFolder> {
    let folder = context.folders().get(&input.folder_id).await?.ok_or_else(not_found)?;
    Ok(OneFolder { folder })
}

async fn create_folder(context: Context, input: CreateFolder) -> Result<OneFolder> {
    let CreateFolder { name, description, color, icon } = input;
    let new = NewFolder { name: named(&name)?, description, color, icon };
    let too_many = || Error::Rejected("No more than 50 folders can be made".into());
    let folder = context.folders().create(new).await?.ok_or_else(too_many)?;
    Ok(OneFolder { folder })
}

async fn update_folder(context: Context, input: UpdateFolder) -> Result<OneFolder> {
    let UpdateFolder { folder_id, name, description, color, icon, order } = input;
    if name.is_none() && description.is_none() && color.is_none() && icon.is_none() && order.is_none() {
        let sentence = "At least one field (name, description, color, icon, order) must be provided";
        return Err(Error::Invalid(sentence.into()));
    }
    let name = name.map(|name| named(&name)).transpose()?;
    let change = FolderChange { name, description, color, icon, order };
    let folder = context.folders().change(&folder_id, change).await?.ok_or_else(not_found)?;
    Ok(OneFolder { folder })
}

async fn delete_folder(context: Context, input: DeleteFolder) -> Result<Done> {
    let DeleteFolder { folder_id, move_to_folder_id: target } = input;
    if target.as_ref() == Some(&folder_id) {
        return Err(Error::Rejected("Conversations cannot move to the folder that is deleted".into()));
    }
    match context.folders().delete(&folder_id, target.as_deref()).await? {
        Deleted::Done => Ok(Done::DONE),
        Deleted::System => Err(Error::Rejected("System folders cannot be deleted".into())),
        Deleted::NotThere => Err(not_found()),
        Deleted::NoTarget => Err(Error::NotFound("Target folder not found".into())),
    }
}

async fn reorder_folders(context: Context, input: ReorderFolders) -> Result<Done> {
    let mut distinct = input.folder_ids.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < input.folder_ids.len() {
        return Err(Error::Invalid("folder_ids must name each folder once".into()));
    }
    let unknown = context.folders().reorder(&input.folder_ids).await?;
    if unknown.is_empty() {
        Ok(Done::DONE)
    } else {
        Err(Error::Invalid(format!("Unknown folders: {}", unknown.join(", "))))
    }
}

async fn get_folder_conversations(context: Context, input: GetFolderConversations) -> Result<FolderConversations> {
    context.folders().get(&input.folder_id).await?.ok_or_else(not_found)?;
    let selection = Selection {
        folder_id: Some(input.folder_id),
        discarded: (!input.include_discarded).then_some(false),
        offset: input.offset,
        limit: input.limit,
        ..Selection::default()
    };
    let stored = context.conversations();
    let mut conversations = stored.list(&selection).await?;
    if input.include_transcript {
        stored.add_transcripts(&mut conversations).await?;
    }
    Ok(FolderConversations { conversations })
}

async fn move_conversation(context: Context, input: MoveConversation) -> Result<Done> {
    let Some(folder) = input.folder_id else {
        return Err(Error::Invalid("folder_id must be given; null takes the conversation out of its folder".into()));
    };
    match context.folders().file(&[input.conversation_id], folder.as_deref()).await?.ok_or_else(not_found)? {
        0 => Err(Error::NotFound("Conversation not found".into())),
        _ => Ok(Done::DONE),
    }
}

async fn move_conversations(context: Context, input: MoveConversations) -> Result<MovedConversations> {
    let moved = context.folders().file(&input.conversation_ids, Some(&input.folder_id)).await?;
    Ok(MovedConversations { status: "ok".into(), moved_count: moved.ok_or_else(not_found)? })
}

/// The name without the spaces around it, if anything is left.
fn named(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() { Err(Error::Invalid("name cannot be empty".into())) } else { Ok(name.to_owned()) }
}

fn not_found() -> Error {
    Error::NotFound("Folder not found".into())
}
