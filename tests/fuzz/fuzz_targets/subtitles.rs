//! WebVTT and SRT: times are finite, and every line number lies in the file.
#![no_main]

use documents::subtitles::cues;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for (line, cue) in cues(text) {
        assert!((1..=text.matches('\n').count() + 1).contains(&line), "{line}");
        if let Ok(cue) = cue {
            assert!(cue.start.is_finite() && cue.end.is_finite() && cue.start >= 0.0 && cue.end >= 0.0);
        }
    }
});
