//! Action items: what the user promised, has to do, or was asked for.

mod patterns;

use chrono::{DateTime, Utc};

use self::patterns::{Firmness, Side};
use super::{
    clauses,
    sentences::Sentence,
    words::{self, capitalized, core},
};
use crate::{
    dates::{self, Found},
    processing::understanding::{FoundActionItem, Material},
};

const MOST: usize = 8;

/// Words at the end that point to something said elsewhere, and that an order can do without.
const HANGING: &[&str] = &[
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

/// Two that share this part of their words are one.
const SAME: f32 = 0.75;

/// Who is in the conversation.
struct Company {
    /// Whether anybody is known to be the user.
    user_known: bool,
    /// Whether only one speaks.
    alone: bool,
    /// The names of the others.
    others: Vec<String>,
}

impl Company {
    fn of(sentences: &[Sentence]) -> Self {
        let mut speakers: Vec<(&str, bool)> =
            sentences.iter().map(|sentence| (sentence.speaker.as_str(), sentence.by_user)).collect();
        speakers.sort_unstable();
        speakers.dedup();
        let others =
            speakers.iter().filter(|(name, user)| !user && !name.is_empty()).map(|(name, _)| (*name).to_owned());
        Self { user_known: speakers.iter().any(|(_, user)| *user), alone: speakers.len() < 2, others: others.collect() }
    }

    /// What a speaker's `you` is called when the user reads it.
    fn addressed(&self, sentence: &Sentence) -> Option<&str> {
        let mut others = self.others.iter().filter(|name| **name != sentence.speaker);
        let first = others.next()?;
        others.next().is_none().then_some(first.as_str())
    }
}

/// The action items of a conversation, in the order that they came up.
pub(super) fn find(material: &Material<'_>, sentences: &[Sentence]) -> Vec<FoundActionItem> {
    let company = Company::of(sentences);
    let now = material.started_at.with_timezone(&material.time_zone);
    let mut known: Vec<Vec<String>> = material.open_items.iter().map(|item| words::terms(item)).collect();
    let mut items = Vec::new();
    for (place, sentence) in sentences.iter().enumerate() {
        let hypothetical =
            matches!(first_word(&sentence.text).as_str(), "if" | "when" | "unless" | "maybe" | "suppose");
        for clause in clauses::split(&sentence.text) {
            let clause = words::without_opening(&clause, &[]);
            let when = dates::find_time(clause, &now);
            // `Tomorrow I need to …`
            let opening = when.as_ref().filter(|found| found.range.start == 0).map_or(0, |found| found.range.end);
            let body = clause[opening..].trim_start_matches([',', ' ']);
            let Some((rest, side)) = asked(sentence, body, when.as_ref(), &company, hypothetical) else { continue };
            if side == Side::Request && refused(sentences, place) {
                continue;
            }
            let Some(description) = describe(rest, clause, when.as_ref(), sentence, side, &company) else { continue };
            let terms = words::terms(&description);
            if items.len() == MOST || known.iter().any(|other| words::overlap(&terms, other) >= SAME) {
                continue;
            }
            known.push(terms);
            let due_at = when.map(|found| found.due()).filter(|due: &DateTime<Utc>| *due > material.started_at);
            items.push(FoundActionItem { description, due_at, segment_ids: sentence.segments.clone() });
        }
    }
    items
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().map(core).unwrap_or_default()
}

/// What is to be done, when a clause makes it the user's; beginning with the verb.
fn asked<'a>(
    sentence: &Sentence,
    clause: &'a str,
    when: Option<&Found>,
    company: &Company,
    hypothetical: bool,
) -> Option<(&'a str, Side)> {
    let side = if sentence.by_user || !company.user_known { Side::Own } else { Side::Request };
    let found = patterns::find(clause, side, company.alone)?;
    let verb = first_word(found.rest);
    let accepted = match found.firmness {
        Firmness::Firm => !patterns::is_vague(&verb),
        _ if patterns::is_pastime(found.rest) => false,
        Firmness::Soft => !hypothetical && (patterns::is_task(&verb) || when.is_some() && patterns::is_light(&verb)),
        Firmness::Proposed => !hypothetical && patterns::is_task(&verb),
        Firmness::Bare => {
            !hypothetical && (patterns::is_order(found.rest) || when.is_some() && patterns::is_task(&verb))
        }
    };
    let question = sentence.asks() && !found.question;
    (accepted && !question).then_some((found.rest, side))
}

/// Whether the user's next words turn a request down.
fn refused(sentences: &[Sentence], place: usize) -> bool {
    let answer = sentences[place + 1..].iter().find(|sentence| sentence.by_user);
    let opening = answer.map(|sentence| words::cores(&sentence.text).into_iter().take(3).collect::<Vec<_>>().join(" "));
    let refusals = ["no", "nope", "sorry", "i can't", "i cannot", "i won't", "not "];
    opening.is_some_and(|opening| {
        refusals.iter().any(|refusal| opening == *refusal || opening.starts_with(&format!("{} ", refusal.trim_end())))
    })
}

/// The order in the words that the user reads, without its date where that leaves a sentence.
fn describe(
    rest: &str,
    clause: &str,
    when: Option<&Found>,
    sentence: &Sentence,
    side: Side,
    company: &Company,
) -> Option<String> {
    let offset = rest.as_ptr() as usize - clause.as_ptr() as usize;
    let mut text = rest.to_owned();
    if let Some(found) = when.filter(|found| found.range.start >= offset) {
        let (start, end) = (found.range.start - offset, found.range.end - offset);
        let after = rest[end..].trim_start_matches([',', ' ']);
        text = format!("{} {after}", rest[..start].trim_end_matches([',', ' ']));
    }
    let addressed = company.addressed(sentence);
    let mut kept: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let bare = core(word);
        let trailing = &word[word.trim_end_matches(|letter: char| !letter.is_alphanumeric()).len()..];
        let speaker = (!sentence.speaker.is_empty()).then_some(sentence.speaker.as_str());
        let replaced = match (side, bare.as_str()) {
            (Side::Own, "you") => Some(addressed.unwrap_or("them").to_owned()),
            (Side::Own, "your") => Some(addressed.map_or_else(|| "their".to_owned(), |name| format!("{name}'s"))),
            (Side::Request, "me") => Some(speaker.unwrap_or("them").to_owned()),
            (Side::Request, "my") => Some(speaker.map_or_else(|| "their".to_owned(), |name| format!("{name}'s"))),
            (_, "please" | "probably" | "just" | "definitely" | "actually" | "also") => continue,
            _ => None,
        };
        kept.push(replaced.map_or_else(|| word.to_owned(), |other| other + trailing));
    }
    let text = kept.join(" ");
    let text =
        text.trim_end_matches(|letter: char| !letter.is_alphanumeric() && letter != ')' && letter != '%').trim_end();
    let text = text.strip_suffix(" too").or_else(|| text.strip_suffix(" then")).unwrap_or(text);
    let text = HANGING.iter().find_map(|words| text.strip_suffix(words)).unwrap_or(text);
    let last = text.rsplit(' ').next().map(core).unwrap_or_default();
    if matches!(last.as_str(), "it" | "that" | "this" | "there" | "them") && text.split_whitespace().count() < 6 {
        return None;
    }
    let telling = words::terms(text.split_once(' ').map_or("", |(_, rest)| rest));
    let count = text.split_whitespace().count();
    let pointing = words::cores(text)
        .iter()
        .skip(1)
        .take(2)
        .any(|word| matches!(word.as_str(), "it" | "that" | "this" | "those" | "these"));
    let clear =
        telling.iter().any(|term| !company.others.iter().any(|name| name.to_lowercase().starts_with(term.as_str())));
    let certain = clear || !telling.is_empty() && patterns::is_contact(&first_word(text));
    ((2..=20).contains(&count) && certain && !(pointing && telling.len() < 2)).then(|| capitalized(text))
}
