//! Shared conversations: public, without location and other private fields.

use std::collections::BTreeMap;

use resources::conversations::{find_sharing_user, list_public};
use schemas::conversation::*;

use crate::{Context, Error, Result};

pub(super) async fn get_shared_conversation(
    context: Context,
    input: GetSharedConversation,
) -> Result<SharedConversation> {
    let private = || Error::NotFound("Conversation is private".into());
    let owner = find_sharing_user(&context.resources.database, &input.conversation_id).await?.ok_or_else(private)?;
    let conversations = context.resources.conversations(&owner);
    let conversation = conversations.get(&input.conversation_id).await?.ok_or_else(private)?;
    let segments = conversation.transcript_segments.iter().flatten();
    let people: BTreeMap<&String, &String> =
        segments.filter_map(|segment| Some((segment.person_id.as_ref()?, &segment.speaker_name))).collect();
    let people = people.into_iter().map(|(id, name)| SharedPerson { id: id.clone(), name: name.clone() }).collect();
    Ok(SharedConversation { people, conversation: without_private_fields(conversation) })
}

pub(super) async fn get_public_conversations(
    context: Context,
    input: GetPublicConversations,
) -> Result<PublicConversations> {
    let found = list_public(&context.resources.database, input.offset, input.limit).await?;
    Ok(PublicConversations {
        conversations: found.into_iter().map(|(_, conversation)| without_private_fields(conversation)).collect(),
    })
}

fn without_private_fields(mut conversation: Conversation) -> Conversation {
    conversation.geolocation = None;
    conversation.folder_id = None;
    conversation.folder_name = None;
    conversation.client_device_id = None;
    conversation
}
