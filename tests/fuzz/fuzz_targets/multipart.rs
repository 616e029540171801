//! Forms with files: the same is read however the body is cut into pieces.
#![no_main]

use std::convert::Infallible;

use bytes::Bytes;
use futures::stream;
use libfuzzer_sys::fuzz_target;
use multer::{Constraints, Multipart, SizeLimit};

#[path = "../../../openapi/src/multipart.rs"]
mod multipart;

type Form = (Vec<serde_json::Value>, Vec<(String, String)>);

fn read(body: &[u8], piece: usize) -> Option<Form> {
    let pieces: Vec<Result<Bytes, Infallible>> = body.chunks(piece).map(|piece| Ok(piece.to_vec().into())).collect();
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(1 << 20));
    let form = Multipart::with_constraints(stream::iter(pieces), "x", limits);
    futures::executor::block_on(multipart::read_form("files", form)).ok()
}

fuzz_target!(|body: &[u8]| {
    let Some(whole) = read(body, body.len().max(1)) else { return };
    for piece in [1, 7] {
        // Garbage after the end may come too late to be seen.
        if let Some(same) = read(body, piece) {
            assert_eq!(same, whole);
        }
    }
});
