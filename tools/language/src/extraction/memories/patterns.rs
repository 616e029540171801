//! Phrases in which people state facts about themselves, and their scores.

/// Adverbs between subject and verb that do not change the statement.
const ADVERBS: &[&str] = &[
    "just",
    "also",
    "really",
    "recently",
    "finally",
    "actually",
    "always",
    "still",
    "currently",
    "usually",
    "often",
    "even",
    "definitely",
    "absolutely",
    "totally",
    "once",
    "already",
    "first",
    "now",
];

/// After `I`: identity, home and work.
const IDENTITY: &str = "live work grew moved study studied teach own speak graduated adopted married quit retired \
    volunteer majored lost inherited";

/// After `I`: likes, habits, deeds and plans.
const DEEDS: &str = "love enjoy hate prefer play collect run practice started bought joined finished won signed took \
    learned decided visited traveled travelled went attended applied passed created painted wrote opened launched \
    built ran organized organised hosted celebrated received read used dream plan hope completed volunteered planted \
    met taught baked cooked drew designed performed ordered booked enrolled entered broke injured hurt sold saved \
    earned found made gave drink eat like worked played began became researched hiked camped swam danced";

/// Verbs in `-ed` and `-ing` that state nothing lasting.
const TRANSIENT_VERBS: &str = "needed looked thanked appreciated missed agreed hoped wished noticed realized realised \
    figured watched asked talked called showed guessed relaxed enjoyed seemed stayed stopped turned worried loved \
    liked tried ended managed wondered expected checked supposed feeling getting looking thinking trying loving hoping \
    enjoying wondering talking telling saying asking coming glowing missing rooting sending cheering wishing checking \
    dying freaking keeping heading heard speaking counting focusing facing struggling staying";

/// After `I'm`.
const BEING: &str = "a an from allergic married single engaged divorced vegan vegetarian pregnant retired planning \
    working learning studying training taking saving writing reading moving starting passionate interested renting \
    building researching teaching applying creating making running launching expecting considering opening \
    volunteering gluten lactose fluent left-handed diabetic originally in member part practicing preparing";

/// After `I've`, but for `been`.
const HAVING: &str = "loved wanted lived worked started moved decided got bought finished read written joined signed \
    taken had known adopted opened lost played studied visited traveled travelled learned become owned collected made \
    created found made completed won volunteered applied painted published met";

/// Possessions worth remembering.
const POSSESSIONS: &str = "dog dogs cat cats pet pets kid kids child children son sons daughter daughters brother \
    brothers sister sisters twins allergy allergies degree job business store shop car house apartment garden studio \
    collection diabetes asthma interview appointment husband wife boyfriend girlfriend partner turtles fish bird \
    horse puppy kitten license participants band blog channel tattoo";

/// Nouns after `my` that introduce a fact.
const RELATIONS: &str = "wife husband partner girlfriend boyfriend fiance fiancee son sons daughter daughters kid \
    kids child children mom mum mother dad father sister brother grandma grandpa grandmother grandfather parents \
    family aunt uncle cousin cousins niece nephew friend friends roommate boss colleague team dog dogs cat cats pet \
    pets puppy kitten birthday job name hometown dream goal goals hobby hobbies passion favorite favourite house car \
    business store studio participants degree major allergy anniversary wedding best old son's";

/// Nouns that a later `he`, `she` or `they` can refer to.
const PEOPLE: &str = "wife husband partner girlfriend boyfriend fiance fiancee son sons daughter daughters kid kids \
    child children mom mum mother dad father sister brother grandma grandpa grandmother grandfather parents family \
    aunt uncle cousin cousins niece nephew friend friends roommate boss colleague team dog dogs cat cats pet pets \
    puppy kitten";

/// Verbs that make a statement of `my …`.
const RELATION_VERBS: &[&str] = &[
    "is",
    "are",
    "was",
    "were",
    "has",
    "have",
    "had",
    "loves",
    "love",
    "likes",
    "like",
    "lives",
    "live",
    "works",
    "work",
    "died",
    "passed",
    "gave",
    "got",
    "taught",
    "used",
    "plays",
    "play",
    "goes",
    "makes",
    "started",
    "moved",
    "enjoy",
    "enjoys",
    "bought",
    "made",
    "turned",
    "won",
    "graduated",
    "told",
    "helps",
    "support",
    "supports",
    "named",
    "falls",
    "wants",
    "want",
    "hates",
];

fn contains(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|other| other == word)
}

/// Whether a word is a verb of likes, habits, deeds and plans.
pub(super) fn is_deed_verb(word: &str) -> bool {
    contains(DEEDS, word)
}

/// Whether a word names a person or an animal that `he`, `she` or `they` can refer to.
pub(super) fn is_person(word: &str) -> bool {
    contains(PEOPLE, word)
}

/// The score of a statement by its first words, from 1 to 3; `None` when it states nothing about the user's life.
pub(super) fn score(words: &[String]) -> Option<f32> {
    let plain: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .enumerate()
        .filter(|(at, word)| *at == 0 || *at > 3 || !ADVERBS.contains(word))
        .map(|(_, word)| word)
        .collect();
    let at = |place: usize| plain.get(place).copied().unwrap_or("");
    match at(0) {
        "i" => score_deed(&plain),
        "i'm" => score_state(&plain[1..]),
        "i've" if at(1) == "been" => score_continuing(&plain[2..]),
        "i've" => contains(HAVING, at(1)).then_some(2.0),
        "my" => score_relation(&plain),
        _ => None,
    }
}

fn score_deed(plain: &[&str]) -> Option<f32> {
    let at = |place: usize| plain.get(place).copied().unwrap_or("");
    match (at(1), at(2), at(3)) {
        ("am", ..) => score_state(&plain[2..]),
        ("was", "born" | "diagnosed" | "promoted" | "hired" | "accepted" | "raised", _) => Some(3.0),
        ("have", "been", _) => score_continuing(&plain[3..]),
        ("come", "from", _) => Some(3.0),
        ("have" | "had" | "got", ..) if plain[2..].iter().take(5).any(|word| contains(POSSESSIONS, word)) => Some(2.2),
        (
            "got",
            "married" | "engaged" | "divorced" | "promoted" | "hired" | "accepted" | "laid" | "fired" | "into",
            _,
        ) => Some(2.8),
        ("can't", "eat" | "have" | "drink", _) => Some(1.9),
        ("don't", "eat" | "drink" | "like" | "smoke" | "drive" | "own" | "speak" | "want", _) => Some(2.0),
        (
            "love" | "enjoy" | "hate" | "like",
            "how" | "that" | "what" | "it" | "seeing" | "hearing" | "the" | "all" | "those",
            _,
        ) => None,
        ("love" | "enjoy" | "hate" | "like" | "prefer", ..) => Some(2.0),
        (
            "want" | "hope" | "plan",
            "to",
            "be" | "become" | "start" | "open" | "move" | "learn" | "create" | "build" | "study" | "help" | "visit",
        ) => Some(1.8),
        ("want" | "hope" | "plan" | "tried" | "found" | "made" | "gave", ..) if at(1) != "made" => None,
        ("took" | "went" | "met" | "used" | "gave" | "read" | "ran" | "started" | "made", ..) => Some(1.5),
        (verb, ..) if contains(IDENTITY, verb) => Some(2.6),
        (verb, ..) if contains(DEEDS, verb) => Some(1.8),
        (verb, ..) if verb.len() > 4 && verb.ends_with("ed") && !contains(TRANSIENT_VERBS, verb) => Some(1.6),
        _ => None,
    }
}

fn score_state(rest: &[&str]) -> Option<f32> {
    let at = |place: usize| rest.get(place).copied().unwrap_or("");
    match (at(0), at(1)) {
        ("a" | "an", "bit" | "little" | "lot" | "big" | "huge" | "firm") => None,
        ("in", next) if next != "a" => None,
        ("from" | "allergic" | "originally" | "a" | "an" | "married" | "vegan" | "vegetarian" | "diabetic", _) => {
            Some(2.5)
        }
        ("making" | "taking" | "working" | "starting", "it" | "sure" | "care" | "time") => None,
        (_, "intolerant") => Some(2.5),
        ("living", "in" | "with" | "at" | "near") => Some(2.2),
        ("living", _) => None,
        (word, _) if contains(BEING, word) => Some(1.8),
        (word, _) if word.len() > 6 && word.ends_with("ing") && !contains(TRANSIENT_VERBS, word) => Some(1.6),
        (age, "years") if age.bytes().all(|byte| byte.is_ascii_digit()) => Some(3.0),
        _ => None,
    }
}

fn score_continuing(rest: &[&str]) -> Option<f32> {
    let at = |place: usize| rest.get(place).copied().unwrap_or("");
    let long = rest.iter().any(|word| matches!(*word, "for" | "since"));
    match at(0) {
        "doing" | "feeling" | "thinking" | "trying" | "having" | "keeping" | "so" | "really" | "super" | "busy"
        | "wondering" | "going" | "hoping" => None,
        "to" | "married" | "diagnosed" => Some(2.0),
        "a" | "an"
            if rest
                .iter()
                .any(|word| matches!(*word, "fan" | "member" | "vegan" | "vegetarian" | "volunteer" | "teacher")) =>
        {
            Some(2.0)
        }
        "a" | "an" => None,
        verb if verb.ends_with("ing") => Some(if long { 2.3 } else { 1.8 }),
        _ => long.then_some(1.5),
    }
}

fn score_relation(plain: &[&str]) -> Option<f32> {
    let related = plain[1..].iter().take(3).position(|word| contains(RELATIONS, word))?;
    let verb = plain[related + 2..].iter().take(4).any(|word| RELATION_VERBS.contains(word));
    verb.then_some(2.0)
}
