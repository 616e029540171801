//! Nouns: the kinds of things that users have, and what the tools, URIs and citations of one kind have in common.

use schemas::scope::Scope;

use super::{Definition, Tool, limits::LimitGroup, toolsets::Toolset};

/// A kind of thing. Its tools take from it what their definitions do not state themselves: the scope of keys, the rate
/// limits, the toolset, the part of a result that REST clients get, the tool that reads one.
pub(crate) struct Noun {
    /// The field of results that holds one: `memory`.
    pub(crate) name: &'static str,
    /// The field of results that holds a list: `memories`.
    pub(crate) plural: &'static str,
    /// The argument that names one: `memory_id`.
    pub(crate) id: &'static str,
    /// The tool that gets one by its id.
    pub(crate) reader: Option<&'static str>,
    /// The tool that lists them, newest first, by `limit` and `cursor` or `offset`; without these arguments it returns
    /// all of them, oldest first.
    pub(crate) lister: Option<&'static str>,
    /// The tool that searches them by `query`.
    pub(crate) searcher: Option<&'static str>,
    /// The JSON pointer to the words of one.
    pub(crate) text: &'static str,
    /// The field with the time of its last change.
    pub(crate) changed_at: &'static str,
    /// The scopes of keys that read and that change them; without these, keys may not.
    pub(crate) scopes: Option<(Scope, Scope)>,
    /// The fields that keys see of one; none is all.
    pub(crate) for_keys: &'static [&'static str],
    /// The rate limits that it shares.
    pub(crate) limits: LimitGroup,
    /// The toolset that assistants are shown its tools with.
    pub(crate) toolset: Toolset,
}

impl Noun {
    /// A noun of signed-in users alone, with no reader and the limits that all other nouns share.
    pub(crate) const fn new(name: &'static str, plural: &'static str, id: &'static str, toolset: Toolset) -> Self {
        Self {
            name,
            plural,
            id,
            reader: None,
            lister: None,
            searcher: None,
            text: "",
            changed_at: "updated_at",
            scopes: None,
            for_keys: &[],
            limits: LimitGroup::Other,
            toolset,
        }
    }

    /// The tool that gets one.
    ///
    /// # Panics
    /// Without a reader.
    pub(crate) fn reader(&self) -> &'static Tool {
        self.reader.and_then(crate::find).expect("a noun that is read has a reader")
    }

    /// The tools of these definitions.
    pub(crate) fn tools<const N: usize>(&'static self, definitions: [Definition; N]) -> Vec<Tool> {
        definitions.into_iter().map(|definition| definition.complete(self)).collect()
    }
}

/// The names of fields of a type, checked by the compiler: `fields!(Memory { id, content })`; of several types one after
/// the other.
macro_rules! fields {
    ($($row:path { $($field:ident),+ $(,)? }),+ $(,)?) => {{
        $(const _: fn(&$row) = |row| { $(let _ = &row.$field;)+ };)+
        &[$($(stringify!($field)),+),+]
    }};
}
