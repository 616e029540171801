//! Search everything at once, and fetch what was found: the two tools that assistants' connectors require, over what
//! recall covers. Each kind is read through the tool that gets it, so that nothing opens which a call would not.

mod documents;
mod kinds;

use schemas::{chat::Citation, citation::*};

use crate::{
    Context, Error, Result, Tool, dates,
    recall::{self, Passage, Wanted},
    route::get,
    text::shortened,
};
pub(crate) use documents::transcript;
use kinds::Kind;

/// How much of a text a title shows, in characters.
const TITLE: usize = 160;

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool!(search)
            .any_key()
            .daily(&[])
            .app(get("/v1/search").ours())
            .developer(get("/v1/dev/user/search").ours())
            .mcp(get("/v1/mcp/search").ours()),
        tool!(fetch)
            .any_key()
            .daily(&[])
            .app(get("/v1/fetch").ours())
            .developer(get("/v1/dev/user/fetch").ours())
            .mcp(get("/v1/mcp/fetch").ours()),
    ]
}

async fn search(context: Context, input: Search) -> Result<SearchResults> {
    let now = resources::now().with_timezone(&context.time_zone().await?);
    let wanted = Wanted { query: &input.query, range: dates::find_range(&input.query, &now), ..Wanted::default() };
    let passages = recall::recall(&context, &wanted).await?;
    let result = |passage: &Passage| {
        let citation = &passage.citation;
        let kind = kinds::of(&citation.kind)?;
        Some(SearchResult {
            id: Name { kind, id: &citation.id, part: citation.segment.as_deref() }.to_string(),
            title: title(citation),
            url: address(&context, kind, &citation.id),
        })
    };
    Ok(SearchResults { results: passages.iter().filter_map(result).take(input.limit as usize).collect() })
}

async fn fetch(context: Context, input: Fetch) -> Result<Fetched> {
    let name = Name::read(input.id.trim())?;
    let row = name.kind.get(&context, name.id).await?;
    let document =
        (name.kind.open)(&row, name.part).ok_or_else(|| Error::NotFound("There is nothing of this id".into()))?;
    let mut metadata = document.metadata;
    metadata.insert("kind".to_owned(), name.kind.name.to_owned());
    Ok(Fetched {
        id: name.to_string(),
        title: document.title,
        text: document.text,
        url: address(&context, name.kind, name.id),
        metadata,
    })
}

/// What something that can be cited is called: `memory:…`, or with a passage `conversation:…#…`.
struct Name<'a> {
    kind: &'static Kind,
    id: &'a str,
    part: Option<&'a str>,
}

impl<'a> Name<'a> {
    fn read(text: &'a str) -> Result<Self> {
        let parts = text.split_once(':').and_then(|(kind, rest)| Some((kinds::of(kind)?, rest)));
        let Some((kind, rest)) = parts.filter(|(_, rest)| !rest.is_empty()) else {
            let known: Vec<&str> = kinds::ALL.iter().map(|kind| kind.name).collect();
            return Err(Error::Invalid(format!("An id is `kind:id`, of these kinds: {}", known.join(", "))));
        };
        let (id, part) = rest.split_once('#').map_or((rest, None), |(id, part)| (id, Some(part)));
        Ok(Self { kind, id, part })
    }
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind.name, self.id)?;
        self.part.map_or(Ok(()), |part| write!(f, "#{part}"))
    }
}

/// Where it is: on the server's own page where its address is known, else as an MCP resource.
fn address(context: &Context, kind: &Kind, id: &str) -> String {
    match &context.resources.public_url {
        Some(url) => format!("{url}/#{}/{id}", kind.plural),
        None => format!("omi://{}/{id}", kind.plural),
    }
}

/// What a citation says, in a line, with who said it and when.
fn title(citation: &Citation) -> String {
    let day = citation.date.format("%-d %B %Y").to_string();
    let quote = shortened(&citation.quote, TITLE);
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

    #[test]
    fn names_say_what_they_name() {
        let name = Name::read("conversation:c-1#s-2").unwrap();
        assert_eq!((name.kind.name, name.id, name.part), ("conversation", "c-1", Some("s-2")));
        assert_eq!(name.to_string(), "conversation:c-1#s-2");
        assert_eq!(Name::read("memory:m").unwrap().part, None);
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
}
