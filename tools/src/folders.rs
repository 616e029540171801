//! Folders: create and order them, and move conversations into them.

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
    Context, Error, Result, Tool,
    conversations::{CARD, CONVERSATIONS},
    limits::Policy,
    tool::{
        Noun,
        binding::{delete, get, post},
    },
    toolsets::Toolset,
};

/// Folders of conversations.
pub(crate) const FOLDERS: Noun = Noun {
    reader: Some("get_folder"),
    scopes: Some((ConversationsRead, ConversationsWrite)),
    for_keys: FOR_KEYS,
    ..Noun::new("folder", "folders", "folder_id", Toolset::Conversations)
};

const FOR_KEYS: &[&str] = fields!(
    Folder { id, name, description, color, icon, created_at, updated_at, order, is_default, is_system },
    Folder { conversation_count },
);

pub(crate) fn tools() -> Vec<Tool> {
    let folders = FOLDERS.tools([
        // The app creates the initial folders; developers see only existing ones.
        read!(get_folders)
            .app(get("/v1/folders").preset("make_first_set", json!(true)))
            .developer(get("/v1/dev/user/folders").preset("make_first_set", json!(false))),
        read!(get_folder).app("/v1/folders/{folder_id}").developer("/v1/dev/user/folders/{folder_id}"),
        create!(create_folder).app("/v1/folders").developer("/v1/dev/user/folders"),
        update!(update_folder).app("/v1/folders/{folder_id}").developer("/v1/dev/user/folders/{folder_id}"),
        delete!(delete_folder)
            .app(delete("/v1/folders/{folder_id}").empty())
            .developer("/v1/dev/user/folders/{folder_id}"),
        update!(reorder_folders).app(post("/v1/folders/reorder")).developer(post("/v1/dev/user/folders/reorder")),
    ]);
    let conversations = CONVERSATIONS.tools([read!(get_folder_conversations)
        .assistant_fields(CARD)
        .app(get("/v1/folders/{folder_id}/conversations").page(100, 1000).default("include_transcript", true))
        .developer(
            get("/v1/dev/user/folders/{folder_id}/conversations")
                .limited_when("include_transcript", Policy::DevConversationTranscriptRead)
                .page(25, 100),
        )]);
    let moves = FOLDERS.tools([
        update!(move_conversation)
            .app("/v1/conversations/{conversation_id}/folder")
            .developer("/v1/dev/user/conversations/{conversation_id}/folder"),
        update!(move_conversations)
            .app(post("/v1/folders/{folder_id}/conversations/bulk-move"))
            .developer(post("/v1/dev/user/folders/{folder_id}/conversations/bulk-move")),
    ]);
    [folders, conversations, moves].into_iter().flatten().collect()
}

impl Context {
    /// The caller's folders.
    pub fn folders(&self) -> Stored<'_> {
        self.resources.folders(&self.caller.user)
    }
}

async fn get_folders(context: Context, input: GetFolders) -> Result<Folders> {
    if input.make_first_set {
        context.folders().list_or_create().await?;
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
    match context
        .folders()
        .move_conversations(&[input.conversation_id], folder.as_deref())
        .await?
        .ok_or_else(not_found)?
    {
        0 => Err(Error::NotFound("Conversation not found".into())),
        _ => Ok(Done::DONE),
    }
}

async fn move_conversations(context: Context, input: MoveConversations) -> Result<MovedConversations> {
    let moved = context.folders().move_conversations(&input.conversation_ids, Some(&input.folder_id)).await?;
    Ok(MovedConversations { status: "ok".into(), moved_count: moved.ok_or_else(not_found)? })
}

/// The trimmed name, which must not be empty.
fn named(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() { Err(Error::Invalid("name cannot be empty".into())) } else { Ok(name.to_owned()) }
}

fn not_found() -> Error {
    Error::NotFound("Folder not found".into())
}
