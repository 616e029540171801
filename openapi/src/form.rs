//! Forms with files, and bodies that are a single file.

use std::io::Write;

use base64::{engine::general_purpose::STANDARD, write::EncoderStringWriter};
use bytes::Bytes;
use futures::StreamExt;
use multer::{Constraints, Multipart, SizeLimit};
use poem::Request;
use serde_json::{Map, Value, json};
use tools::{Error, Placement};

use crate::{
    body,
    body_memory::BodyMemory,
    components::Components,
    error::Refusal,
    multipart::{file, read_form},
    operation::Operation,
    query,
};

/// The name of a file that is the body itself.
const NAMELESS: &str = "audio";

/// The arguments in a form, or in a body that is a file: the files under the name `files`, each with its content in
/// base64, and whatever plain values the form has; they are counted in `memory`.
pub(crate) async fn read(
    operation: &Operation,
    files: &'static str,
    request: &mut Request,
    memory: &BodyMemory,
) -> Result<Map<String, Value>, Refusal> {
    let content_type = request.content_type().unwrap_or_default().to_owned();
    let limit = operation.route.max_body;
    let (taking, mut read) = (memory.clone(), 0);
    let taken = move |chunk: std::io::Result<Bytes>| {
        let chunk = chunk?;
        read += chunk.len();
        // What comes beyond the limit is drained, and not held.
        if read <= limit {
            taking.grow(chunk.len())?;
        }
        Ok(chunk)
    };
    let mut body = request.take_body().into_bytes_stream().map(taken).boxed();
    let is_bytes = content_type.split(';').next().is_some_and(|kind| kind.trim() == "application/octet-stream");
    let read = if is_bytes && matches!(operation.route.placement, Placement::FormOrBytes(_)) {
        read_bytes(content_type, &mut body, limit).await.map(|file| (file.into_iter().collect(), Vec::new()))
    } else if let Ok(boundary) = multer::parse_boundary(&content_type) {
        let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(limit as u64));
        read_form(files, Multipart::with_constraints(&mut body, boundary, limits)).await
    } else if !operation.required().contains(&files) {
        return Ok(Map::new());
    } else {
        let place = vec![json!("body"), json!(files)];
        let sentence = "Field required, as a file of a multipart/form-data body";
        return Err(body::invalid("missing", place, sentence, Value::Null, None));
    };
    let (found, mut texts) = match read {
        Ok(read) => read,
        Err(multer::Error::StreamSizeExceeded { .. }) => {
            body::drain(body).await;
            return Err(Refusal::too_large(limit));
        }
        Err(_) if memory.is_full() => return Err(BodyMemory::refusal()),
        Err(multer::Error::StreamReadFailed(error)) if is_late(&*error) => return Err(Refusal::too_slow()),
        Err(error) => return Err(Error::Rejected(format!("The form could not be read: {error}")).into()),
    };
    for (name, _) in &mut texts {
        *name = operation.route.arguments.canonical(name).to_owned();
    }
    let is_plain = |name: &str| name != files && !operation.is_in_path(name);
    let mut given = query::read(&texts, operation.route.arguments.schema(), is_plain);
    if !found.is_empty() {
        given.insert(files.to_owned(), Value::Array(found));
    }
    Ok(given)
}

fn is_late(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut)
}

/// The content of such a body in the document.
pub(crate) fn content(operation: &Operation, files: &'static str, components: &Components) -> Value {
    let arguments = operation.body_schema(operation.route.arguments.accepted());
    let mut plain = arguments.clone();
    plain["properties"].as_object_mut().expect("arguments have properties").shift_remove(files);
    let bytes = json!({ "type": "string", "format": "binary" });
    let mut list = json!({ "type": "array", "items": bytes });
    for keyword in ["description", "minItems", "maxItems"] {
        if let Some(value) = arguments["properties"][files].get(keyword) {
            list[keyword] = value.clone();
        }
    }
    let mut form = components.express(&plain);
    let others = form["properties"].take();
    let others = others.as_object().cloned().unwrap_or_default();
    form["properties"] = [(files.to_owned(), list)].into_iter().chain(others).collect();
    let mut content = json!({ "multipart/form-data": { "schema": form } });
    if matches!(operation.route.placement, Placement::FormOrBytes(_)) {
        content["application/octet-stream"] = json!({ "schema": bytes });
    }
    content
}

/// A body that is a file; `None` where it is empty.
async fn read_bytes(content_type: String, body: &mut body::Body, limit: usize) -> multer::Result<Option<Value>> {
    let (mut length, mut writer) = (0, EncoderStringWriter::new(&STANDARD));
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| multer::Error::StreamReadFailed(error.into()))?;
        length += chunk.len();
        if length > limit {
            return Err(multer::Error::StreamSizeExceeded { limit: limit as u64 });
        }
        writer.write_all(&chunk).expect("memory takes everything");
    }
    Ok((length > 0).then(|| file(NAMELESS, Some(content_type), writer.into_inner())))
}
