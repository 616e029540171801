//! Stop words: words that say little about the subject of a text.
//!
//! The lists are not merged: each rule was tuned with its own, and a shared list would change titles, action items,
//! memories and goals.

use std::sync::LazyLock;

/// Words too common to be terms.
const STOP_WORDS: &str = "a about above absolutely actually after again all almost already also always am amazing an \
    and any anyone anything are aren't around as at away awesome aw bad be became because been before being believe \
    best better big bit both but by bye came can can't cannot certainly come coming cool could couldn't could've did \
    didn't different do does doesn't doing don't done each either else end enough even ever every everyone everything \
    exactly excited exciting fact fantastic far feel feeling feels felt few fine first for from fun gave get gets \
    getting give gives glad go goes going gonna good got gotta great guess had hadn't happen happened happy hard has \
    hasn't have haven't having he he'd he'll he's hear heard hello help her here here's hers hey hi him his hmm hope \
    how how's however i i'd i'll i'm i've if in incredible indeed inside instead into is isn't it it'd it'll it's its \
    itself just keep kind kinda knew know known last lately least let let's life like little long look looked looking \
    looks lot lots love loved loving lovely made make makes making man many matter may maybe me mean means might mine \
    moment more most much must my myself near need never new next nice no nope not nothing now of off often oh ok okay \
    on once one ones only or other others our ours out over own part people perfect perhaps place please plus pretty \
    probably put quite rather really recently remember right said same saw say saying says see seem seemed seems seen \
    shall she she'd she'll she's should shouldn't since so some someone something sometimes somewhere soon sorry sort \
    sound sounds special start started still stuff such super sure take taken taking talk tell than thank thanks that \
    that's the their them themselves then there there's these they they'd they'll they're they've thing things think \
    thinking this those though thought through time times to today together told tomorrow tonight too took totally \
    tried true truly try trying two under until up us use used usually very wait want wanted wants was wasn't way we \
    we'd we'll we're we've well went were weren't what what's whatever when where where's whether which while who \
    who's whole why will wish with without won't wonderful would wouldn't wow yeah year years yep yes yesterday yet \
    you you'd you'll you're you've your yours yourself day days week weeks month months night morning weekend awww thx \
    proud inspiring inspired huge definitely important";

/// Words of a goal's title that do not identify the goal. Fewer than [`STOP_WORDS`]: `run` and `read` matter here.
const GOAL_TITLE_STOP_WORDS: &[&str] =
    &["the", "and", "for", "this", "that", "more", "less", "every", "each", "day", "week", "with", "from"];

/// Verbs of thought, feeling and small talk, which make no action item.
const VAGUE_VERBS: &str = "be say admit agree think know believe remember feel keep wait hear imagine stop see have go \
    try continue stay accept understand trust love like let live enjoy deal move rest relax confess ask tell focus \
    take find figure get give appreciate start balance learn work make do hang catch put";

/// Words that make a fact less worth remembering.
const VAGUE_WORDS: &str = "something things thing stuff anything everything such lot lots what how kind great awesome \
    amazing tough hard rough time good way fun super crazy idea hearing seeing feel feeling bit nice lately feels \
    moment moments chat talk ton tons project projects usual kinds people";

static SORTED_STOP_WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut words: Vec<_> = STOP_WORDS.split_whitespace().collect();
    words.sort_unstable();
    words
});

/// Whether a word, in lower case, is a stop word.
pub fn is_stop_word(word: &str) -> bool {
    SORTED_STOP_WORDS.binary_search(&word).is_ok()
}

/// Whether a word of a goal's title, in lower case, does not identify the goal.
pub(crate) fn is_goal_title_stop_word(word: &str) -> bool {
    GOAL_TITLE_STOP_WORDS.contains(&word)
}

/// Whether a verb, in lower case, is vague.
pub(crate) fn is_vague_verb(verb: &str) -> bool {
    VAGUE_VERBS.split_whitespace().any(|other| other == verb)
}

/// Whether a word of a fact, in lower case, is vague.
pub(crate) fn is_vague_word(word: &str) -> bool {
    VAGUE_WORDS.split_whitespace().any(|other| other == word)
}
