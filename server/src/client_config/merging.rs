//! Merges the server's entry into a client's configuration file, and preserves everything else in it: order, comments,
//! white space.

use anyhow::{Context as _, bail};
use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstRootNode},
};
use serde_json::{Value, json};
use toml_edit::{DocumentMut, InlineTable, Item, Table};

use super::{Format, SERVER_NAME};

/// The file with the entry in it; `None` where an entry with the same URL or program is there already.
///
/// # Errors
/// The file does not have the client's format.
pub(crate) fn merge(text: &str, format: Format, entry: &Value) -> anyhow::Result<Option<String>> {
    match format {
        Format::Json(field) => merge_json(text, field, entry),
        Format::Toml(table) => merge_toml(text, table, entry),
    }
}

/// A file with nothing but the entry.
pub(crate) fn new_file(format: Format, entry: &Value) -> String {
    match format {
        Format::Json(field) => json!({ field: { SERVER_NAME: entry } }).to_string(),
        Format::Toml(table) => {
            let mut document = DocumentMut::new();
            document[table] = implicit();
            document[table][SERVER_NAME] = Item::Table(toml_table(entry));
            document.to_string().trim().to_owned()
        }
    }
}

/// Whether two entries name the same server.
fn is_same(known: &Value, entry: &Value) -> bool {
    ["url", "command", "args"].iter().all(|name| known.get(name) == entry.get(name))
}

fn merge_json(text: &str, field: &str, entry: &Value) -> anyhow::Result<Option<String>> {
    let root = CstRootNode::parse(text, &ParseOptions::default()).context("the file is not JSON")?;
    let Some(object) = root.object_value_or_create() else { bail!("the file is not a JSON object") };
    let Some(servers) = object.object_value_or_create(field) else { bail!("`{field}` in the file is not an object") };
    match servers.get(SERVER_NAME) {
        Some(known) if known.to_serde_value().is_some_and(|known| is_same(&known, entry)) => return Ok(None),
        Some(known) => known.set_value(input(entry)),
        None => drop(servers.append(SERVER_NAME, input(entry))),
    }
    let mut text = root.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Some(text))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(fields) => {
            CstInputValue::Object(fields.iter().map(|(name, value)| (name.clone(), input(value))).collect())
        }
    }
}

fn merge_toml(text: &str, table: &str, entry: &Value) -> anyhow::Result<Option<String>> {
    let mut document: DocumentMut = text.parse().context("the file is not TOML")?;
    let servers = document.entry(table).or_insert_with(implicit);
    let Some(servers) = servers.as_table_like_mut() else { bail!("`{table}` in the file is not a table") };
    if let Some(known) = servers.get(SERVER_NAME) {
        let text = |name: &str| known.get(name).and_then(Item::as_str);
        if ["url", "command"].iter().all(|name| text(name) == entry[*name].as_str()) {
            return Ok(None);
        }
    }
    servers.insert(SERVER_NAME, Item::Table(toml_table(entry)));
    Ok(Some(document.to_string()))
}

/// A table without a header of its own.
fn implicit() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

fn toml_table(entry: &Value) -> Table {
    entry.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), toml_value(value))).collect()
}

fn toml_value(value: &Value) -> toml_edit::Value {
    match value {
        Value::Array(items) => items.iter().map(toml_value).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.as_str(), toml_value(value))).collect::<InlineTable>().into()
        }
        other => other.as_str().map_or_else(|| other.to_string(), str::to_owned).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: Format = Format::Json("mcpServers");
    const TOML: Format = Format::Toml("mcp_servers");

    fn entry(key: &str) -> Value {
        json!({ "url": "http://h/v1/mcp", "headers": { "Authorization": key } })
    }

    #[test]
    fn json_keeps_everything_else() {
        let file = "{\n  // My servers.\n  \"theme\": \"dark\",\n  \"mcpServers\": {\n    \"other\": { \"url\": \"x\" } // mine\n  }\n}\n";
        let merged = merge(file, JSON, &entry("a")).unwrap().unwrap();
        for kept in ["// My servers.", "\"theme\": \"dark\"", "\"other\": { \"url\": \"x\" }", "// mine"] {
            assert!(merged.contains(kept), "{kept}: {merged}");
        }
        let read = CstRootNode::parse(&merged, &ParseOptions::default()).unwrap().to_serde_value().unwrap();
        assert_eq!(read["mcpServers"]["recollect"], entry("a"));
        assert_eq!(merge(&merged, JSON, &entry("another key")).unwrap(), None, "never twice");
        let moved = merge(&merged, JSON, &json!({ "url": "http://elsewhere/v1/mcp" })).unwrap().unwrap();
        assert_eq!(moved.matches("recollect").count(), 1);
        assert!(moved.contains("elsewhere") && !moved.contains("http://h/"), "{moved}");
    }

    #[test]
    fn json_starts_from_an_empty_file_and_refuses_other_formats() {
        for empty in ["", "{}", "{\"mcpServers\": {}}"] {
            let merged = merge(empty, JSON, &entry("a")).unwrap().unwrap();
            assert_eq!(serde_json::from_str::<Value>(&merged).unwrap()["mcpServers"]["recollect"], entry("a"));
        }
        for wrong in ["[]", "{\"mcpServers\": 3}", "{"] {
            assert!(merge(wrong, JSON, &entry("a")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn toml_keeps_everything_else() {
        let file = "# Mine\nmodel = \"x\" # fast\n\n[mcp_servers.other]\nurl = \"y\"\n";
        let mut entry = entry("a");
        entry["http_headers"] = entry["headers"].take();
        entry.as_object_mut().unwrap().shift_remove("headers");
        let merged = merge(file, TOML, &entry).unwrap().unwrap();
        assert!(merged.starts_with(file), "{merged}");
        assert!(merged.contains("[mcp_servers.recollect]\nurl = \"http://h/v1/mcp\"\n"), "{merged}");
        assert!(merged.contains("http_headers = { Authorization = \"a\" }"), "{merged}");
        assert_eq!(merge(&merged, TOML, &entry).unwrap(), None, "never twice");
        assert!(merge("", TOML, &entry).unwrap().unwrap().starts_with("[mcp_servers.recollect]"));
        assert!(merge("mcp_servers = 3", TOML, &entry).is_err());
    }
}
