//! Cursors: where a page of a list ended, bound to the user and to the list with the filters that it was made with.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Context, Error, Result};

#[derive(Serialize, Deserialize)]
struct Cursor<P> {
    #[serde(rename = "at")]
    position: P,
    #[serde(rename = "of")]
    fingerprint: u64,
}

/// The position that a cursor names, which [`write`] made for the same list.
pub(crate) fn read<P: Serialize + DeserializeOwned>(
    context: &Context,
    list: &impl Serialize,
    cursor: Option<&str>,
    offset: u32,
) -> Result<Option<P>> {
    let Some(text) = cursor else { return Ok(None) };
    if offset > 0 {
        return Err(Error::Rejected("cursor and offset cannot be used together".into()));
    }
    let decode = || -> Option<Cursor<P>> { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok() };
    match decode() {
        Some(Cursor { position, fingerprint: of }) if of == fingerprint(context, list, &position) => Ok(Some(position)),
        _ => Err(Error::Rejected("Invalid cursor".into())),
    }
}

/// The cursor of the page that begins behind `position`. `list` is what a cursor must not be carried across: the list's
/// name and its filters.
pub(crate) fn write<P: Serialize>(context: &Context, list: &impl Serialize, position: P) -> Option<String> {
    let cursor = Cursor { fingerprint: fingerprint(context, list, &position), position };
    serde_json::to_vec(&cursor).ok().map(|json| URL_SAFE_NO_PAD.encode(json))
}

/// Differs between users, lists and positions, so that a cursor fits only the list that it came from, and only whole.
fn fingerprint(context: &Context, list: &impl Serialize, position: &impl Serialize) -> u64 {
    let whole = serde_json::to_vec(&(&context.caller.user, list, position)).unwrap_or_default();
    whole.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
