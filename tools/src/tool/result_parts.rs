//! Long results in parts: an assistant gets no result that its client would refuse for its size.
//!
//! A result is seen as a sequence of pieces in the order of its JSON: the items of long lists, and pieces of long texts.
//! Everything else, such as ids and titles, is short and repeated in each part. A part is a range of that sequence, so that
//! parts of any size that follow each other contain every piece once.

mod size;

use serde_json::{Map, Value, json};

use super::{Error, Issue, Result, Tool};
use size::{
    MAX_PIECE, UNITS_PER_TOKEN, is_long, size_of, size_of_char, size_of_field, size_of_name, size_of_text, size_within,
};

/// The argument of a read, and the field of its result, that says where the next part begins.
pub(crate) const CONTINUE_FROM: &str = "continue_from";

/// The field that says what to do about a part.
const NOTICE: &str = "notice";

/// The largest result over MCP, in tokens: Claude Code refuses more than 25,000.
const MAX_TOKENS: usize = 20_000;

/// Short fields of one object beyond this size together are pieces themselves, in units: it is a map, not a row.
const MAX_FRAME: usize = 8_000;

/// Kept free for the notice, in units.
const NOTICE_SIZE: usize = 400;

impl Tool {
    /// Removes the position from the arguments of a call, where the tool reads; 0 is the beginning.
    ///
    /// # Errors
    /// [`Error::Arguments`] where it is no position.
    pub fn take_position(&self, arguments: &mut Map<String, Value>) -> Result<usize> {
        let given = arguments.remove(CONTINUE_FROM).filter(|_| self.behaviour().read_only).unwrap_or_default();
        let position = match &given {
            Value::Null => Some(0),
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().and_then(|position| usize::try_from(position).ok()),
        };
        position.ok_or_else(|| {
            let sentence = format!("Input should be the {CONTINUE_FROM} of the part before");
            Error::Arguments(vec![Issue::new("value_error", vec![json!(CONTINUE_FROM)], sentence, &given, None)])
        })
    }

    /// Adds the position to the schema of the arguments, where the tool reads.
    pub(super) fn add_position(&self, schema: &mut Map<String, Value>) {
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut)
            && self.behaviour().read_only
        {
            let description = "Where to go on with a result of which a part was returned.";
            properties.insert(CONTINUE_FROM.to_owned(), json!({ "type": "integer", "description": description }));
        }
    }

    /// The part of a result that MCP clients see, from `position` on.
    pub fn part_for_assistants(&self, result: Value, position: usize) -> Value {
        self.part(self.for_assistants(result), position, MAX_TOKENS)
    }

    /// The part of at most `max` tokens of a result that begins at `position`, with a notice where it is not all of it.
    pub(crate) fn part(&self, result: Value, position: usize, max: usize) -> Value {
        let max = max * UNITS_PER_TOKEN;
        if position == 0 && size_within(&result, max).is_some() {
            return result;
        }
        let room = max.saturating_sub(overhead(&result) + MAX_PIECE + NOTICE_SIZE).max(MAX_PIECE);
        let mut range =
            Range { start: position, end: position.saturating_add(room), at: 0, next: None, is_empty: true };
        let (part, _) = range.cut(result);
        let mut shown = Map::new();
        if let Some(next) = range.next {
            shown.insert(NOTICE.to_owned(), self.notice(next).into());
            if self.behaviour().read_only {
                shown.insert(CONTINUE_FROM.to_owned(), json!(next));
            }
        } else if position > 0 {
            shown.insert(NOTICE.to_owned(), "This is the last part of the result.".into());
        }
        match part {
            Value::Object(fields) => shown.extend(fields),
            other => drop(shown.insert("result".to_owned(), other)),
        }
        Value::Object(shown)
    }

    fn notice(&self, next: usize) -> String {
        if self.behaviour().read_only {
            format!(
                "This is a part of the result. To read on, call {} again with the same arguments and {CONTINUE_FROM} \
                 {next}.",
                self.name
            )
        } else {
            "The call is complete; its result is too long to be shown in full.".to_owned()
        }
    }
}

/// The size of what is repeated of an object in each part, which are its short fields and the names of the others; `None`
/// where all fields are pieces.
fn frame(fields: &Map<String, Value>) -> Option<usize> {
    let size_in_frame = |(name, value): (&String, &Value)| match is_long(value) {
        true => size_of_name(name),
        false => size_of_field(name, value),
    };
    let size = fields.iter().map(size_in_frame).sum::<usize>() + 3;
    (size <= MAX_FRAME).then_some(size)
}

/// The largest size of what a part repeats of the objects around its pieces.
fn overhead(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().filter(|item| is_long(item)).map(overhead).max().unwrap_or_default(),
        Value::Object(fields) => {
            let long = fields.iter().filter(|(_, value)| is_long(value));
            let within = long.map(|(name, value)| size_of_name(name) + overhead(value));
            match frame(fields) {
                Some(own) => own + within.sum::<usize>(),
                None => within.max().unwrap_or_default(),
            }
        }
        _ => 0,
    }
}

/// The range of pieces that a part contains.
struct Range {
    start: usize,
    end: usize,
    /// The position of the piece that is looked at.
    at: usize,
    /// The position of the first piece behind the range.
    next: Option<usize>,
    is_empty: bool,
}

impl Range {
    /// Whether the range contains the next piece, which has this size.
    fn take(&mut self, size: usize) -> bool {
        let position = self.at;
        self.at += size.max(1);
        if position < self.start || self.next.is_some() {
            return false;
        }
        if self.at > self.end && !self.is_empty {
            self.next = Some(position);
            return false;
        }
        self.is_empty = false;
        true
    }

    /// What the range contains of a long value, and whether that is anything.
    fn cut(&mut self, value: Value) -> (Value, bool) {
        match value {
            Value::String(text) => {
                let pieces: Vec<&str> = pieces_of(&text).collect();
                let taken: String = pieces.into_iter().filter(|piece| self.take(size_of_text(piece))).collect();
                let any = !taken.is_empty();
                (Value::String(taken), any)
            }
            Value::Array(items) => {
                let taken: Vec<Value> = items.into_iter().filter_map(|item| self.cut_item(item)).collect();
                let any = !taken.is_empty();
                (Value::Array(taken), any)
            }
            Value::Object(fields) => self.cut_object(fields),
            other => (other, false),
        }
    }

    fn cut_item(&mut self, item: Value) -> Option<Value> {
        if is_long(&item) {
            let (part, any) = self.cut(item);
            return any.then_some(part);
        }
        self.take(size_of(&item) + 1).then_some(item)
    }

    fn cut_object(&mut self, fields: Map<String, Value>) -> (Value, bool) {
        let frame = frame(&fields);
        let mut any = frame.is_some_and(|size| self.take(size));
        let mut part = Map::new();
        for (name, value) in fields {
            let is_long = is_long(&value);
            let (value, is_taken) = match frame {
                Some(_) if is_long => self.cut(value),
                Some(_) => (value, false),
                None if is_long => {
                    self.at += size_of_name(&name);
                    self.cut(value)
                }
                None => {
                    let is_taken = self.take(size_of_field(&name, &value));
                    (value, is_taken)
                }
            };
            any |= is_taken;
            // A map contains only what is in the range; a row has all of its fields, and empty lists where nothing is.
            if is_taken || frame.is_some() {
                part.insert(name, value);
            }
        }
        (Value::Object(part), any)
    }
}

/// The pieces of a long text, which end behind white space where there is any.
fn pieces_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (mut size, mut last_space, mut end) = (0, None, rest.len());
        for (index, letter) in rest.char_indices() {
            if size + size_of_char(letter) > MAX_PIECE {
                end = last_space.unwrap_or(index);
                break;
            }
            size += size_of_char(letter);
            if letter.is_whitespace() {
                last_space = Some(index + letter.len_utf8());
            }
        }
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All parts of a result, each of at most `max` tokens.
    fn parts_of(result: &Value, max: usize) -> Vec<Value> {
        let tool = crate::find("get_conversation_by_id").unwrap();
        let (mut parts, mut position) = (Vec::new(), 0);
        loop {
            let part = tool.part(result.clone(), position, max);
            let next = part[CONTINUE_FROM].as_u64().map(|next| usize::try_from(next).unwrap());
            assert!(size_of(&part) <= max * UNITS_PER_TOKEN, "{} units of {max} tokens", size_of(&part));
            parts.push(part);
            match next {
                Some(next) => assert!(std::mem::replace(&mut position, next) < next, "the position moves on"),
                None => return parts,
            }
        }
    }

    fn conversation(segments: usize, words: usize) -> Value {
        let text = |index: usize| format!("{index}: {}", "honey \"and\" 蜂蜜 ".repeat(words / 3));
        let segments: Vec<Value> = (0..segments).map(|index| json!({ "id": index, "text": text(index) })).collect();
        json!({ "id": "c", "structured": { "title": "Bees", "overview": "o".repeat(3_000) }, "segments": segments })
    }

    #[test]
    fn a_short_result_stays_as_it_is() {
        let result = json!({ "conversation": conversation(3, 10), "truncated": false });
        assert_eq!(parts_of(&result, 5_000), [result]);
    }

    #[test]
    fn parts_contain_every_item_of_a_list_once() {
        for (count, words, max) in [(500, 60, 20_000), (500, 60, 4_096), (40, 900, 4_096)] {
            let result = json!({ "conversation": conversation(count, words), "truncated": false });
            let parts = parts_of(&result, max);
            assert!(parts.len() > 1);
            let mut texts = vec![String::new(); count];
            let mut overview = String::new();
            for part in &parts {
                let conversation = &part["conversation"];
                let head = (&conversation["id"], &conversation["structured"]["title"], &part["truncated"]);
                assert_eq!(head, (&json!("c"), &json!("Bees"), &json!(false)));
                overview += conversation["structured"]["overview"].as_str().unwrap();
                for segment in conversation["segments"].as_array().unwrap() {
                    let index = usize::try_from(segment["id"].as_u64().unwrap()).unwrap();
                    texts[index] += segment["text"].as_str().unwrap();
                }
            }
            let expected = result["conversation"]["segments"].as_array().unwrap();
            assert!(expected.iter().zip(&texts).all(|(segment, text)| segment["text"] == text.as_str()));
            assert_eq!(result["conversation"]["structured"]["overview"], overview);
            assert!(parts[0]["notice"].as_str().unwrap().contains("call get_conversation_by_id again"));
            assert_eq!(parts.last().unwrap()["notice"], "This is the last part of the result.");
        }
    }

    #[test]
    fn parts_of_different_sizes_follow_each_other() {
        let result = json!({ "rows": (0..5_000).map(|n| json!({ "n": n })).collect::<Vec<_>>() });
        let tool = crate::find("get_memories").unwrap();
        let (mut seen, mut position) = (0, 0);
        for max in [1_000, 500, 2_000, 700].into_iter().cycle() {
            let part = tool.part(result.clone(), position, max);
            for row in part["rows"].as_array().unwrap() {
                assert_eq!(row["n"], seen);
                seen += 1;
            }
            match part[CONTINUE_FROM].as_u64() {
                Some(next) => position = usize::try_from(next).unwrap(),
                None => break,
            }
        }
        assert_eq!(seen, 5_000);
    }

    #[test]
    fn maps_and_long_texts_are_cut_too() {
        let map: Map<String, Value> = (0..3_000).map(|n| (format!("key-{n}"), json!([n, "x"]))).collect();
        let parts = parts_of(&json!({ "map": map }), 2_000);
        let names: Vec<&String> = parts.iter().flat_map(|part| part["map"].as_object().unwrap().keys()).collect();
        assert!(names.iter().copied().eq(map.keys()));
        for text in ["蜜".repeat(30_000), "no_space_".repeat(10_000), "a few words ".repeat(10_000)] {
            let parts = parts_of(&json!({ "title": "t", "text": text }), 4_096);
            let joined: String = parts.iter().map(|part| part["text"].as_str().unwrap()).collect();
            assert!(joined == text && parts.iter().all(|part| part["title"] == "t"));
        }
    }

    #[test]
    fn a_write_is_not_called_again_for_the_rest_of_its_result() {
        let tool = crate::find("create_memories").unwrap();
        let part = tool.part(json!({ "memories": vec!["x".repeat(500); 500] }), 0, 1_000);
        assert!(part.get(CONTINUE_FROM).is_none() && size_of(&part) <= 4_000);
        assert!(part["notice"].as_str().unwrap().starts_with("The call is complete"));
        let mut arguments = Map::from_iter([(CONTINUE_FROM.to_owned(), json!(5))]);
        assert_eq!(tool.take_position(&mut arguments).unwrap(), 0);
        let reader = crate::find("get_memories").unwrap();
        let take = |given: Value| reader.take_position(&mut Map::from_iter([(CONTINUE_FROM.to_owned(), given)]));
        for (given, position) in [(json!("7"), 7), (json!(7), 7), (json!(null), 0)] {
            assert_eq!(take(given).unwrap(), position);
        }
        for wrong in [json!(-1), json!("x"), json!([7])] {
            let error = take(wrong).unwrap_err().to_string();
            assert_eq!(error, "continue_from: Input should be the continue_from of the part before");
        }
    }

    #[test]
    fn positions_beyond_the_end_are_answered() {
        let tool = crate::find("get_memories").unwrap();
        let part = tool.part(json!({ "memories": [{ "id": "x" }], "has_more": false }), 1_000_000, 20_000);
        assert_eq!(
            (&part["has_more"], &part["notice"]),
            (&json!(false), &json!("This is the last part of the result."))
        );
    }
}
