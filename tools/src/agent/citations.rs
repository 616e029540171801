//! What an answer rests on: memories that the model was shown, by number, and the markers that point to them.

use chrono::{DateTime, Utc};
use schemas::{chat::Citation, memory::Memory};
use serde_json::Value;

/// The memories that the model was shown, in the order of their numbers, from 1.
#[derive(Debug, Clone, Default)]
pub(super) struct Sources(Vec<Citation>);

impl Sources {
    /// Numbers memories that were not shown before; says how each is shown to the model.
    pub(super) fn add(&mut self, memories: &[Memory]) -> Vec<String> {
        let show =
            |memory: &Memory| format!("[{}] {} ({})", self.number(memory), memory.content, day(memory.created_at));
        memories.iter().map(show).collect()
    }

    /// Every source as a person reads it: quoted, dated, and with its marker.
    pub(super) fn quotes(&self) -> Vec<String> {
        let quote =
            |(index, source): (usize, &Citation)| format!("“{}” ({}) [{}]", source.quote, day(source.date), index + 1);
        self.0.iter().enumerate().map(quote).collect()
    }

    /// The result of a tool as the model sees it, with a number beside every memory in it.
    pub(super) fn annotate(&mut self, mut result: Value) -> String {
        self.number_within(&mut result);
        result.to_string()
    }

    /// Takes the markers out of an answer; says what those were that point to something.
    pub(super) fn resolve(&self, answer: &str) -> (String, Vec<Citation>) {
        let mut text = String::with_capacity(answer.len());
        let mut cited: Vec<Citation> = Vec::new();
        let mut rest = answer;
        while let Some((before, number, after)) = next_marker(rest) {
            text.push_str(before.strip_suffix(' ').unwrap_or(before));
            if let Some(source) = number.checked_sub(1).and_then(|index| self.0.get(index))
                && !cited.contains(source)
            {
                cited.push(source.clone());
            }
            rest = after;
        }
        text.push_str(rest);
        (text.trim().to_owned(), cited)
    }

    fn number(&mut self, memory: &Memory) -> usize {
        let known = self.0.iter().position(|source| source.id == memory.id);
        known.map_or_else(
            || {
                self.0.push(Citation {
                    kind: "memory".into(),
                    id: memory.id.clone(),
                    segment: None,
                    title: None,
                    speaker: None,
                    quote: memory.content.clone(),
                    date: memory.created_at,
                });
                self.0.len()
            },
            |index| index + 1,
        )
    }

    fn number_within(&mut self, value: &mut Value) {
        let memory = value.is_object().then(|| serde_json::from_value::<Memory>(value.clone()).ok()).flatten();
        match (memory, value) {
            (Some(memory), value) => value["cite_as"] = format!("[{}]", self.number(&memory)).into(),
            (None, Value::Array(items)) => items.iter_mut().for_each(|item| self.number_within(item)),
            (None, Value::Object(fields)) => fields.values_mut().for_each(|field| self.number_within(field)),
            _ => {}
        }
    }
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%-d %B %Y").to_string()
}

/// The next `[12]` of a text: what comes before, the number, what comes after.
fn next_marker(text: &str) -> Option<(&str, usize, &str)> {
    let mut from = 0;
    loop {
        let open = from + text[from..].find('[')?;
        let close = open + text[open..].find(']')?;
        if let Ok(number) = text[open + 1..close].parse() {
            return Some((&text[..open], number, &text[close + 1..]));
        }
        from = open + 1;
    }
}
