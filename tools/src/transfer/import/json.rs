//! JSON exports of Recollect, Omi, ChatGPT and Claude, parsed row by row, so that they may be larger than memory. The
//! product is detected from the fields of each row.

use std::{
    fmt,
    io::{BufReader, Read},
};

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer,
};
use serde_json::Value;

use super::{
    ItemKind, Pass, Sink, chatgpt, claude,
    item::{ImportItem, ParsedItem},
    omi,
};

/// Parses a document, and sends its items.
pub(super) fn read(reader: impl Read, pass: Pass, send: Sink) -> Result<(), String> {
    let mut router = Router { pass, send, embedded: omi::Embedded::default(), is_wanted: true };
    let mut document = serde_json::Deserializer::from_reader(BufReader::new(reader));
    let outcome = JsonDocument(&mut router).deserialize(&mut document).and_then(|()| document.end());
    let Router { embedded, is_wanted, send, .. } = router;
    for item in embedded.into_items() {
        send(item);
    }
    match outcome {
        Err(error) if is_wanted => Err(format!("invalid JSON: {error}")),
        _ => Ok(()),
    }
}

/// Parses a row.
type RowParser = fn(Value) -> Result<ImportItem, String>;

/// Passes each row to its parser.
struct Router<'a> {
    pass: Pass,
    send: Sink<'a>,
    embedded: omi::Embedded,
    is_wanted: bool,
}

impl Router<'_> {
    /// Handles a row of the list `section`; an empty name means that the document itself is a list.
    fn row(&mut self, section: &str, place: usize, row: Value) {
        let (kind, parse): (ItemKind, RowParser) = match section {
            "people" => (ItemKind::Person, omi::person),
            "folders" => (ItemKind::Folder, omi::folder),
            "memories" | "facts" => (ItemKind::Memory, omi::memory),
            "action_items" => (ItemKind::ActionItem, omi::action_item),
            "chat_messages" => (ItemKind::Message, omi::message),
            "goals" => (ItemKind::Goal, omi::goal),
            "daily_summaries" => (ItemKind::DailySummary, omi::daily_summary),
            "" | "conversations" if row.get("mapping").is_some() => (ItemKind::Conversation, chatgpt::conversation),
            "" | "conversations" if row.get("chat_messages").is_some() => {
                (ItemKind::Conversation, claude::conversation)
            }
            "conversations" => (ItemKind::Conversation, omi::conversation),
            "" if row.get("structured").is_some() || row.get("transcript_segments").is_some() => {
                (ItemKind::Conversation, omi::conversation)
            }
            "" if row.get("content").is_some() => (ItemKind::Memory, omi::memory),
            "" => (ItemKind::File, |_| Err("it is neither a conversation nor a memory".into())),
            other => return self.ignore(other),
        };
        let is_named = matches!(kind, ItemKind::Person | ItemKind::Folder);
        if is_named != (self.pass == Pass::PeopleAndFolders) {
            return;
        }
        if kind == ItemKind::Conversation {
            self.embedded.collect(&row);
            if row.get("titled").is_none() && row.get("folder_id").is_some_and(Value::is_string) {
                self.ignore("the folders of conversations");
            }
        }
        let place = if section.is_empty() { format!("row {}", place + 1) } else { format!("{section}[{place}]") };
        self.is_wanted &= (self.send)(ParsedItem::new(kind, place, parse(row)));
    }

    /// Reports a value that is not supported.
    fn ignore(&mut self, section: &str) {
        if self.pass == Pass::Others {
            let item = Ok(ImportItem::Ignored(section.to_owned()));
            self.is_wanted &= (self.send)(ParsedItem::new(ItemKind::File, section.to_owned(), item));
        }
    }

    fn object(&mut self, section: &str, value: Value) {
        match section {
            "preferences" if self.pass == Pass::Others => {
                let item = ParsedItem::new(ItemKind::Preferences, section.to_owned(), omi::preferences(value));
                self.is_wanted &= (self.send)(item);
            }
            "preferences" => {}
            _ => self.ignore(section),
        }
    }
}

/// The document: a list of rows, or an object of lists.
struct JsonDocument<'a, 'b>(&'a mut Router<'b>);

impl<'de> DeserializeSeed<'de> for JsonDocument<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonDocument<'_, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("a list of rows or an object of lists")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        Section { router: self.0, name: String::new() }.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key::<String>()? {
            object.next_value_seed(Section { router: self.0, name })?;
        }
        Ok(())
    }
}

/// The value of one key of the document.
struct Section<'a, 'b> {
    router: &'a mut Router<'b>,
    name: String,
}

impl<'de> DeserializeSeed<'de> for Section<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Section<'_, '_> {
    type Value = ();

    fn expecting(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut place = 0;
        while let Some(row) = list.next_element::<Value>()? {
            self.router.row(&self.name, place, row);
            place += 1;
            if !self.router.is_wanted {
                return Err(A::Error::custom("cancelled"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        let value = serde::Deserialize::deserialize(MapAccessDeserializer::new(object))?;
        self.router.object(&self.name, value);
        Ok(())
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.router.ignore(&self.name);
        Ok(())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.visit_str("")
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.visit_str("")
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.visit_str("")
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.visit_str("")
    }
}
