//! What is in a file: its content says, not its name.

use base64::{Engine, engine::general_purpose::STANDARD};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use imagesize::ImageType;
use resources::chat_files::{Content, NewFile};
use schemas::chat::Upload;
use serde_json::json;

use super::pdf::{self, Unread};
use crate::{Error, Issue, Result};

/// How long the texts of files that come together may be, in characters: what is kept is embedded too, and everybody
/// else's writing waits for that.
pub(super) const LONGEST_TEXT: usize = 1_000_000;

const TOO_LONG: &str = "goes beyond the 1000000 characters that the files of an upload may have together";

/// How long a name is kept, in characters.
const LONGEST_NAME: usize = 255;

/// What is made of a text whose name ends so.
const SORTS: [(&str, &str); 12] = [
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

/// Reads a file that is the one at `place` of those that came together; its text may have `room` characters, of which it
/// takes what it needs.
///
/// # Errors
/// It cannot be read; says which file, and why.
pub(super) async fn read(place: usize, upload: Upload, room: &mut usize) -> Result<NewFile> {
    let Upload { name, mime_type: declared, content } = upload;
    let name = plain(&name);
    let refuse = |reason: String| refuse(place, &name, &reason);
    let bytes = STANDARD.decode(content).map_err(|error| refuse(format!("is not base64: {error}")))?;
    let size = bytes.len() as u64;
    if bytes.trim_ascii().is_empty() {
        return Err(refuse("is empty".into()));
    }
    let (mime_type, content) = if let Ok(kind) = imagesize::image_type(&bytes) {
        picture(kind, bytes).map_err(|reason| refuse(reason.into()))?
    } else if is_pdf(&bytes) {
        ("application/pdf".to_owned(), pdf_text(bytes, room).await.map_err(|reason| refuse(reason.into()))?)
    } else {
        let text = decoded(&bytes, declared.as_deref(), room).map_err(|reason| refuse(reason.into()))?;
        (sort_of_text(&name, declared.as_deref()), Content::Text(text))
    };
    Ok(NewFile { name, mime_type, size, content })
}

fn picture(kind: ImageType, bytes: Vec<u8>) -> Result<(String, Content), &'static str> {
    let mime_type = match kind {
        ImageType::Png => "image/png",
        ImageType::Jpeg => "image/jpeg",
        ImageType::Gif => "image/gif",
        ImageType::Webp => "image/webp",
        _ => return Err("is a picture of another sort than PNG, JPEG, GIF and WebP"),
    };
    let size = imagesize::blob_size(&bytes).map_err(|_| "is a damaged picture")?;
    let pixels = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    Ok((mime_type.to_owned(), Content::Image(bytes, pixels(size.width), pixels(size.height))))
}

/// Readers look for the mark of a PDF in its first kilobyte.
fn is_pdf(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(1024)].windows(5).any(|window| window == b"%PDF-")
}

async fn pdf_text(bytes: Vec<u8>, room: &mut usize) -> Result<Content, &'static str> {
    let pages = pdf::read(bytes, *room).await.map_err(|unread| match unread {
        Unread::Encrypted => "is a PDF that wants a password",
        Unread::Damaged => "is a damaged PDF",
        Unread::TooSlow => "is a PDF that takes too long to read",
        Unread::TooManyPages => "is a PDF with more than 5000 pages",
        Unread::TooLong => TOO_LONG,
    })?;
    if pages.iter().all(|page| page.text.trim().is_empty()) {
        return Err("is a PDF without text: pictures of pages are not read");
    }
    *room -= pages.iter().map(|page| page.text.chars().count()).sum::<usize>();
    Ok(Content::Pages(pages))
}

/// The text in the encoding that it says itself, or else is declared in; without either it is UTF-8 or what Windows has
/// written.
fn decoded(bytes: &[u8], declared: Option<&str>, room: &mut usize) -> Result<String, &'static str> {
    let charset = declared.and_then(|declared| declared.split_once("charset=")).map(|(_, rest)| rest);
    let charset = charset.and_then(|rest| rest.split(';').next()).map(|label| label.trim().trim_matches('"'));
    let fallback = if std::str::from_utf8(bytes).is_ok() { UTF_8 } else { WINDOWS_1252 };
    let encoding = charset.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(fallback);
    let (text, _, is_broken) = encoding.decode(bytes);
    if is_broken {
        return Err("has a text that is not in the encoding that it is declared in");
    }
    // Nobody writes such signs: it is something else than a text.
    let is_foreign =
        |sign: char| sign.is_control() && !matches!(sign, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}' | '\u{85}');
    if text.chars().any(|sign| sign == '\0') || text.chars().filter(|sign| is_foreign(*sign)).count() * 200 > text.len()
    {
        return Err("is none of text, Markdown, CSV, JSON, HTML, PDF, PNG, JPEG, GIF and WebP");
    }
    *room = room.checked_sub(text.chars().count()).ok_or(TOO_LONG)?;
    Ok(text.into_owned())
}

fn sort_of_text(name: &str, declared: Option<&str>) -> String {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let by_name = SORTS.iter().find(|(known, _)| ending.as_deref() == Some(*known)).map(|(_, sort)| *sort);
    let declared = declared.and_then(|declared| declared.split(';').next()).map(str::trim);
    by_name.or(declared.filter(|sort| sort.starts_with("text/"))).unwrap_or("text/plain").to_owned()
}

/// The last part of a path, as some clients send it, on one line.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or("file");
    last.chars().filter(|sign| !sign.is_control()).take(LONGEST_NAME).collect::<String>().trim().to_owned()
}

fn refuse(place: usize, name: &str, reason: &str) -> Error {
    let loc = vec![json!("files"), json!(place)];
    Error::Arguments(vec![Issue {
        kind: "value_error",
        loc,
        msg: format!("The file {name} {reason}"),
        input: json!(name),
        ctx: None,
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(name: &str, declared: Option<&str>, bytes: &[u8]) -> Upload {
        Upload { name: name.into(), mime_type: declared.map(Into::into), content: STANDARD.encode(bytes) }
    }

    async fn text(declared: Option<&str>, bytes: &[u8]) -> String {
        match read(0, upload("notes.txt", declared, bytes), &mut LONGEST_TEXT.clone()).await.unwrap().content {
            Content::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn texts_come_in_the_encodings_that_people_use() {
        assert_eq!(text(None, "Zürich\n".as_bytes()).await, "Zürich\n");
        assert_eq!(text(None, b"\xef\xbb\xbfZ\xc3\xbcrich").await, "Zürich", "the mark is no part of the text");
        assert_eq!(text(None, b"Z\xfcrich \x96 Bern").await, "Zürich – Bern");
        assert_eq!(text(None, b"\xff\xfeZ\0\xfc\0").await, "Zü");
        assert_eq!(text(Some("text/plain; charset=iso-8859-2"), b"\xa3\xf3d\xbc").await, "Łódź");
        assert_eq!(text(Some("text/plain; charset=\"nonsense\""), b"x").await, "x");
    }

    #[tokio::test]
    async fn a_refusal_names_the_file_and_the_reason() {
        let cases: [(&str, Option<&str>, &[u8], &str); 5] = [
            ("a.txt", None, b" \n", "The file a.txt is empty"),
            ("a.bin", None, b"\x7fELF\x02\x01\0\0\0", "The file a.bin is none of text, Markdown"),
            ("a.txt", Some("text/plain; charset=utf-8"), b"Z\xfcrich", "not in the encoding"),
            ("C:\\x\\a.pdf", None, b"%PDF-1.7 nothing", "The file a.pdf is a damaged PDF"),
            ("a.png", None, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is a damaged picture"),
        ];
        for (name, declared, bytes, reason) in cases {
            let Err(Error::Arguments(issues)) = read(3, upload(name, declared, bytes), &mut LONGEST_TEXT.clone()).await
            else {
                panic!("{name}")
            };
            assert!(issues[0].msg.contains(reason), "{}", issues[0].msg);
            assert_eq!(issues[0].loc, [json!("files"), json!(3)]);
        }
    }

    #[tokio::test]
    async fn names_say_what_sort_of_text_it_is() {
        let sort = async |name, declared| {
            read(0, upload(name, declared, b"x"), &mut LONGEST_TEXT.clone()).await.unwrap().mime_type
        };
        assert_eq!(sort("a.MD", Some("text/plain")).await, "text/markdown");
        assert_eq!(sort("a", Some("text/x-rust; charset=utf-8")).await, "text/x-rust");
        assert_eq!(sort("a", Some("application/octet-stream")).await, "text/plain");
    }
}
