//! What clients can open by its address, such as `omi://memories/{id}`: one line for each noun, read through the tools
//! that list and get it, so that an address opens nothing that a call would not.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::{Context, Error, Result, Tool};

/// A noun whose rows have addresses.
pub struct View {
    /// The noun in the plural, as addresses spell it.
    pub noun: &'static str,
    /// What one row is, for people and models.
    pub description: &'static str,
    /// The tool that lists rows by `limit` and `cursor`, newest first; its result holds them in the field `noun`.
    list: &'static str,
    /// The tool that gets one row, the argument that takes its id, and the field of the result that holds it.
    get: (&'static str, &'static str, &'static str),
    /// The fields of a row that hold its text and the time of its last change.
    fields: (&'static str, &'static str),
}

/// Everything that has addresses, in the order it is listed.
pub const ALL: &[View] = &[View {
    noun: "memories",
    description: "One memory: a fact about the user, with its dates, its labels and how it came to be.",
    list: "get_memories",
    get: ("get_memory", "memory_id", "memory"),
    fields: ("content", "updated_at"),
}];

/// What every listing tool gives at most.
const LARGEST_PAGE: usize = 100;

/// One row of a list of addresses.
pub struct Entry {
    /// Its address.
    pub uri: String,
    /// Its first words.
    pub name: String,
    /// When it was last changed.
    pub changed: Option<DateTime<Utc>>,
}

/// A page of addresses.
pub struct Entries {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<String>,
}

/// The view and the id that an address names; `None` when it names neither.
pub fn find(uri: &str) -> Option<(&'static View, &str)> {
    let (noun, id) = uri.strip_prefix("omi://")?.split_once('/')?;
    let view = ALL.iter().find(|view| view.noun == noun)?;
    (!id.is_empty()).then_some((view, id))
}

impl View {
    /// The address of every row, with `{id}` in the place of its id (RFC 6570).
    pub fn template(&self) -> String {
        self.uri("{id}")
    }

    /// Whether the caller may list and open these rows; what they may not is not shown to them.
    pub fn permits(&self, context: &Context) -> bool {
        let permitted = |name| tool(name).permits(context).is_ok();
        permitted(self.list) && permitted(self.get.0)
    }

    /// A page of at most `limit` rows (and never more than 100), from `cursor` on. Fails as the listing tool does.
    pub async fn list(&self, context: Context, limit: usize, cursor: Option<&str>) -> Result<Entries> {
        let mut given = Map::from_iter([("limit".to_owned(), json!(limit.min(LARGEST_PAGE)))]);
        given.extend(cursor.map(|cursor| ("cursor".to_owned(), json!(cursor))));
        let tool = tool(self.list);
        let page = tool.call(context, &tool.arguments, given).await?;
        let rows = page[self.noun].as_array().into_iter().flatten();
        let next = page["next_cursor"].as_str().map(str::to_owned);
        Ok(Entries { entries: rows.map(|row| self.entry(row)).collect(), next })
    }

    /// One row, whole. Fails as the tool does that gets it.
    pub async fn get(&self, context: Context, id: &str) -> Result<Value> {
        let (name, argument, field) = self.get;
        let tool = tool(name);
        let given = Map::from_iter([(argument.to_owned(), json!(id))]);
        let mut result = tool.call(context, &tool.arguments, given).await?;
        match result.get_mut(field) {
            Some(row) => Ok(row.take()),
            None => Err(Error::Internal(anyhow::anyhow!("{name} answered without {field}"))),
        }
    }

    fn uri(&self, id: &str) -> String {
        format!("omi://{}/{id}", self.noun)
    }

    fn entry(&self, row: &Value) -> Entry {
        let (text, changed) = self.fields;
        Entry {
            uri: self.uri(row["id"].as_str().unwrap_or_default()),
            name: first_words(row[text].as_str().unwrap_or_default()),
            changed: row[changed].as_str().and_then(|time| time.parse().ok()),
        }
    }
}

fn tool(name: &str) -> &'static Tool {
    crate::find(name).expect("a view names tools that there are")
}

/// The words that fit into one line of a client's list.
fn first_words(text: &str) -> String {
    const WIDTH: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= WIDTH {
        return line;
    }
    let head: String = line.chars().take(WIDTH).collect();
    let whole = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    format!("{whole} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_view_names_tools_and_their_arguments() {
        for view in ALL {
            let (get, argument, _) = view.get;
            let arguments = |name| tool(name).arguments.schema()["properties"].clone();
            assert!(arguments(view.list)["limit"].is_object(), "{}", view.noun);
            assert!(arguments(view.list)["cursor"].is_object(), "{}", view.noun);
            assert!(arguments(get)[argument].is_object(), "{}", view.noun);
        }
    }

    #[test]
    fn addresses_name_a_view_and_an_id() {
        let (view, id) = find("omi://memories/a-b").unwrap();
        assert_eq!((view.noun, id), ("memories", "a-b"));
        assert_eq!(view.template(), "omi://memories/{id}");
        for wrong in ["omi://memories/", "omi://memories", "omi://nothing/1", "https://memories/1"] {
            assert!(find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn names_are_whole_words_on_one_line() {
        assert_eq!(first_words("Ann likes\n tea"), "Ann likes tea");
        let long = first_words(&"wörter ".repeat(30));
        assert!(long.ends_with("wörter …") && long.chars().count() <= 62, "{long}");
        assert_eq!(first_words(&"x".repeat(100)).chars().count(), 62);
    }
}
