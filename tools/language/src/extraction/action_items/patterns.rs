//! Phrases that announce a task.

use crate::words::normalize;

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The user.
    User,
    /// Another person, who asks the user.
    Other,
}

/// How much evidence a pattern is of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strength {
    /// Any verb may follow that is not vague.
    Strong,
    /// Only a task verb may follow, or a light verb with a date.
    Medium,
    /// Only a task verb may follow: a proposal or a request.
    Weak,
    /// No pattern: the clause is an imperative.
    Imperative,
}

/// A matched pattern.
pub(super) struct Pattern<'a> {
    pub(super) strength: Strength,
    /// The clause from the verb on.
    pub(super) rest: &'a str,
    /// Whether the pattern itself is a question.
    pub(super) is_question: bool,
}

use Strength::{Imperative, Medium, Strong, Weak};

const USER_PATTERNS: &[(&str, Strength)] = &[
    ("i need to", Strong),
    ("i have to", Strong),
    ("i've got to", Strong),
    ("i gotta", Strong),
    ("i must", Strong),
    ("i promised to", Strong),
    ("i'm supposed to", Strong),
    ("remind me to", Strong),
    ("don't forget to", Strong),
    ("don't let me forget to", Strong),
    ("remember to", Strong),
    ("make sure to", Strong),
    ("make sure i", Strong),
    ("make sure we", Strong),
    ("i need to remember to", Strong),
    ("i have to remember to", Strong),
    ("i need to make sure to", Strong),
    ("i'll make sure to", Strong),
    ("i'll be sure to", Strong),
    ("i'll try to", Medium),
    ("i'll", Medium),
    ("i will", Medium),
    ("i'm going to", Medium),
    ("i am going to", Medium),
    ("i'm gonna", Medium),
    ("i should", Medium),
    ("i'd better", Medium),
    ("i better", Medium),
    ("let me", Weak),
    ("we should", Weak),
    ("we need to", Medium),
    ("we have to", Medium),
    ("we must", Medium),
    ("we'll", Weak),
    ("let's", Weak),
];

const REQUEST_PATTERNS: &[(&str, Strength)] = &[
    ("can you please", Medium),
    ("could you please", Medium),
    ("can you", Weak),
    ("could you", Weak),
    ("would you", Weak),
    ("will you", Weak),
    ("would you mind", Weak),
    ("please", Medium),
    ("i need you to", Strong),
    ("you need to", Medium),
    ("you have to", Medium),
    ("don't forget to", Strong),
    ("remember to", Strong),
    ("make sure you", Strong),
    ("make sure to", Strong),
];

/// Adverbs that may stand between the words of a pattern.
const ADVERBS: &[&str] = &[
    "just",
    "also",
    "still",
    "really",
    "definitely",
    "probably",
    "actually",
    "quickly",
    "first",
    "now",
    "only",
    "then",
    "kindly",
];

/// The longest pattern that a clause begins with. `is_alone` means that there is only one speaker.
pub(super) fn find_pattern(clause: &str, speaker: Speaker, is_alone: bool) -> Option<Pattern<'_>> {
    let patterns = if speaker == Speaker::User { USER_PATTERNS } else { REQUEST_PATTERNS };
    let matches = patterns.iter().filter_map(|(pattern, strength)| {
        let rest = rest_after(clause, pattern)?;
        let is_question = ["can ", "could ", "would ", "will "].iter().any(|opening| pattern.starts_with(opening));
        Some((pattern.len(), Pattern { strength: *strength, rest, is_question }))
    });
    let longest = matches.max_by_key(|(length, _)| *length).map(|(_, pattern)| pattern);
    // An imperative is for the user when another person says it, or when only one person speaks.
    longest.or_else(|| {
        (is_alone || speaker == Speaker::Other).then_some(Pattern {
            strength: Imperative,
            rest: clause,
            is_question: false,
        })
    })
}

/// The rest of a clause that begins with a pattern.
fn rest_after<'a>(clause: &'a str, pattern: &str) -> Option<&'a str> {
    let mut expected = pattern.split(' ').peekable();
    let mut started = false;
    for word in clause.split_whitespace() {
        let bare = normalize(word);
        if expected.peek() == Some(&bare.as_str()) {
            expected.next();
            started = true;
        } else if !started || !ADVERBS.contains(&bare.as_str()) {
            let start = word.as_ptr() as usize - clause.as_ptr() as usize;
            return expected.peek().is_none().then(|| &clause[start..]);
        }
    }
    None
}

/// Verbs that name a task by themselves.
const TASK_VERBS: &str = "send call email text message book buy order pick schedule reserve pay submit complete \
    prepare review fix update cancel renew register sign apply contact reply respond arrange organize print bring \
    return drop clean wash share upload download install confirm research pack file draft finalize invite remind \
    transfer deposit withdraw repair replace charge water feed sell donate mail ship deploy document deliver discuss \
    investigate follow forward reschedule rsvp refill collect check write ask schedule fill set post finish plan \
    create";

/// Verbs that name a task when there is a date.
const LIGHT_VERBS: &str = "go get make take start try join attend learn visit see look find meet read do bake cook \
    show tell talk study practice run work move have give present hand";

/// Verbs of contact with a person.
const CONTACT_VERBS: &str = "call email text message contact ask remind invite meet visit pay";

fn contains(list: &str, verb: &str) -> bool {
    list.split_whitespace().any(|word| word == verb)
}

/// Whether a verb names a task by itself.
pub(super) fn is_task_verb(verb: &str) -> bool {
    contains(TASK_VERBS, verb)
}

/// Whether a verb names a task when there is a date.
pub(super) fn is_light_verb(verb: &str) -> bool {
    contains(LIGHT_VERBS, verb)
}

/// Whether an imperative is a task: a task verb with its object.
pub(super) fn is_imperative_task(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    let verb = words.next().map(normalize).unwrap_or_default();
    let object = words.next().unwrap_or_default();
    let named = object.starts_with(char::is_uppercase) || object.starts_with(|first: char| first.is_ascii_digit());
    is_task_verb(&verb)
        && (named
            || contains(
                "the a an my me us our your him her them this two three some for with up out in",
                &normalize(object),
            ))
}

/// Whether a task verb is used as an idiom: `check out this photo`.
pub(super) fn is_idiom(rest: &str) -> bool {
    let words: Vec<String> = rest.split_whitespace().take(3).map(normalize).collect();
    let at = |place: usize| words.get(place).map_or("", String::as_str);
    at(0) == "check" && matches!(at(1), "out" | "it" | "this" | "these" | "em") || at(0) == "follow" && at(1) == "your"
}

/// Whether a verb needs no object but a person.
pub(super) fn is_contact_verb(verb: &str) -> bool {
    contains(CONTACT_VERBS, verb)
}
