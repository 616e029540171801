//! What sort of recording a file is: endpoints go by the ending of its name, and know no bare samples.

use base64::{Engine, engine::general_purpose::STANDARD};
use resources::speech::Recording;
use schemas::chat::Upload;

use crate::{Error, Result};

/// How long a recording is at most, in bytes: an MCP client may send one too.
const LONGEST: usize = 200 << 20;

/// Endings that endpoints know.
const KNOWN: [&str; 12] = ["wav", "mp3", "mp4", "m4a", "mpga", "mpeg", "flac", "ogg", "oga", "opus", "webm", "aac"];

/// What bare samples are declared as.
const BARE: [&str; 4] = ["application/octet-stream", "audio/l16", "audio/pcm", "audio/raw"];

/// How bare samples are to be understood.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples {
    pub(super) rate: u32,
    pub(super) channels: u16,
}

/// Reads a file: a recording as it is, bare samples with the header that makes a WAV file of them.
pub(super) fn read(upload: Upload, samples: Samples) -> Result<Recording> {
    let Upload { name, mime_type, content } = upload;
    let refuse = |reason: String| Error::Rejected(format!("The audio could not be read: {reason}"));
    let bytes = STANDARD.decode(content).map_err(|error| refuse(format!("{name} is not base64: {error}")))?;
    if bytes.is_empty() {
        return Err(refuse(format!("{name} is empty")));
    }
    if bytes.len() > LONGEST {
        return Err(refuse(format!("{name} is longer than {LONGEST} bytes")));
    }
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    let named = KNOWN.into_iter().find(|known| ending.eq_ignore_ascii_case(known));
    let declared = mime_type.as_deref().and_then(|declared| declared.split(';').next()).map(str::trim);
    let is_bare = declared.is_none_or(|declared| BARE.iter().any(|bare| declared.eq_ignore_ascii_case(bare)));
    match marked(&bytes).or(named) {
        Some(ending) => Ok(Recording { name: format!("{}.{ending}", plain(stem)), pieces: vec![bytes] }),
        None if is_bare => {
            Ok(Recording { name: format!("{}.wav", plain(stem)), pieces: vec![samples.header(bytes.len()), bytes] })
        }
        None => Ok(Recording { name: plain(&name), pieces: vec![bytes] }),
    }
}

/// The ending for what the first bytes say that a recording is.
fn marked(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => Some("wav"),
        [b'O', b'g', b'g', b'S', ..] => Some("ogg"),
        [b'f', b'L', b'a', b'C', ..] => Some("flac"),
        [b'I', b'D', b'3', ..] => Some("mp3"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Some("webm"),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Some("m4a"),
        _ => None,
    }
}

/// A name that stands in a header without harm.
fn plain(name: &str) -> String {
    let plain: String =
        name.chars().filter(|sign| sign.is_alphanumeric() || "-_ .".contains(*sign)).take(100).collect();
    if plain.trim().is_empty() { "audio".into() } else { plain }
}

impl Samples {
    /// The 44 bytes that say what follows them: so many bytes of 16-bit samples.
    fn header(self, length: usize) -> Vec<u8> {
        const BYTES: u16 = 2;
        let length = u32::try_from(length).unwrap_or(u32::MAX - 36);
        let frame = BYTES * self.channels;
        let mut header = Vec::with_capacity(44);
        header.extend(b"RIFF");
        header.extend((36 + length).to_le_bytes());
        header.extend(b"WAVEfmt ");
        header.extend(16u32.to_le_bytes());
        header.extend(1u16.to_le_bytes());
        header.extend(self.channels.to_le_bytes());
        header.extend(self.rate.to_le_bytes());
        header.extend((self.rate * u32::from(frame)).to_le_bytes());
        header.extend(frame.to_le_bytes());
        header.extend((BYTES * 8).to_le_bytes());
        header.extend(b"data");
        header.extend(length.to_le_bytes());
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: Samples = Samples { rate: 16_000, channels: 1 };

    fn sent(name: &str, declared: Option<&str>, bytes: &[u8]) -> Recording {
        let upload =
            Upload { name: name.into(), mime_type: declared.map(str::to_owned), content: STANDARD.encode(bytes) };
        read(upload, SAMPLES).unwrap()
    }

    #[test]
    fn bare_samples_get_a_header() {
        let recording = sent("audio", Some("application/octet-stream"), &[1, 0, 2, 0]);
        assert_eq!(recording.name, "audio.wav");
        let whole = recording.pieces.concat();
        assert_eq!(
            (whole.len(), &whole[..4], &whole[8..16], &whole[36..40]),
            (48, &b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..])
        );
        assert_eq!((&whole[24..28], &whole[28..32]), (&16_000u32.to_le_bytes()[..], &32_000u32.to_le_bytes()[..]));
        assert_eq!((&whole[4..8], &whole[40..44]), (&40u32.to_le_bytes()[..], &4u32.to_le_bytes()[..]));
    }

    #[test]
    fn recordings_stay_as_they_are_and_end_as_they_begin() {
        let ogg = sent("voice.bin", Some("application/octet-stream"), b"OggS and more");
        assert_eq!((ogg.name.as_str(), ogg.pieces.len()), ("voice.ogg", 1));
        assert_eq!(sent("a.MP3", None, &[0xff, 0xfb, 0, 0]).name, "a.mp3");
        assert_eq!(sent("talk", Some("audio/amr"), b"#!AMR").name, "talk", "the endpoint may know it");
        assert_eq!(sent("\"\n.wav", None, b"x").name, "audio.wav");
    }
}
