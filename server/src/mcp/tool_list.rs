//! The list of tools, as `tools/list` returns them.

use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD};
use rmcp::{
    ErrorData,
    model::{Icon, Implementation, MetaObject, Tool, ToolAnnotations},
};
use schemas::key::KeyFamily;
use serde_json::{Map, json};
use tools::{Access, toolsets::Toolset};

use super::errors::invalid_cursor;
use crate::pages;

/// The name, version and icon of the server.
pub(super) fn server_info() -> Implementation {
    let icon = Icon::new(pages::icon()).with_mime_type("image/svg+xml").with_sizes(vec!["any".to_owned()]);
    Implementation::new("recollect", env!("CARGO_PKG_VERSION")).with_title("Recollect").with_icons(vec![icon])
}

/// Every tool, in the order of [`tools::all`].
pub(super) static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| tools::all().iter().map(describe).collect());

/// The same with icons.
pub(super) static TOOLS_WITH_ICONS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    let all = tools::all().iter().zip(TOOLS.iter());
    all.map(|(tool, listed)| listed.clone().with_icons(vec![icon_of(tool.toolset())])).collect()
});

/// The page that begins at `cursor`, which is the name of its first tool, and the cursor of the page after it.
pub(super) fn page_of(
    tools: Vec<&Tool>,
    cursor: Option<&str>,
    size: usize,
) -> Result<(Vec<Tool>, Option<String>), ErrorData> {
    let start = match cursor {
        None => 0,
        Some(cursor) => tools.iter().position(|tool| tool.name == cursor).ok_or_else(invalid_cursor)?,
    };
    let next = tools.get(start + size).map(|tool| tool.name.to_string());
    Ok((tools.into_iter().skip(start).take(size).cloned().collect(), next))
}

fn describe(tool: &tools::Tool) -> Tool {
    let hints = tool.behaviour();
    let annotations = ToolAnnotations::new().read_only(hints.read_only).open_world(false);
    // These two hints are meaningful for writes only.
    let annotations = match hints.read_only {
        true => annotations,
        false => annotations.destructive(hints.destructive).idempotent(hints.idempotent),
    };
    Tool::new(tool.name, tool.description(), tool.arguments_for_assistants())
        .with_title(tool.title())
        .with_raw_output_schema(tool.result_for_assistants().into())
        .with_annotations(annotations)
        .with_meta(security_schemes(tool))
}

/// The credential that a tool requires, for clients that use OAuth.
fn security_schemes(tool: &tools::Tool) -> MetaObject {
    let scheme = match tool.access {
        Access::Public => json!({ "type": "noauth" }),
        Access::Scope(_) => {
            let scopes: Vec<String> = tool.scopes().map(|scope| scope.spelling(KeyFamily::Mcp)).collect();
            json!({ "type": "oauth2", "scopes": scopes })
        }
        Access::User | Access::KeyManager | Access::AnyCredential | Access::Anonymous | Access::Owner => {
            json!({ "type": "oauth2" })
        }
    };
    MetaObject(Map::from_iter([("securitySchemes".to_owned(), json!([scheme]))]))
}

/// The icon of the tools in a toolset. The default list has no icons: a model reads it each time, and its icons alone would
/// weigh as much as three tools.
fn icon_of(toolset: Toolset) -> Icon {
    let lines = match toolset {
        Toolset::Memories => "M6 4h12v16l-6-4-6 4z",
        Toolset::Conversations => "M4 5h16v11H10l-4 4v-4H4z",
        Toolset::ActionItems => "M5 12l4 4L19 6",
        Toolset::Goals => "M12 3a9 9 0 1 0 9 9M12 8a4 4 0 1 0 4 4M12 12l8-8",
        Toolset::People => "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 21a8 8 0 0 1 16 0",
        Toolset::Admin => "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M8 14v6",
    };
    // Both light and dark pages show this green.
    let picture = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f7565" stroke-width="2"><path d="{lines}"/></svg>"##
    );
    Icon::new(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
        .with_mime_type("image/svg+xml")
        .with_sizes(vec!["any".to_owned()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_cover_every_tool_once() {
        let all: Vec<&Tool> = TOOLS.iter().collect();
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let (page, next) = page_of(all.clone(), cursor.as_deref(), 2).unwrap();
            assert!((1..=2).contains(&page.len()));
            seen.extend(page);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert!(seen.iter().eq(all.iter().copied()));
        assert_eq!(page_of(all, Some("no such tool"), 2).unwrap_err().message, "Invalid cursor");
    }

    #[test]
    fn every_tool_has_a_description_and_plain_schemas() {
        for tool in TOOLS.iter() {
            let output = tool.output_schema.as_deref().unwrap();
            for schema in [&*tool.input_schema, output] {
                assert_eq!(schema["type"], "object", "{}", tool.name);
                assert!(schema["properties"].is_object(), "{}", tool.name);
                assert!(!json!(schema).to_string().contains("\"$ref\""), "{} has references", tool.name);
            }
            assert!(!tool.description.as_deref().unwrap_or_default().is_empty(), "{}", tool.name);
        }
    }
}
