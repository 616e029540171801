//! Files attached to questions: upload, search, read and delete them.

mod reader;

use resources::chat_files::{ChatFiles, FileHit};
use schemas::chat::*;

use self::reader::Reader;
use crate::{
    Context, Error, Placement, Result, Tool,
    limits::Policy,
    tool::{Noun, binding::post},
    toolsets::Toolset,
};

/// The largest body with files, in bytes.
const MAX_UPLOAD: usize = 20 << 20;

/// How much of a file's text is returned with it, in characters.
const MAX_OPENING: usize = 10_000;

/// Files that go with questions.
pub(crate) const FILES: Noun = Noun {
    reader: Some("get_file"),
    lister: Some("list_files"),
    text: "/name",
    changed_at: "created_at",
    ..Noun::new("file", "files", "file_id", Toolset::Conversations)
};

pub(crate) fn tools() -> Vec<Tool> {
    let upload = |path| post(path).placed(Placement::Form("files")).max_body(MAX_UPLOAD);
    FILES.tools([
        create!(upload_files).limited(&[Policy::FilesUpload]).app(upload("/v2/files")).app(upload("/v1/files")),
        read!(search_files).chat("Searching files").app("/v1/files/search"),
        read!(list_files).app("/v1/files"),
        read!(get_file).app("/v1/files/{file_id}"),
        delete!(delete_file).app("/v1/files/{file_id}"),
    ])
}

async fn upload_files(context: Context, input: UploadFiles) -> Result<UploadedFiles> {
    let mut reader = Reader::new(&context.resources.extractor, &context.caller.user);
    let mut read = Vec::with_capacity(input.files.len());
    for (place, upload) in input.files.into_iter().enumerate() {
        read.push(reader.read_file(place, upload).await?);
    }
    let files = stored(&context).create(read).await?.into_iter().map(|kept| kept.file).collect();
    Ok(UploadedFiles { files })
}

async fn search_files(context: Context, input: SearchFiles) -> Result<FoundInFiles> {
    let hits = stored(&context).search(&input.question, &input.file_ids, input.limit as usize).await?;
    Ok(FoundInFiles { passages: hits.into_iter().map(passage).collect() })
}

async fn list_files(context: Context, input: ListFiles) -> Result<FileList> {
    Ok(FileList { files: stored(&context).list(input.limit, input.offset).await? })
}

async fn get_file(context: Context, input: GetFile) -> Result<OpenedFile> {
    let file = stored(&context).get(&input.file_id).await?.ok_or_else(not_found)?;
    let opening = stored(&context).opening(&[input.file_id], MAX_OPENING).await?.pop();
    Ok(OpenedFile { file, opening: opening.map(|opening| opening.text).unwrap_or_default() })
}

/// A file with the passages of its text; an image has none. Fails when there is no such file.
pub(crate) async fn read_whole(context: &Context, id: &str) -> Result<(KeptFile, Vec<String>)> {
    let file = stored(context).get(id).await?.ok_or_else(not_found)?;
    Ok((file, stored(context).passages(id).await?))
}

async fn delete_file(context: Context, input: DeleteFile) -> Result<DeletedFile> {
    match stored(&context).delete(&input.file_id).await? {
        true => Ok(DeletedFile { success: true }),
        false => Err(not_found()),
    }
}

fn stored(context: &Context) -> ChatFiles<'_> {
    context.resources.chat_files(&context.caller.user)
}

fn passage(hit: FileHit) -> FilePassage {
    let FileHit { file_id, name, place, page, text, uploaded_at, score } = hit;
    FilePassage { file_id, name, place, page, text, uploaded_at, score }
}

fn not_found() -> Error {
    Error::NotFound("File not found".into())
}
