//! Layers of configuration. The embedded defaults define the keys and their types, so that a misspelt key or variable
//! is an error, and a variable is parsed as the type of its key.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Num, Value},
};
use serde::de::DeserializeOwned;

use crate::exit::ExitError;

/// Every key with its default, by its dotted path.
static KNOWN: LazyLock<BTreeMap<String, Value>> = LazyLock::new(|| {
    let defaults = Toml::from_str(include_str!("../config.toml")).expect("the embedded defaults are TOML");
    flatten(defaults)
});

/// Variables with short names, and their keys.
const SHORT_NAMES: [(&str, &str); 3] =
    [("RECOLLECT_DATA", "data"), ("RECOLLECT_MODELS", "embedder.sources.folder"), ("RECOLLECT_LOG", "log.filter")];

/// Variables that are not configuration: the path of the file, credentials of commands, and those of the tests.
const OTHER_VARIABLES: [&str; 4] = ["RECOLLECT_CONFIG", "RECOLLECT_KEY", "RECOLLECT_TOKEN", "RECOLLECT_TEST_"];

/// Layers of configuration; each overrides those before it.
pub(super) struct Layers(Figment);

impl Layers {
    /// The embedded defaults.
    pub(super) fn defaults() -> Result<Self, ExitError> {
        let layer = Layer::new("the defaults", KNOWN.clone())?;
        Ok(Self(Figment::from(layer)))
    }

    /// Adds a TOML file.
    pub(super) fn file(self, path: &Path) -> Result<Self, ExitError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| ExitError::Config(format!("{name}: {error}")))?;
        // The parser's full message quotes the line, and the line may hold a secret.
        let dict: Dict = Toml::from_str(&text).map_err(|error| {
            let place = error.to_string().lines().next().unwrap_or_default().to_owned();
            ExitError::Config(format!("{name}: {place}: {}", error.message().trim().replace('\n', ", ")))
        })?;
        Ok(self.over(Layer::new(&name, flatten(dict))?))
    }

    /// Adds a layer.
    pub(super) fn over(self, layer: Layer) -> Self {
        Self(self.0.merge(layer))
    }

    /// The merged layers as a typed value.
    pub(super) fn extract<T: DeserializeOwned>(self) -> Result<T, ExitError> {
        self.0.extract().map_err(|error| ExitError::Config(error.to_string()))
    }
}

/// The keys that one source sets.
pub(super) struct Layer {
    name: String,
    values: BTreeMap<String, Value>,
}

impl Layer {
    fn new(name: &str, values: BTreeMap<String, Value>) -> Result<Self, ExitError> {
        for (key, value) in &values {
            let default = KNOWN.get(key).ok_or_else(|| unknown(key, name))?;
            if kind(value) != kind(default) && !(is_fraction(default) && kind(value) == "a whole number") {
                return Err(ExitError::Config(format!("{key} in {name} must be {}", kind(default))));
            }
        }
        let values = values.into_iter().filter(|(_, value)| value.as_str() != Some("")).collect();
        Ok(Self { name: name.to_owned(), values })
    }

    /// The text of `key`, if this source sets it.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.values.get(key)?.as_str()
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone()).interpolater(|_: &Profile, keys: &[&str]| keys.join("."))
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut nested = Dict::new();
        self.values.iter().for_each(|(key, value)| insert(&mut nested, key, value.clone()));
        Ok(Map::from([(Profile::Default, nested)]))
    }
}

/// The keys that variables starting with `RECOLLECT_` set, and the path in `RECOLLECT_CONFIG`.
pub(super) fn environment(
    variables: impl Iterator<Item = (String, String)>,
) -> Result<(Layer, Option<PathBuf>), ExitError> {
    let mut values = BTreeMap::new();
    let mut file = None;
    for (name, text) in variables.filter(|(name, text)| name.starts_with("RECOLLECT_") && !text.is_empty()) {
        match key_of(&name) {
            Some(key) => drop(values.insert(key.to_owned(), typed(&name, &text, &KNOWN[key])?)),
            None if name == "RECOLLECT_CONFIG" => file = Some(PathBuf::from(text)),
            None if OTHER_VARIABLES.iter().any(|other| name.starts_with(other)) => {}
            None => return Err(ExitError::Config(format!("{name} in the environment is not a setting"))),
        }
    }
    Ok((Layer::new("the environment", values)?, file))
}

fn key_of(variable: &str) -> Option<&'static str> {
    let short = SHORT_NAMES.iter().find(|(name, _)| *name == variable).map(|(_, key)| *key);
    short.or_else(|| {
        let spelling = |key: &&String| format!("RECOLLECT_{}", key.replace('.', "_").to_uppercase()) == variable;
        KNOWN.keys().find(spelling).map(String::as_str)
    })
}

fn typed(name: &str, text: &str, default: &Value) -> Result<Value, ExitError> {
    let wrong = || ExitError::Config(format!("{name} in the environment must be {}", kind(default)));
    match default {
        Value::Num(_, Num::F64(_)) => text.parse::<f64>().map(Value::from).map_err(|_| wrong()),
        Value::Num(..) => text.parse::<u64>().map(Value::from).map_err(|_| wrong()),
        Value::Bool(..) => text.parse::<bool>().map(Value::from).map_err(|_| wrong()),
        Value::Array(..) => Ok(Value::from(text.split(',').map(str::trim).collect::<Vec<_>>())),
        _ => Ok(Value::from(text)),
    }
}

fn flatten(dict: Dict) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    for (key, value) in dict {
        match value {
            Value::Dict(_, section) => {
                flat.extend(flatten(section).into_iter().map(|(below, value)| (format!("{key}.{below}"), value)));
            }
            value => drop(flat.insert(key, value)),
        }
    }
    flat
}

fn insert(dict: &mut Dict, key: &str, value: Value) {
    let Some((section, below)) = key.split_once('.') else {
        dict.insert(key.to_owned(), value);
        return;
    };
    if let Value::Dict(_, section) = dict.entry(section.to_owned()).or_insert_with(|| Dict::new().into()) {
        insert(section, below, value);
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        value if is_fraction(value) => "a number",
        Value::Num(..) => "a whole number",
        Value::Bool(..) => "true or false",
        Value::Array(..) => "a list",
        _ => "a text",
    }
}

fn is_fraction(value: &Value) -> bool {
    matches!(value, Value::Num(_, Num::F64(_)))
}

fn unknown(key: &str, place: &str) -> ExitError {
    let section = key.rsplit_once('.').map_or("", |(section, _)| section);
    let siblings = KNOWN.keys().filter(|known| known.rsplit_once('.').map_or("", |(above, _)| above) == section);
    let siblings: Vec<&str> = siblings.map(String::as_str).collect();
    let hint = if siblings.is_empty() { "there is no such section".into() } else { siblings.join(", ") };
    ExitError::Config(format!("{key} in {place} is not a setting ({hint})"))
}
