//! Reads uploaded files. Their type is detected from their content, not from their name.

use base64::{Engine, engine::general_purpose::STANDARD};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use imagesize::ImageType;
use resources::{
    chat_files::{Content, NewFile, Page},
    documents::{Extractor, ExtractorError, pdf::PdfError},
};
use schemas::chat::Upload;
use serde_json::json;

use crate::{Error, Issue, Result};

/// The maximum length of the texts of one upload together, in characters: they are embedded, which delays the indexing
/// of other users' data.
const MAX_TEXT: usize = 1_000_000;

const TOO_LONG: &str = "exceeds the limit of 1000000 characters for all files of an upload";

/// The maximum length of a file name, in characters.
const MAX_NAME: usize = 255;

/// MIME types of texts by the extension of the file name.
const TEXT_TYPES: [(&str, &str); 12] = [
    ("md", "text/markdown"),
    ("markdown", "text/markdown"),
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("json", "application/json"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("ics", "text/calendar"),
    ("svg", "image/svg+xml"),
];

/// Reads the files of one upload.
pub(super) struct Reader<'a> {
    extractor: &'a Extractor,
    user: &'a str,
    /// How many characters the texts of the upload may still have.
    remaining_chars: usize,
}

impl<'a> Reader<'a> {
    /// A reader for the files of an upload by `user`.
    pub(super) fn new(extractor: &'a Extractor, user: &'a str) -> Self {
        Self { extractor, user, remaining_chars: MAX_TEXT }
    }

    /// Reads the file at position `index` of the upload.
    ///
    /// # Errors
    /// The file is unreadable or too long; the error names the file and the reason.
    pub(super) async fn read_file(&mut self, index: usize, upload: Upload) -> Result<NewFile> {
        let Upload { name, mime_type: declared, content } = upload;
        let name = base_name(&name);
        let refuse = |reason: String| refuse(index, &name, &reason);
        let bytes = STANDARD.decode(content).map_err(|error| refuse(format!("is not base64: {error}")))?;
        let size = bytes.len() as u64;
        if bytes.trim_ascii().is_empty() {
            return Err(refuse("is empty".into()));
        }
        let (mime_type, content) = if let Ok(kind) = imagesize::image_type(&bytes) {
            image(kind, bytes).map_err(|reason| refuse(reason.into()))?
        } else if is_pdf(&bytes) {
            ("application/pdf".to_owned(), self.read_pdf(&bytes, refuse).await?)
        } else {
            let text = decode(&bytes, declared.as_deref()).map_err(|reason| refuse(reason.into()))?;
            let remaining_chars = self.remaining_chars.checked_sub(text.chars().count());
            self.remaining_chars = remaining_chars.ok_or_else(|| refuse(TOO_LONG.into()))?;
            (text_type(&name, declared.as_deref()), Content::Text(text))
        };
        Ok(NewFile { name, mime_type, size, content })
    }

    /// Reads a PDF; `refuse` makes the error of one that cannot be read.
    async fn read_pdf(&mut self, bytes: &[u8], refuse: impl Fn(String) -> Error) -> Result<Content> {
        let read = self.extractor.read_pdf(self.user, bytes, self.remaining_chars).await;
        let pages = read.map_err(|error| match error {
            ExtractorError::Pdf(PdfError::TooLong) => refuse(TOO_LONG.into()),
            ExtractorError::Pdf(reason) => refuse(reason.to_string()),
            ExtractorError::Busy => Error::Unavailable("Other documents are being read. Try again later.".into()),
            ExtractorError::Failed(_) => Error::Internal(error.into()),
        })?;
        if pages.iter().all(|page| page.text.trim().is_empty()) {
            return Err(refuse("is a PDF without text: scanned pages are not supported".into()));
        }
        let chars: usize = pages.iter().map(|page| page.text.chars().count()).sum();
        self.remaining_chars = self.remaining_chars.saturating_sub(chars);
        Ok(Content::Pages(pages.into_iter().map(|page| Page { number: Some(page.number), text: page.text }).collect()))
    }
}

fn image(kind: ImageType, bytes: Vec<u8>) -> Result<(String, Content), &'static str> {
    let mime_type = match kind {
        ImageType::Png => "image/png",
        ImageType::Jpeg => "image/jpeg",
        ImageType::Gif => "image/gif",
        ImageType::Webp => "image/webp",
        _ => return Err("is not a supported image: PNG, JPEG, GIF or WebP"),
    };
    let size = imagesize::blob_size(&bytes).map_err(|_| "is a damaged image")?;
    let pixels = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    Ok((mime_type.to_owned(), Content::Image(bytes, pixels(size.width), pixels(size.height))))
}

/// PDF readers look for the signature in the first kilobyte.
fn is_pdf(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-")
}

/// Decodes a text by its byte order mark, or by the declared charset; without either as UTF-8 or Windows-1252.
fn decode(bytes: &[u8], declared: Option<&str>) -> Result<String, &'static str> {
    let charset = declared.and_then(|declared| declared.split_once("charset=")).map(|(_, rest)| rest);
    let charset = charset.and_then(|rest| rest.split(';').next()).map(|label| label.trim().trim_matches('"'));
    let fallback = if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 };
    let encoding = charset.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(fallback);
    let (text, _, is_broken) = encoding.decode(bytes);
    if is_broken {
        return Err("is not valid in its declared encoding");
    }
    // Texts contain hardly any control characters.
    let is_control =
        |sign: char| sign.is_control() && !matches!(sign, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}' | '\u{85}');
    if text.chars().any(|sign| sign == '\0') || text.chars().filter(|sign| is_control(*sign)).count() * 200 > text.len()
    {
        return Err("is not a supported format: text, Markdown, CSV, JSON, HTML, PDF, PNG, JPEG, GIF or WebP");
    }
    Ok(text.into_owned())
}

fn text_type(name: &str, declared: Option<&str>) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let by_name = TEXT_TYPES.iter().find(|(known, _)| ending.as_deref() == Some(*known)).map(|(_, sort)| *sort);
    let declared = declared.and_then(|declared| declared.split(';').next()).map(str::trim);
    by_name.or(declared.filter(|sort| sort.starts_with("text/"))).unwrap_or("text/plain").to_owned()
}

/// The file name without its path and control characters.
fn base_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or("file");
    last.chars().filter(|sign| !sign.is_control()).take(MAX_NAME).collect::<String>().trim().to_owned()
}

fn refuse(index: usize, name: &str, reason: &str) -> Error {
    let loc = vec![json!("files"), json!(index)];
    Error::Arguments(vec![Issue::new("value_error", loc, format!("The file {name} {reason}"), &json!(name), None)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(name: &str, declared: Option<&str>, bytes: &[u8]) -> Upload {
        Upload { name: name.into(), mime_type: declared.map(Into::into), content: STANDARD.encode(bytes) }
    }

    /// Reads a file that needs no child process.
    async fn read(index: usize, upload: Upload) -> Result<NewFile> {
        Reader::new(&Extractor::new(None), "ada").read_file(index, upload).await
    }

    async fn text(declared: Option<&str>, bytes: &[u8]) -> String {
        match read(0, upload("notes.txt", declared, bytes)).await.unwrap().content {
            Content::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn common_text_encodings_are_decoded() {
        assert_eq!(text(None, "Zürich\n".as_bytes()).await, "Zürich\n");
        assert_eq!(text(None, b"\xef\xbb\xbfZ\xc3\xbcrich").await, "Zürich", "the byte order mark is removed");
        assert_eq!(text(None, b"Z\xfcrich \x96 Bern").await, "Zürich – Bern");
        assert_eq!(text(None, b"\xff\xfeZ\0\xfc\0").await, "Zü");
        assert_eq!(text(Some("text/plain; charset=iso-8859-2"), b"\xa3\xf3d\xbc").await, "Łódź");
        assert_eq!(text(Some("text/plain; charset=\"nonsense\""), b"x").await, "x");
    }

    #[tokio::test]
    async fn errors_name_the_file_and_the_reason() {
        let cases: [(&str, Option<&str>, &[u8], &str); 4] = [
            ("a.txt", None, b" \n", "The file a.txt is empty"),
            ("a.bin", None, b"\x7fELF\x02\x01\0\0\0", "The file a.bin is not a supported format"),
            ("a.txt", Some("text/plain; charset=utf-8"), b"Z\xfcrich", "not valid in its declared encoding"),
            ("C:\\x\\a.png", None, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file a.png is a damaged image"),
        ];
        for (name, declared, bytes, reason) in cases {
            let Err(Error::Arguments(issues)) = read(3, upload(name, declared, bytes)).await else { panic!("{name}") };
            assert!(issues[0].msg.contains(reason), "{}", issues[0].msg);
            assert_eq!(issues[0].loc, [json!("files"), json!(3)]);
        }
    }

    #[tokio::test]
    async fn extensions_determine_the_text_type() {
        let text_type = async |name, declared| read(0, upload(name, declared, b"x")).await.unwrap().mime_type;
        assert_eq!(text_type("a.MD", Some("text/plain")).await, "text/markdown");
        assert_eq!(text_type("a", Some("text/x-rust; charset=utf-8")).await, "text/x-rust");
        assert_eq!(text_type("a", Some("application/octet-stream")).await, "text/plain");
    }
}
