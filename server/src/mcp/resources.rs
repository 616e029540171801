//! Views as MCP resources: listed, completed and read.

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

use super::errors::{invalid_cursor, refusal, unknown};

/// A page of the addresses that the caller may open, from `cursor` on, and the cursor of the page after it. A cursor is
/// the name of a view, a colon, and the cursor within that view.
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
        let page = view.list(caller.clone(), size - listed.len(), within.take().as_deref()).await.map_err(refusal)?;
        listed.extend(page.entries.into_iter().map(resource));
        if let Some(next) = page.next {
            return Ok((listed, Some(format!("{}:{next}", view.name))));
        }
    }
    Ok((listed, None))
}

/// The forms of the addresses that the caller may open.
pub(super) fn templates(caller: &Context) -> Vec<ResourceTemplate> {
    let permitted = views::ALL.iter().filter(|view| view.has_rows() && view.permits(caller));
    permitted.map(template).collect()
}

/// What opens at an address.
pub(super) async fn read(
    caller: Context,
    address: ViewUri<'_>,
    request: &ReadResourceRequestParams,
) -> Result<ReadResourceResponse, ErrorData> {
    let content = address.open(caller).await.map_err(|error| match error {
        Error::NotFound(_) => unknown(&request.uri),
        error => refusal(error),
    })?;
    let contents = ResourceContents::text(content.text, &request.uri).with_mime_type(content.mime_type);
    Ok(ReadResourceResult::new(vec![contents]).into())
}

/// The view with addresses of this form.
pub(super) fn of_template(template: &str) -> Option<&'static View> {
    views::ALL.iter().find(|view| view.template == template)
}

/// The ids that complete what was typed; none where the caller may not see them.
pub(super) async fn complete(caller: Context, view: &View, typed: &str) -> Result<CompletionInfo, ErrorData> {
    let ids = if view.permits(&caller) { view.complete(caller, typed).await.map_err(refusal)? } else { Vec::new() };
    Ok(offered(ids))
}

/// As many values as a completion may have.
pub(super) fn offered(mut values: Vec<String>) -> CompletionInfo {
    let total = values.len();
    values.truncate(CompletionInfo::MAX_VALUES);
    let has_more = total > values.len();
    let mut offered = CompletionInfo::default();
    (offered.values, offered.total, offered.has_more) = (values, u32::try_from(total).ok(), Some(has_more));
    offered
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
