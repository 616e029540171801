//! How people speak of what is to be done.

use crate::processing::local::words::core;

/// Whose words make it the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The user's own.
    Own,
    /// Those of somebody who asks the user.
    Request,
}

/// How certain a pattern is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Firmness {
    /// Almost any verb may follow.
    Firm,
    /// Only a verb of tasks may follow, or a light one with a date.
    Soft,
    /// Only a verb of tasks may follow: what somebody proposes, or asks for.
    Proposed,
    /// There is nothing but the verb, and what it is about.
    Bare,
}

/// A pattern that was found.
pub(super) struct Pattern<'a> {
    pub(super) firmness: Firmness,
    /// The clause from the verb on.
    pub(super) rest: &'a str,
    /// Whether it is a question by itself.
    pub(super) question: bool,
}

use Firmness::{Bare, Firm, Proposed, Soft};

const OWN: &[(&str, Firmness)] = &[
    ("i need to", Firm),
    ("i have to", Firm),
    ("i've got to", Firm),
    ("i gotta", Firm),
    ("i must", Firm),
    ("i promised to", Firm),
    ("i'm supposed to", Firm),
    ("remind me to", Firm),
    ("don't forget to", Firm),
    ("don't let me forget to", Firm),
    ("remember to", Firm),
    ("make sure to", Firm),
    ("make sure i", Firm),
    ("make sure we", Firm),
    ("i need to remember to", Firm),
    ("i have to remember to", Firm),
    ("i need to make sure to", Firm),
    ("i'll make sure to", Firm),
    ("i'll be sure to", Firm),
    ("i'll try to", Soft),
    ("i'll", Soft),
    ("i will", Soft),
    ("i'm going to", Soft),
    ("i am going to", Soft),
    ("i'm gonna", Soft),
    ("i should", Soft),
    ("i'd better", Soft),
    ("i better", Soft),
    ("let me", Proposed),
    ("we should", Proposed),
    ("we need to", Soft),
    ("we have to", Soft),
    ("we must", Soft),
    ("we'll", Proposed),
    ("let's", Proposed),
];

const REQUESTS: &[(&str, Firmness)] = &[
    ("can you please", Soft),
    ("could you please", Soft),
    ("can you", Proposed),
    ("could you", Proposed),
    ("would you", Proposed),
    ("will you", Proposed),
    ("would you mind", Proposed),
    ("please", Soft),
    ("i need you to", Firm),
    ("you need to", Soft),
    ("you have to", Soft),
    ("don't forget to", Firm),
    ("remember to", Firm),
    ("make sure you", Firm),
    ("make sure to", Firm),
];

/// Words between the parts of a pattern.
const BETWEEN: &[&str] = &[
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

/// The longest pattern that a clause begins with. `alone` tells that nobody else is there to be ordered about.
pub(super) fn find(clause: &str, side: Side, alone: bool) -> Option<Pattern<'_>> {
    let patterns = if side == Side::Own { OWN } else { REQUESTS };
    let said = patterns.iter().filter_map(|(pattern, firmness)| {
        let rest = after(clause, pattern)?;
        let question = ["can ", "could ", "would ", "will "].iter().any(|opening| pattern.starts_with(opening));
        Some((pattern.len(), Pattern { firmness: *firmness, rest, question }))
    });
    let longest = said.max_by_key(|(length, _)| *length).map(|(_, pattern)| pattern);
    // A bare order is for the user when it comes from another, or from somebody alone.
    longest.or_else(|| {
        (alone || side == Side::Request).then_some(Pattern { firmness: Bare, rest: clause, question: false })
    })
}

/// What follows a pattern at the beginning of a clause.
fn after<'a>(clause: &'a str, pattern: &str) -> Option<&'a str> {
    let mut wanted = pattern.split(' ').peekable();
    let mut started = false;
    for word in clause.split_whitespace() {
        let bare = core(word);
        if wanted.peek() == Some(&bare.as_str()) {
            wanted.next();
            started = true;
        } else if !started || !BETWEEN.contains(&bare.as_str()) {
            let start = word.as_ptr() as usize - clause.as_ptr() as usize;
            return wanted.peek().is_none().then(|| &clause[start..]);
        }
    }
    None
}

const TASKS: &str = "send call email text message book buy order pick schedule reserve pay submit complete prepare \
    review fix update cancel renew register sign apply contact reply respond arrange organize print bring return drop \
    clean wash share upload download install confirm research pack file draft finalize invite remind transfer deposit \
    withdraw repair replace charge water feed sell donate mail ship deploy document deliver discuss investigate \
    follow forward reschedule rsvp refill collect check write ask schedule fill set post finish plan create";

const LIGHT: &str = "go get make take start try join attend learn visit see look find meet read do bake cook show \
    tell talk study practice run work move have give present hand";

const VAGUE: &str = "be say admit agree think know believe remember feel keep wait hear imagine stop see have go try \
    continue stay accept understand trust love like let live enjoy deal move rest relax confess ask tell focus take \
    find figure get give appreciate start balance learn work make do hang catch put";

const CONTACT: &str = "call email text message contact ask remind invite meet visit pay";

fn listed(list: &str, verb: &str) -> bool {
    list.split_whitespace().any(|word| word == verb)
}

/// Whether a verb by itself names a task.
pub(super) fn is_task(verb: &str) -> bool {
    listed(TASKS, verb)
}

/// Whether a verb names a task when there is a date.
pub(super) fn is_light(verb: &str) -> bool {
    listed(LIGHT, verb)
}

/// Whether a verb is of thoughts and feelings, not of tasks.
pub(super) fn is_vague(verb: &str) -> bool {
    listed(VAGUE, verb) && !is_task(verb)
}

/// Whether an order without anything around it is a task: a verb of tasks, and the thing or person that it is about.
pub(super) fn is_order(rest: &str) -> bool {
    let mut words = rest.split_whitespace();
    let verb = words.next().map(core).unwrap_or_default();
    let object = words.next().unwrap_or_default();
    let named = object.starts_with(char::is_uppercase) || object.starts_with(|first: char| first.is_ascii_digit());
    is_task(&verb)
        && (named
            || listed("the a an my me us our your him her them this two three some for with up out in", &core(object)))
}

/// Whether it is no task to do so: `check out this photo`.
pub(super) fn is_pastime(rest: &str) -> bool {
    let words: Vec<String> = rest.split_whitespace().take(3).map(core).collect();
    let at = |place: usize| words.get(place).map_or("", String::as_str);
    at(0) == "check" && matches!(at(1), "out" | "it" | "this" | "these" | "em") || at(0) == "follow" && at(1) == "your"
}

/// Whether a verb needs no more than a person.
pub(super) fn is_contact(verb: &str) -> bool {
    listed(CONTACT, verb)
}
