//! Words: which say nothing, and what belongs together.

use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

/// Sounds of somebody who looks for words.
const HESITATIONS: &[&str] = &["um", "uh", "uhm", "umm", "uhh", "er", "erm", "hmm", "hm", "mhm", "mm", "ah", "eh"];

/// Openings that say nothing of what follows.
const OPENINGS: &[&str] = &[
    "well",
    "so",
    "okay",
    "ok",
    "yeah",
    "yes",
    "yep",
    "yup",
    "oh",
    "hey",
    "hi",
    "hello",
    "wow",
    "right",
    "sure",
    "like",
    "actually",
    "basically",
    "honestly",
    "anyway",
    "anyways",
    "and",
    "but",
    "also",
    "plus",
    "or",
    "then",
    "now",
    "because",
    "cause",
    "thanks",
    "absolutely",
    "totally",
    "definitely",
    "exactly",
    "great",
    "cool",
    "nice",
    "awesome",
    "no",
    "alright",
    "haha",
    "lol",
    "seriously",
    "oops",
    "sorry",
    "agreed",
    "indeed",
    "true",
    "maybe",
    "man",
    "dude",
    "gosh",
    "luckily",
    "fortunately",
    "unfortunately",
    "thankfully",
    "recently",
    "lately",
    "just",
    "btw",
    "yay",
    "ooh",
    "aww",
    "aw",
    "that's",
    "guys",
    "speaking",
    "please",
    "today",
    "currently",
];

/// Openings of several words.
const LONG_OPENINGS: &[&[&str]] = &[
    &["you", "know"],
    &["i", "mean"],
    &["i", "guess"],
    &["i", "think"],
    &["by", "the", "way"],
    &["to", "be", "honest"],
    &["guess", "what"],
    &["of", "course"],
    &["for", "sure"],
    &["thank", "you"],
    &["as", "for", "me"],
    &["kind", "of"],
    &["sort", "of"],
    &["good", "news"],
    &["these", "days"],
    &["note", "to", "self"],
];

/// Words too common to tell anything of what a text is about.
const COMMON: &str = "a about above absolutely actually after again all almost already also always am amazing an and \
    any anyone anything are aren't around as at away awesome aw bad be became because been before being believe best \
    better big bit both but by bye came can can't cannot certainly come coming cool could couldn't could've did \
    didn't different do does doesn't doing don't done each either else end enough even ever every everyone everything \
    exactly excited exciting fact fantastic far feel feeling feels felt few fine first for from fun gave get gets \
    getting give gives glad go goes going gonna good got gotta great guess had hadn't happen happened happy hard has \
    hasn't have haven't having he he'd he'll he's hear heard hello help her here here's hers hey hi him his hmm hope \
    how how's however i i'd i'll i'm i've if in incredible indeed inside instead into is isn't it it'd it'll it's its \
    itself just keep kind kinda knew know known last lately least let let's life like little long look looked looking \
    looks lot lots love loved loving lovely made make makes making man many matter may maybe me mean means might mine \
    moment more most much must my myself near need never new next nice no nope not nothing now of off often oh ok \
    okay on once one ones only or other others our ours out over own part people perfect perhaps place please plus \
    pretty probably put quite rather really recently remember right said same saw say saying says see seem seemed \
    seems seen shall she she'd she'll she's should shouldn't since so some someone something sometimes somewhere soon \
    sorry sort sound sounds special start started still stuff such super sure take taken taking talk tell than thank \
    thanks that that's the their them themselves then there there's these they they'd they'll they're they've thing \
    things think thinking this those though thought through time times to today together told tomorrow tonight too \
    took totally tried true truly try trying two under until up us use used usually very wait want wanted wants was \
    wasn't way we we'd we'll we're we've well went were weren't what what's whatever when where where's whether which \
    while who who's whole why will wish with without won't wonderful would wouldn't wow yeah year years yep yes \
    yesterday yet you you'd you'll you're you've your yours yourself day days week weeks month months night morning \
    weekend awww thx proud inspiring inspired huge definitely important";

static COMMON_WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut words: Vec<_> = COMMON.split_whitespace().collect();
    words.sort_unstable();
    words
});

/// Whether a word, in lower case, is too common to tell anything.
pub(crate) fn is_common(word: &str) -> bool {
    COMMON_WORDS.binary_search(&word).is_ok()
}

/// A word in lower case, without what stands around it.
pub(crate) fn core(word: &str) -> String {
    word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase().replace('’', "'")
}

/// The words of a text, in lower case.
pub(crate) fn cores(text: &str) -> Vec<String> {
    text.split_whitespace().map(core).filter(|word| !word.is_empty()).collect()
}

/// What a text is about: the stems of its words, without the common ones.
pub(crate) fn terms(text: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let telling = |word: &&str| word.chars().count() > 1 && !is_common(word);
    let stem = |word: &str| stemmer.stem(word.trim_end_matches("'s")).into_owned();
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '\'' || letter == '’'));
    words
        .map(|word| word.to_lowercase().replace('’', "'"))
        .filter(|word| telling(&word.as_str()))
        .map(|word| stem(&word))
        .collect()
}

/// Takes out hesitations and words said twice in a row.
pub(super) fn without_hesitation(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let this = core(word);
        if HESITATIONS.contains(&this.as_str()) {
            // The end of the sentence stays.
            continue;
        }
        let stammers = !this.is_empty() && !matches!(this.as_str(), "very" | "really" | "so" | "had" | "that");
        if stammers && kept.last().is_some_and(|last| core(last) == this && !last.ends_with(['.', '!', '?'])) {
            kept.pop();
        }
        kept.push(word);
    }
    let mut text = kept.join(" ");
    if text.ends_with(',') {
        text.pop();
    }
    text
}

/// Takes the empty openings off: `Well, you know, I think we won` is `we won`. `names` may open a sentence, too.
pub(super) fn without_opening<'a>(text: &'a str, names: &[String]) -> &'a str {
    let mut rest = text.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    loop {
        let words: Vec<&str> = rest.split_whitespace().take(4).collect();
        let cores: Vec<String> = words.iter().map(|word| core(word)).collect();
        let first = cores.first().map_or("", String::as_str);
        let named = |name: &String| name.to_lowercase().starts_with(first) && first.len() > 2;
        let vocative = words.first().is_some_and(|word| word.ends_with(',') && word.starts_with(char::is_uppercase))
            && !is_common(first);
        let comma = words.first().is_some_and(|word| word.ends_with([',', '!', '.', '-', '…']));
        let long = LONG_OPENINGS
            .iter()
            .find(|opening| cores.len() > opening.len() && opening.iter().zip(&cores).all(|(a, b)| a == b));
        let taken = if let Some(opening) = long {
            opening.len()
        } else if cores.len() > 1
            && (OPENINGS.contains(&first) && (comma || !BINDING.contains(&first))
                || (vocative || comma && names.iter().any(named)))
        {
            1
        } else {
            return rest;
        };
        let end = words[taken - 1].as_ptr() as usize - rest.as_ptr() as usize + words[taken - 1].len();
        rest = rest[end..].trim_start_matches(|letter: char| !letter.is_alphanumeric());
    }
}

/// Openings that belong to what follows unless a comma parts them: `great food`, `like my mother`.
const BINDING: &[&str] = &[
    "like",
    "great",
    "cool",
    "nice",
    "awesome",
    "right",
    "now",
    "no",
    "true",
    "man",
    "sure",
    "sorry",
    "that's",
    "today",
    "speaking",
    "please",
    "thanks",
    "guys",
    "just",
    "exactly",
    "currently",
    "lately",
    "recently",
    "then",
];

/// Whether a text is English, by its common words.
pub(crate) fn looks_english(text: &str) -> bool {
    let words = cores(text);
    let common = words.iter().filter(|word| is_common(word)).count();
    common * 10 >= words.len() * 3
}

/// Capitalises the first letter.
pub(crate) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// How many of the terms of two texts are the same, from 0 to 1, seen from the one with fewer.
pub(crate) fn overlap(one: &[String], other: &[String]) -> f32 {
    let shared = one.iter().filter(|term| other.contains(term)).count();
    let fewer = one.len().min(other.len());
    if fewer == 0 { 0.0 } else { shared as f32 / fewer as f32 }
}
