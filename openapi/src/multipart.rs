//! The parts of a form. The fuzz target of the same name includes this file alone.

use std::io::Write;

use base64::{engine::general_purpose::STANDARD, write::EncoderStringWriter};
use multer::{Field, Multipart};
use serde_json::Value;

/// The files of a form, and its plain values with their names.
pub(crate) async fn read_form(
    files: &str,
    mut form: Multipart<'_>,
) -> multer::Result<(Vec<Value>, Vec<(String, String)>)> {
    let (mut found, mut texts) = (Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == files && field.file_name().is_some() {
            found.push(read_file(field).await?);
        } else {
            texts.push((name, String::from_utf8_lossy(&field.bytes().await?).into_owned()));
        }
    }
    Ok((found, texts))
}

/// Encodes a file as it arrives, so that it is never in memory twice.
async fn read_file(mut field: Field<'_>) -> multer::Result<Value> {
    let name = field.file_name().filter(|name| !name.is_empty()).unwrap_or("file").to_owned();
    let mime_type = field.content_type().map(ToString::to_string);
    let mut writer = EncoderStringWriter::new(&STANDARD);
    while let Some(chunk) = field.chunk().await? {
        writer.write_all(&chunk).expect("memory takes everything");
    }
    Ok(file(&name, mime_type, writer.into_inner()))
}

/// A file as the argument of a tool.
pub(crate) fn file(name: &str, mime_type: Option<String>, content: String) -> Value {
    // `json!` would copy the content.
    let fields = [("name", name.into()), ("mime_type", mime_type.into()), ("content", Value::String(content))];
    Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
