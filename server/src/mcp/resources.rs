//! Views as MCP resources: `resources/list`, `resources/read` and the completion of URI templates.

use rmcp::{
    ErrorData,
    model::{
        Annotations, CompletionInfo, ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource,
        ResourceContents, ResourceTemplate,
    },
};
use tools::{
    Context, Error,
    assistant::views::{self, Entry, View, ViewUri},
};

use super::errors::{invalid_cursor, protocol_error, resource_not_found};

/// A page of the resources that the caller may read, from `cursor` on, and the cursor of the next page. A cursor is the
/// name of a view, a colon, and the cursor within that view.
pub(super) async fn list(
    caller: &Context,
    size: usize,
    cursor: Option<&str>,
) -> Result<(Vec<Resource>, Option<String>), ErrorData> {
    let views: Vec<&'static View> = views::ALL.iter().filter(|view| view.is_listed() && view.permits(caller)).collect();
    let (mut first, mut within) = (0, None);
    if let Some(cursor) = cursor {
        let (name, rest) = cursor.split_once(':').ok_or_else(invalid_cursor)?;
        first = views.iter().position(|view| view.name == name).ok_or_else(invalid_cursor)?;
        within = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
    }
    let mut listed = Vec::new();
    for view in &views[first..] {
        if listed.len() == size {
            return Ok((listed, Some(format!("{}:", view.name))));
        }
        let page =
            view.list(caller.clone(), size - listed.len(), within.take().as_deref()).await.map_err(protocol_error)?;
        listed.extend(page.entries.into_iter().map(resource));
        if let Some(next) = page.next {
            return Ok((listed, Some(format!("{}:{next}", view.name))));
        }
    }
    Ok((listed, None))
}

/// The URI templates of the resources that the caller may read.
pub(super) fn templates(caller: &Context) -> Vec<ResourceTemplate> {
    let permitted = views::ALL.iter().filter(|view| view.has_rows() && view.permits(caller));
    permitted.map(template).collect()
}

/// Reads a resource.
pub(super) async fn read(
    caller: Context,
    address: ViewUri<'_>,
    request: &ReadResourceRequestParams,
) -> Result<ReadResourceResponse, ErrorData> {
    let content = address.open(caller).await.map_err(|error| match error {
        Error::NotFound(_) => resource_not_found(&request.uri),
        error => protocol_error(error),
    })?;
    let contents = ResourceContents::text(content.text, &request.uri).with_mime_type(content.mime_type);
    Ok(ReadResourceResult::new(vec![contents]).into())
}

/// The view with this URI template.
pub(super) fn of_template(template: &str) -> Option<&'static View> {
    views::ALL.iter().find(|view| view.template == template)
}

/// The ids that complete a typed prefix; none where the caller may not read them.
pub(super) async fn complete(caller: Context, view: &View, typed: &str) -> Result<CompletionInfo, ErrorData> {
    let ids =
        if view.permits(&caller) { view.complete(caller, typed).await.map_err(protocol_error)? } else { Vec::new() };
    Ok(completion(ids))
}

/// A completion with as many of the values as the protocol allows.
pub(super) fn completion(mut values: Vec<String>) -> CompletionInfo {
    let total = values.len();
    values.truncate(CompletionInfo::MAX_VALUES);
    let has_more = total > values.len();
    let mut completion = CompletionInfo::default();
    (completion.values, completion.total, completion.has_more) = (values, u32::try_from(total).ok(), Some(has_more));
    completion
}

fn template(view: &View) -> ResourceTemplate {
    ResourceTemplate::new(view.template, view.name).with_description(view.description).with_mime_type(view.mime_type)
}

fn resource(entry: Entry) -> Resource {
    let resource = Resource::new(entry.uri, entry.name).with_mime_type(entry.mime_type);
    match entry.changed {
        Some(time) => resource.with_annotations(Annotations::default().with_timestamp(time)),
        None => resource,
    }
}
