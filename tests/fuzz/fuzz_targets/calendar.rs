//! iCalendar: one result for each meeting.
#![no_main]

use documents::calendar::meetings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    meetings(text).for_each(drop);
});
