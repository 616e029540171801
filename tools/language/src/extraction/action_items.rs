//! Action items: what the user promised, has to do, or was asked to do.

mod patterns;

use chrono::{DateTime, Utc};

use self::patterns::{Speaker, Strength};
use super::{ConversationInput, ExtractedActionItem};
use crate::{
    clauses,
    dates::{self, DateMatch, Locale},
    fillers::strip_opening,
    sentences::Sentence,
    stemming::{overlap, terms},
    stop_words::is_vague_verb,
    words::{self, capitalize, normalize},
};

const MAX_ITEMS: usize = 8;

/// References to something said elsewhere that are dropped from the end of a description.
const TRAILING_REFERENCES: &[&str] = &[
    " before that",
    " after that",
    " by then",
    " before then",
    " about it",
    " about that",
    " for it",
    " for that",
    " with that",
];

/// Items whose terms overlap by at least this share are duplicates.
const DUPLICATE_OVERLAP: f32 = 0.75;

/// The speakers of a conversation.
struct Participants {
    /// Whether one of the speakers is the user.
    has_user: bool,
    /// Whether there is only one speaker.
    is_alone: bool,
    /// The names of the others.
    others: Vec<String>,
}

impl Participants {
    fn of(sentences: &[Sentence]) -> Self {
        let mut speakers: Vec<(&str, bool)> =
            sentences.iter().map(|sentence| (sentence.speaker.as_str(), sentence.by_user)).collect();
        speakers.sort_unstable();
        speakers.dedup();
        let others =
            speakers.iter().filter(|(name, user)| !user && !name.is_empty()).map(|(name, _)| (*name).to_owned());
        Self {
            has_user: speakers.iter().any(|(_, user)| *user),
            is_alone: speakers.len() < 2,
            others: others.collect(),
        }
    }

    /// The name that replaces a speaker's `you`, if only one person can be meant.
    fn addressee(&self, sentence: &Sentence) -> Option<&str> {
        let mut others = self.others.iter().filter(|name| **name != sentence.speaker);
        let first = others.next()?;
        others.next().is_none().then_some(first.as_str())
    }
}

/// The action items of a conversation, in the order in which they came up.
pub(super) fn extract(input: &ConversationInput<'_>, sentences: &[Sentence]) -> Vec<ExtractedActionItem> {
    let participants = Participants::of(sentences);
    let now = input.started_at.with_timezone(&input.time_zone);
    let locale = Locale::new(input.language);
    let mut known: Vec<KnownItem> =
        input.open_items.iter().map(|item| KnownItem::new(&item.description, item.due_at, None)).collect();
    let mut items: Vec<ExtractedActionItem> = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        let hypothetical =
            matches!(first_word(&sentence.text).as_str(), "if" | "when" | "unless" | "maybe" | "suppose");
        for clause in clauses::split(&sentence.text) {
            let clause = strip_opening(&clause, &[]);
            let when = dates::find_due_date(clause, &now, locale);
            // `Tomorrow I need to …`
            let opening = when.as_ref().filter(|found| found.range.start == 0).map_or(0, |found| found.range.end);
            let body = clause[opening..].trim_start_matches([',', ' ']);
            let Some((rest, speaker)) = find_task(sentence, body, when.as_ref(), &participants, hypothetical) else {
                continue;
            };
            if speaker == Speaker::Other && is_refused(sentences, place) {
                continue;
            }
            let Some(description) = describe(rest, clause, when.as_ref(), sentence, speaker, &participants) else {
                continue;
            };
            let due_at = when.as_ref().map(DateMatch::due_at).filter(|due| *due > input.started_at);
            let recurrence_rule = when.and_then(|found| found.recurrence_rule).filter(|_| due_at.is_some());
            let item = KnownItem::new(&description, due_at, Some(items.len()));
            if let Some(same) = known.iter_mut().find(|other| item.is_same_as(other)) {
                // `I need to call Tom. I have to call him tomorrow.`
                if let Some(place) = same.place.filter(|_| same.due_at.is_none() && due_at.is_some()) {
                    same.due_at = due_at;
                    (items[place].due_at, items[place].recurrence_rule) = (due_at, recurrence_rule);
                }
                continue;
            }
            if items.len() == MAX_ITEMS {
                continue;
            }
            known.push(item);
            let segment_ids = sentence.segments.clone();
            items.push(ExtractedActionItem { description, due_at, recurrence_rule, segment_ids });
        }
    }
    items
}

/// An action item that is known already.
struct KnownItem {
    terms: Vec<String>,
    due_at: Option<DateTime<Utc>>,
    /// Its place among the extracted ones.
    place: Option<usize>,
}

impl KnownItem {
    fn new(description: &str, due_at: Option<DateTime<Utc>>, place: Option<usize>) -> Self {
        Self { terms: terms(description), due_at, place }
    }

    /// Whether it is the same task: the same words, for the same time unless one of them names none.
    fn is_same_as(&self, other: &Self) -> bool {
        let dates_differ = self.due_at.zip(other.due_at).is_some_and(|(one, other)| one != other);
        !dates_differ && overlap(&self.terms, &other.terms) >= DUPLICATE_OVERLAP
    }
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().map(normalize).unwrap_or_default()
}

/// The task that a clause gives the user, from its verb on.
fn find_task<'a>(
    sentence: &Sentence,
    clause: &'a str,
    when: Option<&DateMatch>,
    participants: &Participants,
    hypothetical: bool,
) -> Option<(&'a str, Speaker)> {
    let speaker = if sentence.by_user || !participants.has_user { Speaker::User } else { Speaker::Other };
    let found = patterns::find_pattern(clause, speaker, participants.is_alone)?;
    let verb = first_word(found.rest);
    let accepted = match found.strength {
        Strength::Strong => !is_vague_verb(&verb) || patterns::is_task_verb(&verb),
        _ if patterns::is_idiom(found.rest) => false,
        Strength::Medium => {
            !hypothetical && (patterns::is_task_verb(&verb) || when.is_some() && patterns::is_light_verb(&verb))
        }
        Strength::Weak => !hypothetical && patterns::is_task_verb(&verb),
        Strength::Imperative => {
            !hypothetical
                && (patterns::is_imperative_task(found.rest) || when.is_some() && patterns::is_task_verb(&verb))
        }
    };
    let question = sentence.is_question() && !found.is_question;
    (accepted && !question).then_some((found.rest, speaker))
}

/// Whether the user's next sentence refuses a request.
fn is_refused(sentences: &[Sentence], place: usize) -> bool {
    let answer = sentences[place + 1..].iter().find(|sentence| sentence.by_user);
    let opening =
        answer.map(|sentence| words::tokenize(&sentence.text).into_iter().take(3).collect::<Vec<_>>().join(" "));
    let refusals = ["no", "nope", "sorry", "i can't", "i cannot", "i won't", "not "];
    opening.is_some_and(|opening| {
        refusals.iter().any(|refusal| opening == *refusal || opening.starts_with(&format!("{} ", refusal.trim_end())))
    })
}

/// The description of a task as the user reads it, without its date; `None` when it says too little by itself.
fn describe(
    rest: &str,
    clause: &str,
    when: Option<&DateMatch>,
    sentence: &Sentence,
    speaker: Speaker,
    participants: &Participants,
) -> Option<String> {
    let offset = rest.as_ptr() as usize - clause.as_ptr() as usize;
    let mut text = rest.to_owned();
    if let Some(found) = when.filter(|found| found.range.start >= offset) {
        let (start, end) = (found.range.start - offset, found.range.end - offset);
        let after = rest[end..].trim_start_matches([',', ' ']);
        text = format!("{} {after}", rest[..start].trim_end_matches([',', ' ']));
    }
    let addressee = participants.addressee(sentence);
    let mut kept: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let bare = normalize(word);
        let trailing = &word[word.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len()..];
        let name = (!sentence.speaker.is_empty()).then_some(sentence.speaker.as_str());
        let replaced = match (speaker, bare.as_str()) {
            (Speaker::User, "you") => Some(addressee.unwrap_or("them").to_owned()),
            (Speaker::User, "your") => Some(addressee.map_or_else(|| "their".to_owned(), |name| format!("{name}'s"))),
            (Speaker::Other, "me") => Some(name.unwrap_or("them").to_owned()),
            (Speaker::Other, "my") => Some(name.map_or_else(|| "their".to_owned(), |name| format!("{name}'s"))),
            (_, "please" | "probably" | "just" | "definitely" | "actually" | "also") => continue,
            _ => None,
        };
        kept.push(replaced.map_or_else(|| word.to_owned(), |other| other + trailing));
    }
    let text = kept.join(" ");
    let text =
        text.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != ')' && letter != '%').trim_end();
    let text = text.strip_suffix(" too").or_else(|| text.strip_suffix(" then")).unwrap_or(text);
    let text = TRAILING_REFERENCES.iter().find_map(|words| text.strip_suffix(words)).unwrap_or(text);
    let last = text.rsplit(' ').next().map(normalize).unwrap_or_default();
    if matches!(last.as_str(), "it" | "that" | "this" | "there" | "them") && text.split_whitespace().count() < 6 {
        return None;
    }
    let content_terms = terms(text.split_once(' ').map_or("", |(_, rest)| rest));
    let count = text.split_whitespace().count();
    let is_reference = words::tokenize(text)
        .iter()
        .skip(1)
        .take(2)
        .any(|word| matches!(word.as_str(), "it" | "that" | "this" | "those" | "these"));
    let has_object = content_terms
        .iter()
        .any(|term| !participants.others.iter().any(|name| name.to_lowercase().starts_with(term.as_str())));
    let is_clear = has_object || !content_terms.is_empty() && patterns::is_contact_verb(&first_word(text));
    ((2..=20).contains(&count) && is_clear && !(is_reference && content_terms.len() < 2)).then(|| capitalize(text))
}
