//! Resources: a text, a picture, and one for every number.

use rmcp::{
    ErrorData,
    model::{ReadResourceResponse, ReadResourceResult, Resource, ResourceTemplate},
};
use serde_json::json;

use super::{
    fixture::{Reply, made},
    tools::PICTURE,
};

pub(super) fn all() -> Vec<Resource> {
    made(json!([
        { "uri": "test://static-text", "name": "Static text", "mimeType": "text/plain" },
        { "uri": "test://static-binary", "name": "Static picture", "mimeType": "image/png" },
        { "uri": "test://watched-resource", "name": "Watched text", "mimeType": "text/plain" },
    ]))
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    made(json!([
        { "uriTemplate": "test://template/{id}/data", "name": "Data of a number", "mimeType": "application/json" },
    ]))
}

pub(super) fn read(uri: &str) -> Reply<ReadResourceResponse> {
    let text = |text: &str| json!({ "uri": uri, "mimeType": "text/plain", "text": text });
    let contents = match uri {
        "test://static-text" => text("This is the content of the static text resource."),
        "test://watched-resource" => text("This is the content of the watched resource."),
        "test://static-binary" => json!({ "uri": uri, "mimeType": "image/png", "blob": PICTURE }),
        _ => {
            let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
            let unknown = || ErrorData::resource_not_found("Resource not found", Some(json!({ "uri": uri })));
            let id = id.ok_or_else(unknown)?;
            let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            json!({ "uri": uri, "mimeType": "application/json", "text": data.to_string() })
        }
    };
    Ok(made::<ReadResourceResult>(json!({ "resultType": "complete", "contents": [contents] })).into())
}
