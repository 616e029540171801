//! Turns the first person into the third: `I love my dog` is `User loves their dog`.

use crate::words::{capitalize, normalize};

/// Words between the subject and its verb.
const ADVERBS: &[&str] = &[
    "just",
    "also",
    "always",
    "never",
    "really",
    "still",
    "usually",
    "often",
    "sometimes",
    "actually",
    "definitely",
    "even",
    "currently",
    "recently",
    "finally",
    "already",
    "once",
    "now",
    "only",
    "both",
    "first",
    "totally",
    "absolutely",
    "ever",
    "kinda",
    "truly",
];

/// Verbs that do not change in the third person: modals, and past forms that do not end in `-ed`.
const INVARIANT_VERBS: &str = "can can't cannot could couldn't will won't would wouldn't should shouldn't might must \
    may did didn't had hadn't was wasn't ate became began bent bet bit blew bought broke brought built burnt came \
    caught chose clung crept cut dealt dove drank drew dreamt drove dug fell felt fed fought flew forgot forgave found \
    froze gave got grew heard held hid hit hung hurt kept knew laid led left lent let lit lost made meant met paid put \
    quit ran rang read rode rose said sang sank sat saw sent set shook shot shut slept sold spent spoke spun spread \
    stood stole struck stuck swam swore taught thought threw told took tore understood went woke won wore wound wrote";

/// A statement about the speaker, rewritten about `subject`; `None` unless it begins with `I` or `my`, or when it
/// addresses somebody.
pub(crate) fn third_person(clause: &str, subject: &str) -> Option<String> {
    let words: Vec<&str> = clause.split_whitespace().collect();
    let first = normalize(words.first()?);
    let (mut said, rest) = match first.as_str() {
        "i'm" => (format!("{subject} is"), &words[1..]),
        "i've" => (format!("{subject} has"), &words[1..]),
        "i'll" => (format!("{subject} will"), &words[1..]),
        "i'd" if words.get(1).is_some_and(|next| normalize(next) == "been" || normalize(next).ends_with("ed")) => {
            (format!("{subject} had"), &words[1..])
        }
        "i'd" => (format!("{subject} would"), &words[1..]),
        "my" => (format!("{subject}'s"), &words[1..]),
        "i" => {
            let adverbs = words[1..].iter().take_while(|word| {
                ADVERBS.contains(&normalize(word).as_str())
                    || normalize(word).len() > 5 && normalize(word).ends_with("ly")
            });
            let at = 1 + adverbs.count();
            let verb = words.get(at)?;
            let verb_form = conjugate(&normalize(verb))
                .map_or_else(|| (*verb).to_owned(), |form| verb.to_lowercase().replace(&normalize(verb), &form));
            let between: Vec<&str> = words[1..at].to_vec();
            let opening: Vec<&str> = [subject].into_iter().chain(between).chain([verb_form.as_str()]).collect();
            (opening.join(" "), &words[at + 1..])
        }
        _ => return None,
    };
    for (at, word) in rest.iter().enumerate() {
        let follows = rest.get(at + 1).map(|next| normalize(next)).unwrap_or_default();
        let bare = normalize(word);
        let other = match bare.as_str() {
            "i" if follows == "am" || follows == "was" => "they",
            "am" if at > 0 && normalize(rest[at - 1]) == "i" => "are",
            "was" if at > 0 && normalize(rest[at - 1]) == "i" => "were",
            "i" | "we" => "they",
            "i'm" | "we're" => "they're",
            "i've" | "we've" => "they've",
            "i'll" | "we'll" => "they'll",
            "i'd" | "we'd" => "they'd",
            "my" | "our" => "their",
            "me" | "us" => "them",
            "mine" | "ours" => "theirs",
            "myself" | "ourselves" => "themselves",
            "you" | "your" | "you're" | "yours" | "you've" | "you'll" | "you'd" | "yourself" | "u" => return None,
            _ => "",
        };
        said.push(' ');
        if other.is_empty() {
            said.push_str(word);
        } else {
            let trailing = word.trim_end_matches(|letter: char| !letter.is_alphanumeric());
            said.push_str(other);
            said.push_str(&word[trailing.len()..]);
        }
    }
    Some(capitalize(&said))
}

/// The third person singular of a verb in lower case; `None` when the verb does not change.
pub(crate) fn conjugate(verb: &str) -> Option<String> {
    let verb_form = match verb {
        "am" => "is".into(),
        "have" => "has".into(),
        "haven't" => "hasn't".into(),
        "do" => "does".into(),
        "don't" => "doesn't".into(),
        "need" | "bleed" | "feed" | "breed" | "speed" | "succeed" | "proceed" | "embed" => format!("{verb}s"),
        _ if INVARIANT_VERBS.split_whitespace().any(|past| past == verb) || verb.ends_with("ed") => return None,
        _ if verb.ends_with('y') && !["ay", "ey", "oy", "uy"].iter().any(|ending| verb.ends_with(ending)) => {
            format!("{}ies", &verb[..verb.len() - 1])
        }
        _ if ["s", "sh", "ch", "x", "z", "o"].iter().any(|ending| verb.ends_with(ending)) => format!("{verb}es"),
        _ => format!("{verb}s"),
    };
    Some(verb_form)
}
