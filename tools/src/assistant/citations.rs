//! Search everything at once, and fetch what was found: the two tools that assistants' connectors require, over
//! everything that can be cited. What the caller may not read by the tool of its kind is neither found nor fetched.
//! Files belong to the user's own chat, for which keys have no scope: only whoever has signed in finds them.

mod documents;
mod kinds;

use language::{dates, truncate::truncate_line};
use schemas::{chat::Citation, citation::*};

use crate::{
    Context, Error, Result, Tool,
    assistant::retrieval::{self, Passage, Wanted},
    limits::Policy,
    route::get,
};
use documents::Part;
pub(crate) use documents::{text, transcript};
use kinds::Kind;
pub(crate) use kinds::{Reader, whole_conversation, whole_file};

/// How much of a text a title shows, in characters.
const TITLE: usize = 160;

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool!(search)
            .any_key()
            .daily(&[])
            .app(get("/v1/search").ours())
            .developer(
                get("/v1/dev/user/search").limit(Policy::DevOther).limit(Policy::DevConversationReadsTotal).ours(),
            )
            .mcp(get("/v1/mcp/search").limit(Policy::McpRead).ours()),
        tool!(fetch)
            .any_key()
            .daily(&[])
            .app(get("/v1/fetch").ours())
            .developer(
                get("/v1/dev/user/fetch").limit(Policy::DevOther).limit(Policy::DevConversationReadsTotal).ours(),
            )
            .mcp(get("/v1/mcp/fetch").limit(Policy::McpRead).ours()),
    ]
}

async fn search(context: Context, input: Search) -> Result<SearchResults> {
    let now = resources::now().with_timezone(&context.time_zone().await?);
    let wanted = Wanted { query: &input.query, range: dates::find_range(&input.query, &now), ..Wanted::default() };
    let passages = retrieval::recall_everything(&context, &wanted).await?;
    let result = |passage: &Passage| {
        let citation = &passage.citation;
        let name = Name {
            kind: kinds::of(&citation.kind)?,
            id: &citation.id,
            part: citation.segment.as_deref().map_or(Part::Whole, Part::Passage),
        };
        Some(SearchResult { id: name.to_string(), title: title(citation), url: name.address() })
    };
    Ok(SearchResults { results: passages.iter().filter_map(result).take(input.limit as usize).collect() })
}

async fn fetch(context: Context, input: Fetch) -> Result<Fetched> {
    let name = Name::read(input.id.trim())?;
    let row = name.kind.get(&context, name.id).await?;
    let document =
        (name.kind.open)(&row, name.part).ok_or_else(|| Error::NotFound("There is nothing of this id".into()))?;
    let (mut text, mut metadata) = (document.text, document.metadata);
    metadata.insert("kind".to_owned(), name.kind.name.to_owned());
    if let Some(place) = &document.next {
        let next = Name { part: Part::From(place), ..name }.to_string();
        text.push_str(&format!("\n\n[It goes on: fetch {next}]"));
        metadata.insert("next".to_owned(), next);
    }
    Ok(Fetched { id: name.to_string(), title: document.title, text, url: name.address(), metadata })
}

/// What something that can be cited is called: `memory:…`, or with a part of it `conversation:…#…`.
#[derive(Clone, Copy)]
struct Name<'a> {
    kind: &'static Kind,
    id: &'a str,
    part: Part<'a>,
}

impl<'a> Name<'a> {
    fn read(text: &'a str) -> Result<Self> {
        let parts = text.split_once(':').and_then(|(kind, rest)| Some((kinds::of(kind)?, rest)));
        let Some((kind, rest)) = parts.filter(|(_, rest)| !rest.is_empty()) else {
            let known: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name).collect();
            return Err(Error::Invalid(format!("An id is `kind:id`, of these kinds: {}", known.join(", "))));
        };
        let (id, part) = rest.split_once('#').map_or((rest, Part::Whole), |(id, part)| (id, Part::read(part)));
        Ok(Self { kind, id, part })
    }

    /// Where it opens: its address among the views.
    fn address(&self) -> String {
        let behind = match self.part {
            Part::Whole => "",
            Part::Passage(_) | Part::From(_) => self.kind.passages,
        };
        format!("omi://{}/{}{behind}", self.kind.plural, self.id)
    }
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}{}", self.kind.name, self.id, self.part)
    }
}

/// What a citation says, in a line, with who said it and when.
fn title(citation: &Citation) -> String {
    let day = citation.date.format("%-d %B %Y").to_string();
    let quote = truncate_line(&citation.quote, TITLE);
    let named = citation.title.as_ref().filter(|title| !title.is_empty()).map(|title| format!("“{title}”"));
    let parts: Vec<String> = citation.speaker.clone().into_iter().chain([day]).chain(named).collect();
    match quote.is_empty() {
        true => parts.join(", "),
        false => format!("{}: {quote}", parts.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assistant::views;

    #[test]
    fn names_say_what_they_name() {
        let name = Name::read("conversation:c-1#s-2").unwrap();
        assert_eq!((name.kind.name, name.id, name.part), ("conversation", "c-1", Part::Passage("s-2")));
        for text in ["conversation:c-1#s-2", "conversation:c-1#from=s-2", "file:f#from=100000", "memory:m"] {
            assert_eq!(Name::read(text).unwrap().to_string(), text);
        }
        assert_eq!(Name::read("memory:m").unwrap().part, Part::Whole);
        assert_eq!(Name::read("conversation:c#from=s").unwrap().part, Part::From("s"));
        for wrong in ["memory", "memory:", "dream:1", "", ":"] {
            assert!(Name::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_kind_is_read_by_a_tool_that_there_is() {
        for kind in kinds::ALL {
            let tool = crate::find(kind.tool).unwrap_or_else(|| panic!("there is no {}", kind.tool));
            assert!(tool.arguments.takes(kind.argument), "{}", kind.name);
        }
    }

    #[test]
    fn every_address_that_is_given_out_opens() {
        for kind in kinds::ALL {
            for part in [Part::Whole, Part::Passage("p"), Part::From("p")] {
                let address = Name { kind, id: "x", part }.address();
                let view = views::find(&address).unwrap_or_else(|| panic!("{address} opens nothing")).view;
                assert_eq!(view.tool.0, kind.tool, "{address} opens for whoever may fetch it");
            }
        }
    }
}
