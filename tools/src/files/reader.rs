//! Reads uploaded files. Their type is detected from their content, not from their name.

use base64::{Engine, engine::general_purpose::STANDARD};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use imagesize::ImageType;
use resources::chat_files::{Content, NewFile};
use schemas::chat::Upload;
use serde_json::json;

use super::pdf::{self, PdfError};
use crate::{Error, Issue, Result};

/// The maximum length of the texts of one upload together, in characters: they are embedded, which delays the indexing
/// of other users' data.
pub(super) const MAX_TEXT: usize = 1_000_000;

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

/// Reads the file at position `index` of an upload. Its text may have `remaining_chars` characters, which is reduced
/// accordingly.
///
/// # Errors
/// The file is unreadable or too long; the error names the file and the reason.
pub(super) async fn read_file(index: usize, upload: Upload, remaining_chars: &mut usize) -> Result<NewFile> {
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
        ("application/pdf".to_owned(), pdf_text(bytes, remaining_chars).await.map_err(|reason| refuse(reason.into()))?)
    } else {
        let text = decode(&bytes, declared.as_deref(), remaining_chars).map_err(|reason| refuse(reason.into()))?;
        (text_type(&name, declared.as_deref()), Content::Text(text))
    };
    Ok(NewFile { name, mime_type, size, content })
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

async fn pdf_text(bytes: Vec<u8>, remaining_chars: &mut usize) -> Result<Content, &'static str> {
    let pages = pdf::read(bytes, *remaining_chars).await.map_err(|unread| match unread {
        PdfError::Encrypted => "is a password-protected PDF",
        PdfError::Damaged => "is a damaged PDF",
        PdfError::TooSlow => "is a PDF that takes too long to read",
        PdfError::TooManyPages => "is a PDF with more than 5000 pages",
        PdfError::TooLong => TOO_LONG,
    })?;
    if pages.iter().all(|page| page.text.trim().is_empty()) {
        return Err("is a PDF without text: scanned pages are not supported");
    }
    *remaining_chars -= pages.iter().map(|page| page.text.chars().count()).sum::<usize>();
    Ok(Content::Pages(pages))
}

/// Decodes a text by its byte order mark, or by the declared charset; without either as UTF-8 or Windows-1252.
fn decode(bytes: &[u8], declared: Option<&str>, remaining_chars: &mut usize) -> Result<String, &'static str> {
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
    *remaining_chars = remaining_chars.checked_sub(text.chars().count()).ok_or(TOO_LONG)?;
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

    async fn text(declared: Option<&str>, bytes: &[u8]) -> String {
        match read_file(0, upload("notes.txt", declared, bytes), &mut MAX_TEXT.clone()).await.unwrap().content {
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
        let cases: [(&str, Option<&str>, &[u8], &str); 5] = [
            ("a.txt", None, b" \n", "The file a.txt is empty"),
            ("a.bin", None, b"\x7fELF\x02\x01\0\0\0", "The file a.bin is not a supported format"),
            ("a.txt", Some("text/plain; charset=utf-8"), b"Z\xfcrich", "not valid in its declared encoding"),
            ("C:\\x\\a.pdf", None, b"%PDF-1.7 nothing", "The file a.pdf is a damaged PDF"),
            ("a.png", None, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a damaged image"),
        ];
        for (name, declared, bytes, reason) in cases {
            let Err(Error::Arguments(issues)) =
                read_file(3, upload(name, declared, bytes), &mut MAX_TEXT.clone()).await
            else {
                panic!("{name}")
            };
            assert!(issues[0].msg.contains(reason), "{}", issues[0].msg);
            assert_eq!(issues[0].loc, [json!("files"), json!(3)]);
        }
    }

    #[tokio::test]
    async fn extensions_determine_the_text_type() {
        let text_type = async |name, declared| {
            read_file(0, upload(name, declared, b"x"), &mut MAX_TEXT.clone()).await.unwrap().mime_type
        };
        assert_eq!(text_type("a.MD", Some("text/plain")).await, "text/markdown");
        assert_eq!(text_type("a", Some("text/x-rust; charset=utf-8")).await, "text/x-rust");
        assert_eq!(text_type("a", Some("application/octet-stream")).await, "text/plain");
    }
}
