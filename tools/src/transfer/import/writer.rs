//! Stores items that do not exist yet.

use std::collections::{HashMap, HashSet};

use resources::{
    Resources, Result,
    transfer::{ExportedActionItem, ExportedConversation, ExportedMemory},
};
use schemas::{chat::Message, memory::BatchStatus, person::Person, preferences::Preferences};

use super::{
    ItemKind, Report,
    item::{ImportItem, ParsedItem},
};

pub(super) struct Writer<'a> {
    resources: &'a Resources,
    user: &'a str,
    pub(super) report: Report,
    /// The ids of people on this server, by their ids in the file.
    people: HashMap<String, String>,
}

/// Items that are written together.
#[derive(Default)]
struct Batch {
    memories: Vec<ExportedMemory>,
    action_items: Vec<ExportedActionItem>,
    messages: Vec<Message>,
    conversations: Vec<(ExportedConversation, Vec<(i64, String)>)>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(resources: &'a Resources, user: &'a str) -> Self {
        Self { resources, user, report: Report::default(), people: HashMap::new() }
    }

    pub(super) async fn write(&mut self, file: &str, items: impl Iterator<Item = ParsedItem>) -> Result<()> {
        let mut batch = Batch::default();
        let mut embedded = Vec::new();
        for ParsedItem { kind, location, item } in items {
            let item = match item {
                Ok(item) => item,
                Err(reason) => {
                    let location = if location.is_empty() { file.to_owned() } else { format!("{file}, {location}") };
                    self.report.skip(kind, &location, &reason);
                    continue;
                }
            };
            match item {
                ImportItem::Conversation(kept, names) => batch.conversations.push((*kept, names)),
                ImportItem::Memory(kept) => batch.memories.push(*kept),
                ImportItem::ActionItem(kept) => batch.action_items.push(*kept),
                ImportItem::Message(message) => batch.messages.push(*message),
                ImportItem::Embedded(kept) => embedded.push(*kept),
                ImportItem::Person(person) => self.write_person(person).await?,
                ImportItem::Goal(goal) => {
                    let is_new = self.resources.goals(self.user).import(*goal).await?;
                    self.report.count(kind, is_new);
                }
                ImportItem::Folder(folder) => {
                    let is_new = self.resources.folders(self.user).import(folder).await?;
                    self.report.count(kind, is_new);
                }
                ImportItem::DailySummary(summary) => {
                    let is_new = self.resources.daily_summaries(self.user).import(*summary).await?;
                    self.report.count(kind, is_new);
                }
                ImportItem::Preferences(preferences) => self.write_preferences(preferences).await?,
                ImportItem::Ignored(part) => self.report.ignore(format!("{part} of {file}")),
            }
        }
        self.write_conversations(batch.conversations).await?;
        self.write_memories(batch.memories).await?;
        self.write_action_items(batch.action_items).await?;
        self.write_messages(batch.messages).await?;
        for item in embedded {
            self.write_embedded(item).await?;
        }
        Ok(())
    }

    async fn write_person(&mut self, person: Person) -> Result<()> {
        let id = person.id.clone();
        let (known, is_new) = self.resources.people(self.user).import(person).await?;
        self.report.count(ItemKind::Person, is_new);
        self.people.insert(id, known);
        Ok(())
    }

    /// Imports preferences only if the user has none on this server.
    async fn write_preferences(&mut self, preferences: Preferences) -> Result<()> {
        let is_new = self.resources.preferences(self.user).get().await? == Preferences::default()
            && preferences != Preferences::default();
        if is_new {
            self.resources.preferences(self.user).set(preferences).await?;
        }
        self.report.count(ItemKind::Preferences, is_new);
        Ok(())
    }

    async fn write_conversations(
        &mut self,
        conversations: Vec<(ExportedConversation, Vec<(i64, String)>)>,
    ) -> Result<()> {
        let stored = self.resources.conversations(self.user);
        let ids: Vec<String> = conversations.iter().map(|(kept, _)| kept.conversation.id.clone()).collect();
        let known: HashSet<String> = stored.known(&ids).await?.into_iter().collect();
        for (mut kept, names) in conversations {
            let is_new = if known.contains(&kept.conversation.id) {
                false
            } else {
                self.name_speakers(&mut kept, names).await?;
                self.resources.conversations(self.user).import(kept).await?
            };
            self.report.count(ItemKind::Conversation, is_new);
        }
        Ok(())
    }

    /// Sets the person of each segment.
    async fn name_speakers(&mut self, kept: &mut ExportedConversation, names: Vec<(i64, String)>) -> Result<()> {
        let mut speakers = HashMap::new();
        for (speaker, name) in names {
            let (person, _) = self.resources.people(self.user).find_or_create(&name).await?;
            speakers.insert(speaker, person.id);
        }
        for segment in kept.conversation.transcript_segments.iter_mut().flatten() {
            if let Some(person) = speakers.get(&segment.speaker_id).filter(|_| !segment.is_user) {
                segment.person_id = Some(person.clone());
            } else if let Some(known) = segment.person_id.as_ref().and_then(|id| self.people.get(id)) {
                segment.person_id = Some(known.clone());
            }
        }
        Ok(())
    }

    async fn write_memories(&mut self, memories: Vec<ExportedMemory>) -> Result<()> {
        if memories.is_empty() {
            return Ok(());
        }
        for status in self.resources.memories(self.user).import(memories).await? {
            self.report.count(ItemKind::Memory, status == BatchStatus::Created);
        }
        Ok(())
    }

    async fn write_action_items(&mut self, items: Vec<ExportedActionItem>) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = items.iter().map(|kept| kept.item.id.clone()).collect();
        let new = self.resources.action_items(self.user).import(items).await?;
        ids.iter().for_each(|id| self.report.count(ItemKind::ActionItem, new.contains(id)));
        Ok(())
    }

    async fn write_messages(&mut self, messages: Vec<Message>) -> Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = messages.iter().map(|message| message.id.clone()).collect();
        let new = self.resources.messages(self.user).import(messages).await?;
        ids.iter().for_each(|id| self.report.count(ItemKind::Message, new.contains(id)));
        Ok(())
    }

    /// Stores an embedded action item, unless the conversation has one with the same text.
    async fn write_embedded(&mut self, kept: ExportedActionItem) -> Result<()> {
        let conversation: Vec<String> = kept.item.conversation_id.iter().cloned().collect();
        let of_conversation = self.resources.action_items(self.user).of_conversations(&conversation).await?;
        let words = |text: &str| text.trim().to_lowercase();
        let is_known =
            of_conversation.values().flatten().any(|item| words(&item.description) == words(&kept.item.description));
        if is_known { Ok(()) } else { self.write_action_items(vec![kept]).await }
    }
}
