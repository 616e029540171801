//! Cursors of memory lists: where a page ended, bound to the user and the filters that it was made with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use resources::memories::Position;
use schemas::memory::{GetMemories, Memory};
use serde::{Deserialize, Serialize};

use crate::{Context, Error, Result};

#[derive(Serialize, Deserialize)]
struct Cursor {
    #[serde(rename = "at")]
    position: Position,
    #[serde(rename = "of")]
    fingerprint: u64,
}

/// The position that the input's cursor names.
pub(super) fn read(context: &Context, input: &GetMemories) -> Result<Option<Position>> {
    let Some(text) = &input.cursor else { return Ok(None) };
    if input.offset > 0 {
        return Err(Error::Rejected("cursor and offset cannot be used together".into()));
    }
    let decode = || -> Option<Cursor> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok() };
    match decode() {
        Some(Cursor { position, fingerprint: of }) if of == fingerprint(context, input, &position) => {
            Ok(Some(position))
        }
        _ => Err(Error::Rejected("Invalid cursor".into())),
    }
}

/// The cursor of the page that follows these memories.
pub(super) fn write(
    context: &Context,
    input: &GetMemories,
    memories: &[Memory],
    before: Option<&Position>,
) -> Option<String> {
    let position = Position::after(memories, input.sort, before)?;
    let cursor = Cursor { fingerprint: fingerprint(context, input, &position), position };
    serde_json::to_vec(&cursor).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// Differs between users, filters and positions, so that a cursor fits only the list that it came from, and only whole.
fn fingerprint(context: &Context, input: &GetMemories, position: &Position) -> u64 {
    let GetMemories { categories, sort, reviewed, manually_added, updated_after, .. } = input;
    let filters = format!(
        "get_memories {} {categories:?} {sort:?} {reviewed:?} {manually_added:?} {updated_after:?} {position:?}",
        context.caller.user
    );
    filters.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
