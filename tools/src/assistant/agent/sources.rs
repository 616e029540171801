//! The numbered sources that the model was given, and the markers in its answer that refer to them.

use language::stemming::terms;
use std::collections::HashSet;

use schemas::chat::Citation;

/// The sources given to the model, in the order of their numbers, from 1.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(Vec<Citation>);

/// An answer without its markers.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Resolved {
    /// The text.
    pub(super) text: String,
    /// The cited sources, in the order of the markers, each once.
    pub(super) citations: Vec<Citation>,
    /// The number of markers without a source.
    pub(super) unresolved: usize,
}

impl Sources {
    /// The number of a source, which is added if it is new.
    pub(super) fn number(&mut self, citation: &Citation) -> usize {
        let is_it = |known: &Citation| {
            (&known.kind, &known.id, &known.segment) == (&citation.kind, &citation.id, &citation.segment)
        };
        self.0.iter().position(is_it).unwrap_or_else(|| {
            self.0.push(citation.clone());
            self.0.len() - 1
        }) + 1
    }

    /// The source that an answer without markers repeats: small models often answer well and omit the markers. At least
    /// half of the answer's terms that are not in the question must be in one source; the best one is returned, with
    /// originals before summaries.
    pub(super) fn find_repeated(&self, answer: &str, question: &str) -> Option<&Citation> {
        let asked: HashSet<String> = terms(question).into_iter().collect();
        let mut said: Vec<String> = terms(answer).into_iter().filter(|term| !asked.contains(term)).collect();
        said.sort_unstable();
        said.dedup();
        let score = |source: &Citation| {
            let has: HashSet<String> = terms(&source.quote).into_iter().collect();
            let again = said.iter().filter(|term| has.contains(*term)).count();
            let fits = asked.iter().filter(|term| has.contains(*term)).count();
            let is_summary = source.kind == "conversation" && source.segment.is_none();
            (again > 0 && 2 * again >= said.len()).then_some((again, !is_summary, fits))
        };
        let mut best: Option<((usize, bool, usize), &Citation)> = None;
        for source in &self.0 {
            // Among equals, the first source is the most relevant one.
            if let Some(score) = score(source).filter(|score| best.is_none_or(|(best, _)| *score > best)) {
                best = Some((score, source));
            }
        }
        best.map(|(_, source)| source)
    }

    /// Removes the markers from an answer: `[1]`, and the variants that models write: `[1, 3]`, `[2-4]`, `【1】`.
    pub(super) fn resolve(&self, answer: &str) -> Resolved {
        let mut resolved = Resolved::default();
        let mut rest = answer;
        while let Some(marker) = next_marker(rest) {
            let before = &rest[..marker.begin];
            resolved.text.push_str(before.strip_suffix(' ').unwrap_or(before));
            for number in marker.numbers {
                match number.checked_sub(1).and_then(|index| self.0.get(index)) {
                    Some(source) if resolved.citations.contains(source) => {}
                    Some(source) => resolved.citations.push(source.clone()),
                    None => resolved.unresolved += 1,
                }
            }
            rest = &rest[marker.end..];
        }
        resolved.text.push_str(rest);
        resolved.text = resolved.text.trim().to_owned();
        resolved
    }
}

struct Marker {
    begin: usize,
    end: usize,
    numbers: Vec<usize>,
}

/// The next marker of a text.
fn next_marker(text: &str) -> Option<Marker> {
    let mut from = 0;
    loop {
        let begin = from + text[from..].find(['[', '【'])?;
        let opening = text[begin..].chars().next().map_or(1, char::len_utf8);
        let closing = text[begin..].find([']', '】'])?;
        let inner = text.get(begin + opening..begin + closing).unwrap_or_default();
        if let Some(numbers) = numbers(inner) {
            let end = begin + closing + text[begin + closing..].chars().next().map_or(1, char::len_utf8);
            return Some(Marker { begin, end, numbers });
        }
        from = begin + opening;
    }
}

/// The numbers of a marker: `3`, `1, 2`, `2-4`; `None` if it contains anything else.
fn numbers(inner: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for part in inner.split([',', ';']) {
        match part.trim().split_once(['-', '–']) {
            Some((first, last)) => {
                let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
                numbers.extend(first..=last.min(first.saturating_add(20)));
            }
            None => numbers.push(part.trim().trim_start_matches('^').parse().ok()?),
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_markers_cites_the_source_that_it_repeats() {
        let mut sources = Sources::default();
        for (id, quote) in [("a", "Mira was born in Porto"), ("b", "Mira likes figs"), ("c", "Porto was rainy")] {
            sources.number(&Citation { quote: quote.into(), ..citation(id) });
        }
        let said = |answer: &str| sources.find_repeated(answer, "Where was Mira born?").map(|source| source.id.clone());
        assert_eq!(said("She was born in Porto.").as_deref(), Some("a"));
        assert_eq!(said("In Porto").as_deref(), Some("a"));
        assert_eq!(said("I do not know where Mira was born."), None);
        assert_eq!(said("In Lisbon, by the river, in a small white house near Porto"), None);
    }

    fn citation(id: &str) -> Citation {
        Citation {
            kind: "memory".into(),
            id: id.into(),
            segment: None,
            title: None,
            speaker: None,
            quote: String::new(),
            date: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn resolve(answer: &str) -> (String, Vec<String>, usize) {
        let mut sources = Sources::default();
        assert_eq!(["a", "b", "c"].map(|id| sources.number(&citation(id))), [1, 2, 3]);
        assert_eq!(sources.number(&citation("b")), 2, "a known source keeps its number");
        let Resolved { text, citations, unresolved } = sources.resolve(answer);
        (text, citations.into_iter().map(|citation| citation.id).collect(), unresolved)
    }

    #[test]
    fn markers_are_removed_and_resolved() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(resolve("So [2], and so [1] [2]."), ("So, and so.".into(), ids(&["b", "a"]), 0));
        assert_eq!(resolve("All [1, 3]. Few [2-3]"), ("All. Few".into(), ids(&["a", "c", "b"]), 0));
        assert_eq!(resolve("Wide 【2】 and [^1]"), ("Wide and".into(), ids(&["b", "a"]), 0));
        assert_eq!(resolve("None [0] [7] [9]"), ("None".into(), ids(&[]), 3));
        assert_eq!(resolve("Left [sic] as [it is"), ("Left [sic] as [it is".into(), ids(&[]), 0));
        assert_eq!(resolve("[é] [1]"), ("[é]".into(), ids(&["a"]), 0));
    }
}
