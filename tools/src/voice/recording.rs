//! Prepares recordings for transcription endpoints, which go by the file extension and do not accept raw samples.

use base64::{Engine, engine::general_purpose::STANDARD};
use resources::speech::Recording;
use schemas::chat::Upload;

use crate::{Error, Result};

/// The maximum size of a recording, in bytes. It also applies to MCP clients.
const MAX_RECORDING: usize = 200 << 20;

/// Extensions that endpoints support.
const EXTENSIONS: [&str; 12] =
    ["wav", "mp3", "mp4", "m4a", "mpga", "mpeg", "flac", "ogg", "oga", "opus", "webm", "aac"];

/// MIME types of raw samples.
const RAW_TYPES: [&str; 4] = ["application/octet-stream", "audio/l16", "audio/pcm", "audio/raw"];

/// The format of raw samples.
#[derive(Debug, Clone, Copy)]
pub(super) struct Samples {
    pub(super) rate: u32,
    pub(super) channels: u16,
}

/// Reads a file: a recording unchanged, raw samples with a WAV header.
pub(super) fn read(upload: Upload, samples: Samples) -> Result<Recording> {
    let Upload { name, mime_type, content } = upload;
    let refuse = |reason: String| Error::Rejected(format!("The audio could not be read: {reason}"));
    let bytes = STANDARD.decode(content).map_err(|error| refuse(format!("{name} is not base64: {error}")))?;
    if bytes.is_empty() {
        return Err(refuse(format!("{name} is empty")));
    }
    if bytes.len() > MAX_RECORDING {
        return Err(refuse(format!("{name} is larger than {MAX_RECORDING} bytes")));
    }
    let (stem, extension) = name.rsplit_once('.').unwrap_or((&name, ""));
    let named = EXTENSIONS.into_iter().find(|known| extension.eq_ignore_ascii_case(known));
    let declared = mime_type.as_deref().and_then(|declared| declared.split(';').next()).map(str::trim);
    let is_raw = declared.is_none_or(|declared| RAW_TYPES.iter().any(|raw| declared.eq_ignore_ascii_case(raw)));
    match detect_extension(&bytes).or(named) {
        Some(extension) => Ok(Recording { name: format!("{}.{extension}", safe_name(stem)), pieces: vec![bytes] }),
        None if is_raw => {
            Ok(Recording { name: format!("{}.wav", safe_name(stem)), pieces: vec![samples.header(bytes.len()), bytes] })
        }
        None => Ok(Recording { name: safe_name(&name), pieces: vec![bytes] }),
    }
}

/// The extension for the signature of a recording.
fn detect_extension(bytes: &[u8]) -> Option<&'static str> {
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

/// A file name that is safe in a header.
fn safe_name(name: &str) -> String {
    let safe: String = name.chars().filter(|sign| sign.is_alphanumeric() || "-_ .".contains(*sign)).take(100).collect();
    if safe.trim().is_empty() { "audio".into() } else { safe }
}

impl Samples {
    /// The 44 bytes of the WAV header for `length` bytes of 16-bit samples.
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
    fn raw_samples_get_a_header() {
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
    fn recordings_are_unchanged_and_named_by_their_signature() {
        let ogg = sent("voice.bin", Some("application/octet-stream"), b"OggS and more");
        assert_eq!((ogg.name.as_str(), ogg.pieces.len()), ("voice.ogg", 1));
        assert_eq!(sent("a.MP3", None, &[0xff, 0xfb, 0, 0]).name, "a.mp3");
        assert_eq!(sent("talk", Some("audio/amr"), b"#!AMR").name, "talk", "the endpoint may know it");
        assert_eq!(sent("\"\n.wav", None, b"x").name, "audio.wav");
    }
}
