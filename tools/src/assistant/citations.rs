//! Search and fetch over everything that can be cited: the two tools that assistants' connectors require. What the
//! caller may not read with the tool of its kind is neither found nor fetched. Files belong to the user's own chat, for
//! which keys have no scope: only signed-in users find them.

mod documents;
mod kinds;

use language::{
    dates::{self, Locale},
    truncate::truncate_line,
};
use schemas::{chat::Citation, citation::*};

use crate::{
    Access, Context, Error, Result, Tool,
    assistant::retrieval::{self, Passage, Query},
    calendar,
    limits::Policy,
    tool::{Noun, binding::get},
    toolsets::Toolset,
};
use documents::DocumentPart;
pub(crate) use documents::{text, transcript};
use kinds::CitableKind;
pub(crate) use kinds::{Reader, whole_conversation, whole_file};

/// The length of the quote in a title, in characters.
const MAX_TITLE_QUOTE: usize = 160;

/// Whatever can be found and cited.
pub(crate) const DOCUMENTS: Noun = Noun::new("document", "documents", "id", Toolset::Conversations);

/// What is found may be a conversation.
const DEVELOPER_LIMITS: &[Policy] = &[Policy::DevOther, Policy::DevConversationReadsTotal];

pub(crate) fn tools() -> Vec<Tool> {
    DOCUMENTS.tools([
        read!(search)
            .access(Access::AnyCredential)
            .in_default_list(&[])
            .app("/v1/search")
            .developer(get("/v1/dev/user/search").limited(DEVELOPER_LIMITS))
            .mcp("/v1/mcp/search"),
        read!(fetch)
            .access(Access::AnyCredential)
            .in_default_list(&[])
            .app("/v1/fetch")
            .developer(get("/v1/dev/user/fetch").limited(DEVELOPER_LIMITS))
            .mcp("/v1/mcp/fetch"),
    ])
}

async fn search(context: Context, input: Search) -> Result<SearchResults> {
    let (zone, language) = calendar::user_time_zone_and_language(&context).await?;
    let locale = Locale::detect(&input.query, language.as_deref());
    let time_range = dates::find_range(&input.query, &resources::now().with_timezone(&zone), locale);
    let query = Query { text: &input.query, time_range, ..Query::default() };
    let passages = retrieval::retrieve_all(&context, &query).await?;
    let result = |passage: &Passage| {
        let citation = &passage.citation;
        let reference = Reference {
            kind: kinds::find(&citation.kind)?,
            id: &citation.id,
            part: citation.segment.as_deref().map_or(DocumentPart::Whole, DocumentPart::Passage),
        };
        Some(SearchResult { id: reference.to_string(), title: title(citation), url: reference.uri() })
    };
    Ok(SearchResults { results: passages.iter().filter_map(result).take(input.limit as usize).collect() })
}

async fn fetch(context: Context, input: Fetch) -> Result<Fetched> {
    let reference = Reference::parse(input.id.trim())?;
    let row = reference.kind.get(&context, reference.id).await?;
    let document = (reference.kind.open)(&row, reference.part).ok_or_else(|| Error::NotFound("Not found".into()))?;
    let (mut text, mut metadata) = (document.text, document.metadata);
    metadata.insert("kind".to_owned(), reference.kind.name().to_owned());
    if let Some(place) = &document.next {
        let next = Reference { part: DocumentPart::From(place), ..reference }.to_string();
        text.push_str(&format!("\n\n[Continues: fetch {next}]"));
        metadata.insert("next".to_owned(), next);
    }
    Ok(Fetched { id: reference.to_string(), title: document.title, text, url: reference.uri(), metadata })
}

/// A reference to something that can be cited: `memory:…`, or to a part of it: `conversation:…#…`.
#[derive(Clone, Copy)]
struct Reference<'a> {
    kind: &'static CitableKind,
    id: &'a str,
    part: DocumentPart<'a>,
}

impl<'a> Reference<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let parts = text.split_once(':').and_then(|(kind, rest)| Some((kinds::find(kind)?, rest)));
        let Some((kind, rest)) = parts.filter(|(_, rest)| !rest.is_empty()) else {
            let known: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name()).collect();
            return Err(Error::Invalid(format!("An id is `kind:id`, of these kinds: {}", known.join(", "))));
        };
        let (id, part) =
            rest.split_once('#').map_or((rest, DocumentPart::Whole), |(id, part)| (id, DocumentPart::parse(part)));
        Ok(Self { kind, id, part })
    }

    /// The URI of its view.
    fn uri(&self) -> String {
        let suffix = match self.part {
            DocumentPart::Whole => "",
            DocumentPart::Passage(_) | DocumentPart::From(_) => self.kind.passages,
        };
        format!("omi://{}/{}{suffix}", self.kind.plural(), self.id)
    }
}

impl std::fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}{}", self.kind.name(), self.id, self.part)
    }
}

/// The title of a citation: speaker, day, title and quote on one line.
fn title(citation: &Citation) -> String {
    let day = citation.date.format("%-d %B %Y").to_string();
    let quote = truncate_line(&citation.quote, MAX_TITLE_QUOTE);
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
    fn references_round_trip() {
        let reference = Reference::parse("conversation:c-1#s-2").unwrap();
        assert_eq!(
            (reference.kind.name(), reference.id, reference.part),
            ("conversation", "c-1", DocumentPart::Passage("s-2"))
        );
        for text in ["conversation:c-1#s-2", "conversation:c-1#from=s-2", "file:f#from=100000", "memory:m"] {
            assert_eq!(Reference::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Reference::parse("memory:m").unwrap().part, DocumentPart::Whole);
        assert_eq!(Reference::parse("conversation:c#from=s").unwrap().part, DocumentPart::From("s"));
        for wrong in ["memory", "memory:", "dream:1", "", ":"] {
            assert!(Reference::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_kind_has_an_existing_tool() {
        for kind in kinds::ALL {
            assert!(kind.reader().arguments.takes(kind.noun.id), "{}", kind.name());
        }
    }

    #[test]
    fn every_uri_has_a_view() {
        for kind in kinds::ALL {
            for part in [DocumentPart::Whole, DocumentPart::Passage("p"), DocumentPart::From("p")] {
                let uri = Reference { kind, id: "x", part }.uri();
                let view = views::find(&uri).unwrap_or_else(|| panic!("{uri} has no view")).view;
                assert_eq!(view.reader().name, kind.reader().name, "{uri} needs the same permission as fetch");
            }
        }
    }
}
