//! Spoken messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chat::Upload;

/// Turn a spoken message into text. Nothing is kept of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
pub struct TranscribeVoiceMessage {
    /// The recordings, in the order they were spoken: WAV, MP3, MP4, FLAC, Ogg, WebM, or bare samples.
    #[serde(default)]
    #[schemars(length(max = 10))]
    pub files: Vec<Upload>,
    /// The language spoken, such as `en` or `pt-BR`; found out by default, and where it is `auto` or `multi`.
    #[serde(default)]
    #[schemars(length(max = 35))]
    pub language: Option<String>,
    /// How bare samples are written.
    #[serde(default)]
    pub encoding: SampleEncoding,
    /// How many bare samples there are to a second and channel.
    #[serde(default = "sixteen_thousand")]
    #[schemars(range(min = 8000, max = 48_000))]
    pub sample_rate: u32,
    /// How many channels of bare samples there are.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 2))]
    pub channels: u16,
}

fn sixteen_thousand() -> u32 {
    16_000
}

fn one() -> u16 {
    1
}

/// How bare samples are written: `linear16` is signed 16-bit numbers, the lower byte first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "described on the enum, so that the schema stays a plain one")]
pub enum SampleEncoding {
    #[default]
    Linear16,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Transcribed {
    /// The words; empty where none were recognised.
    pub transcript: String,
    /// The language that was spoken or, where the endpoint does not tell, was asked for; null for neither.
    pub language: Option<String>,
}
