//! SRT and WebVTT: cues with times. Existing crates reject a whole file for one malformed cue; here each one is a result.

/// A cue: its times, the speaker in its markup, and its text.
#[derive(Debug, Clone, PartialEq)]
pub struct Cue {
    /// When it begins, in seconds from the start of the recording.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// The speaker that the markup names; empty where it names none.
    pub speaker: Option<String>,
    /// The text without markup.
    pub text: String,
}

/// The cues of a file with the line that each begins on. A malformed one is the reason why it cannot be read.
pub fn cues(text: &str) -> Vec<(usize, Result<Cue, String>)> {
    let mut found = Vec::new();
    let mut number = 1;
    for block in text.split("\n\n") {
        let line = number;
        number += block.matches('\n').count() + 2;
        found.extend(parse_cue(block).map(|cue| (line, cue)));
    }
    found
}

/// The seconds of `01:02:03.5`, `02:03,500` and the like.
pub fn clock(text: &str) -> Option<f64> {
    let text = text.trim_end_matches([':', '.', ',']).replace(',', ".");
    // Rust reads "inf" and "1e9" as numbers, too.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')) {
        return None;
    }
    let parts: Vec<f64> = text.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let seconds = parts.iter().fold(0.0, |time, part| time * 60.0 + part);
    ((2..=3).contains(&parts.len()) && seconds.is_finite()).then_some(seconds)
}

/// Parses the cue of a block; `None` for other blocks: header, notes, styles.
fn parse_cue(block: &str) -> Option<Result<Cue, String>> {
    let mut lines = block.lines().map(str::trim).filter(|line| !line.is_empty()).peekable();
    let first = *lines.peek()?;
    if ["WEBVTT", "NOTE", "STYLE", "REGION"].iter().any(|word| first.starts_with(word)) && !first.contains("-->") {
        return None;
    }
    let Some(times) = lines.by_ref().take(2).find(|line| line.contains("-->")) else {
        return Some(Err("cue without times".into()));
    };
    let time = |text: Option<&str>| text.and_then(|text| clock(text.split_whitespace().next()?));
    let mut ends = times.split("-->");
    let (Some(start), Some(end)) = (time(ends.next()), time(ends.next())) else {
        return Some(Err(format!("invalid times: {times}")));
    };
    let marked = lines.collect::<Vec<_>>().join(" ");
    let speaker = marked.split_once("<v").and_then(|(_, rest)| Some(rest.split_once('>')?.0));
    // There may be classes: <v.loud Ana>.
    let speaker = speaker.map(|speaker| speaker.split_once(' ').map_or("", |(_, name)| name).trim().to_owned());
    Some(Ok(Cue { start, end, speaker, text: strip_markup(&marked) }))
}

/// The text without markup.
fn strip_markup(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        words.push_str(before);
        let Some((_, after)) = tag.split_once('>') else {
            // No tag ends from here on.
            words.push('<');
            rest = tag;
            break;
        };
        rest = after;
    }
    words.push_str(rest);
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&amp;", "&")];
    entities.iter().fold(words, |words, (entity, letter)| words.replace(entity, letter)).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_digits() {
        assert_eq!(["1:05", "00:02:00,500", "2:3."].map(clock), [Some(65.0), Some(120.5), Some(123.0)]);
        for wrong in ["inf:1", "nan:nan", "1e300:1", "-1:05", "5", "1:2:3:4", "", &"9".repeat(400)] {
            assert_eq!(clock(wrong), None, "{wrong}");
        }
        assert_eq!(clock(&format!("{}:1", "9".repeat(400))), None);
    }

    #[test]
    fn open_markup_is_text() {
        let text = format!("1:00 --> 1:02\n<v Ana>fine {}", "<".repeat(100_000));
        let (line, cue) = cues(&text).remove(0);
        let cue = cue.unwrap();
        assert_eq!((line, cue.speaker.as_deref(), cue.text.len()), (1, Some("Ana"), 100_005));
    }
}
