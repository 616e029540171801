//! Toolsets: assistants see a default list of tools, and the others by toolset, as the list costs a model tokens. Tools that
//! are not listed can be called by name.

mod compact;
mod portable;

use std::{fmt, str::FromStr};

use super::{Error, Result, Tool};

pub(crate) use compact::{arguments, result};
pub(crate) use portable::simplify;

/// A group of tools that are shown together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum Toolset {
    Memories,
    Conversations,
    ActionItems,
    Goals,
    People,
    Admin,
}

impl Toolset {
    /// Every toolset, in the order of [`crate::all`].
    pub const ALL: [Self; 6] =
        [Self::Memories, Self::Conversations, Self::ActionItems, Self::Goals, Self::People, Self::Admin];

    /// The word that addresses and command lines use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Memories => "memories",
            Self::Conversations => "conversations",
            Self::ActionItems => "action_items",
            Self::Goals => "goals",
            Self::People => "people",
            Self::Admin => "admin",
        }
    }
}

/// The tools that an assistant asks to see: `default`, `all` or toolsets, with commas; nothing is `default`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolFilter(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Default,
    All,
    Of(Toolset),
}

impl ToolFilter {
    /// Whether the tool is shown.
    pub fn includes(&self, tool: &Tool) -> bool {
        let fits = |part: &Part| match part {
            Part::Default => tool.is_in_default_list(),
            Part::All => true,
            Part::Of(toolset) => tool.toolset() == *toolset,
        };
        if self.0.is_empty() { tool.is_in_default_list() } else { self.0.iter().any(fits) }
    }

    /// Whether only the default list is asked for.
    pub fn is_usual(&self) -> bool {
        self.0.iter().all(|part| *part == Part::Default)
    }
}

impl fmt::Display for ToolFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |part: &Part| match part {
            Part::Default => "default",
            Part::All => "all",
            Part::Of(toolset) => toolset.name(),
        };
        f.write_str(&self.0.iter().map(name).collect::<Vec<_>>().join(","))
    }
}

impl FromStr for ToolFilter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(part).collect::<Result<_>>().map(Self)
    }
}

fn part(word: &str) -> Result<Part> {
    let named = || Toolset::ALL.into_iter().find(|toolset| toolset.name() == word).map(Part::Of);
    match word {
        "default" => Ok(Part::Default),
        "all" => Ok(Part::All),
        _ => named().ok_or_else(|| {
            let known = Toolset::ALL.map(Toolset::name).join(", ");
            Error::Invalid(format!("There is no toolset `{word}`; there are default, all, {known}"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use schemas::{key::KeyFamily, scope::Scope};

    use super::*;
    use crate::Access;

    #[test]
    fn what_assistants_are_shown_says_when_to_use_it() {
        let is_shown = |tool: &&Tool| match tool.access {
            Access::Scope(scope) => Scope::available(KeyFamily::Mcp).contains(&scope),
            Access::AnyCredential | Access::Public => true,
            Access::User | Access::KeyManager | Access::Anonymous | Access::Owner => false,
        };
        for tool in crate::all().iter().filter(is_shown) {
            let description = tool.description().split_whitespace().collect::<Vec<_>>().join(" ");
            let says = ["Use this", "Start here", ", use ", "; use "].iter().any(|words| description.contains(words));
            assert!(says, "{}: {description}", tool.name);
        }
    }

    #[test]
    fn toolsets_add_up() {
        let count = |text: &str| {
            let shown: ToolFilter = text.parse().unwrap();
            crate::all().iter().filter(|tool| shown.includes(tool)).count()
        };
        assert_eq!(count("all"), crate::all().len());
        assert_eq!(Toolset::ALL.map(|toolset| count(toolset.name())).iter().sum::<usize>(), count("all"));
        assert_eq!(count(""), count("default"));
        assert!((8..=15).contains(&count("")), "{} tools for daily use", count(""));
        assert_eq!(count("memories, goals"), count("memories") + count("goals"));
        assert!(count("goals,default") > count("goals"));
    }

    #[test]
    fn unknown_toolsets_are_refused_with_the_known_ones() {
        let error = "memories,dreams".parse::<ToolFilter>().unwrap_err().to_string();
        assert!(error.contains("`dreams`") && error.contains("action_items"), "{error}");
    }
}
