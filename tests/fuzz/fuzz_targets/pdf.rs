//! PDF: the text is as long as the budget allows, whatever the file says.
#![no_main]

use std::time::{Duration, Instant};

use documents::pdf::{Budget, read};
use libfuzzer_sys::fuzz_target;

const MAX_CHARS: usize = 10_000;

fuzz_target!(|bytes: &[u8]| {
    let budget = Budget { deadline: Instant::now() + Duration::from_secs(5), chars: MAX_CHARS };
    if let Ok(pages) = read(bytes, budget) {
        assert!(pages.iter().map(|page| page.text.chars().count()).sum::<usize>() <= MAX_CHARS);
    }
});
