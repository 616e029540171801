//! Assertions on JSON: names of fields, columns of rows, and the issues of a 422.

use serde_json::Value;

use super::server::Answer;

/// The names of an object's fields, sorted.
pub(crate) fn field_names(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// These names and more, sorted.
pub(crate) fn names_with<'a>(names: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    let mut names = [names, more].concat();
    names.sort_unstable();
    names
}

/// One field of each object in a list.
pub(crate) fn column<'a>(rows: &'a Value, field: &str) -> Vec<&'a str> {
    rows.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap()).collect()
}

/// Asserts that a request was refused with 422 for just these reasons, each with its type and place.
#[track_caller]
pub(crate) fn assert_invalid(answer: &Answer, expected: &[(&str, Value)]) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let issues = answer.body["detail"].as_array().unwrap_or_else(|| panic!("no list: {}", answer.body));
    let found: Vec<_> = issues.iter().map(|issue| (issue["type"].as_str().unwrap(), issue["loc"].clone())).collect();
    assert_eq!(found, expected);
    for issue in issues {
        assert!(issue["msg"].as_str().is_some_and(|text| !text.is_empty()), "{issue}");
        assert!(issue.get("input").is_some(), "{issue}");
    }
}
