//! Search over all data and fetch of its results, in the form that assistants' connectors require.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Search everything the user has at once: memories, what was said in conversations, action items. Goals and daily
/// summaries come too. Start here when it is not clear where the answer is, and fetch what fits.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Search {
    /// What to look for, in plain words; names and times such as `last week` count.
    #[schemars(example = &"What did Ana say about Oslo in May?")]
    #[schemars(length(min = 1, max = 2000))]
    pub query: String,
    /// How many to return, best first.
    #[serde(default = "a_page")]
    #[schemars(range(min = 1, max = 50))]
    pub limit: u32,
}

fn a_page() -> u32 {
    15
}

/// The results of a search.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct SearchResults {
    /// Best first, of the kinds that the caller may read. Files belong to the user's own chat, for which keys have no
    /// scope: they come only where the user has signed in.
    pub results: Vec<SearchResult>,
}

/// A search result.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct SearchResult {
    /// The id for fetch: its kind and its own id, and after `#` the passage of a conversation or file.
    #[schemars(example = &"conversation:0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11#5f0c1c0e-7a7c-4f2f-9b0e-2f1d6a3a9f52")]
    pub id: String,
    /// Its text in one line, with the speaker and the time.
    #[schemars(example = &"Ana, 8 May 2026, “Planning the trip to Oslo”: Let's meet on Friday at three.")]
    pub title: String,
    /// The URI for citations, which is an MCP resource.
    #[schemars(example = &"omi://conversations/0b7a6f6e-54a5-4c8a-8d0e-6f1f4b1f8a11/transcript")]
    pub url: String,
}

/// Get in full what search found, by its id: a memory, a passage with what was said around it, a whole conversation, an
/// action item, a goal, a day's summary, a file. Use this once the id is known; until then, search.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct Fetch {
    /// The id of a search result: `memory:…`, `conversation:…` or `conversation:…#…`, `action_item:…`, `goal:…` and so on.
    #[schemars(example = &"memory:4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    #[schemars(length(min = 1, max = 300))]
    pub id: String,
}

/// A whole document.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Fetched {
    /// Its id.
    #[schemars(example = &"memory:4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub id: String,
    /// Its name.
    pub title: String,
    /// Its whole text. Texts longer than 100,000 characters are cut, with the id of the rest as `next`.
    pub text: String,
    /// The URI for citations, which is an MCP resource.
    #[schemars(example = &"omi://memories/4c1d9a52-7d3e-4f0b-9a61-0f6f6f5b8e21")]
    pub url: String,
    /// Its metadata: kind, times, speakers; as `next` the id of the rest of a very long text.
    pub metadata: BTreeMap<String, String>,
}
