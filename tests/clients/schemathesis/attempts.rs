//! What schemathesis did, from its report of every request.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use serde_json::Value;

/// The operations that were called, and their outcomes.
#[derive(Default)]
pub(super) struct Attempts {
    /// The operations that were called and have answered.
    pub(super) called: BTreeSet<String>,
    /// The operations that have succeeded at least once, and others found that way.
    pub(super) reached: BTreeSet<String>,
    /// The checks that ran and passed.
    pub(super) checks: BTreeSet<String>,
    /// How often Bob got 404.
    pub(super) foreign_reads: usize,
    /// How often something was asked for that had been deleted before.
    pub(super) reads_after_deletion: usize,
}

/// One request, and its answer.
struct Exchange {
    method: String,
    path: String,
    /// The address, without the query.
    uri: String,
    /// The user, where that is known.
    user: Option<String>,
    status: u64,
}

impl Attempts {
    /// Reads the events of a run, one a line.
    pub(super) fn read(events: &Path) -> Self {
        let mut attempts = Self::default();
        for line in BufReader::new(File::open(events).unwrap()).lines() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if let Some(scenario) = event.get("ScenarioFinished") {
                attempts.note(scenario);
            }
        }
        attempts
    }

    /// Adds what was tried in another run.
    pub(super) fn add(&mut self, other: Self) {
        self.called.extend(other.called);
        self.reached.extend(other.reached);
        self.checks.extend(other.checks);
        self.foreign_reads += other.foreign_reads;
        self.reads_after_deletion += other.reads_after_deletion;
    }

    fn note(&mut self, scenario: &Value) {
        let recorder = &scenario["recorder"];
        let exchanges = exchanges(recorder);
        match scenario["phase"].as_str() {
            Some("stateful") => self.reads_after_deletion += reads_after_deletion(&exchanges),
            // What belongs to one operation is called by its name.
            Some("examples" | "coverage" | "fuzzing") if !exchanges.is_empty() => {
                self.called.insert(recorder["label"].as_str().unwrap().to_owned());
            }
            _ => {}
        }
        self.foreign_reads +=
            exchanges.iter().filter(|it| it.user.as_deref() == Some("bob") && it.status == 404).count();
        let reached = exchanges.iter().filter(|exchange| exchange.has_succeeded());
        self.reached.extend(reached.map(|exchange| format!("{} {}", exchange.method, exchange.path)));
        let checks = recorder["checks"].as_object().into_iter().flatten().filter_map(|(_, checks)| checks.as_array());
        let content = checks.flatten().filter(|check| check["status"] == "success");
        self.checks.extend(content.map(|check| check["name"].as_str().unwrap().to_owned()));
    }
}

impl Exchange {
    fn has_succeeded(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it reads or changes what was deleted in another.
    fn follows(&self, deletion: &Self) -> bool {
        let rest = self.uri.strip_prefix(&deletion.uri);
        let is_there_or_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.user.is_some() && matches!(self.method.as_str(), "GET" | "PATCH") && is_there_or_below
    }
}

/// The requests of a scenario that were answered, in their order.
fn exchanges(recorder: &Value) -> Vec<Exchange> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let exchange = |(id, case): (&String, &Value)| {
        let (case, interaction) = (&case["value"], &recorder["interactions"][id]);
        Some(Exchange {
            method: text(&case["method"]),
            path: text(&case["path"]),
            uri: text(&interaction["request"]["uri"]).split('?').next().unwrap_or_default().to_owned(),
            user: case["auth_identity"].as_str().map(str::to_owned),
            status: interaction["response"]["status_code"].as_u64()?,
        })
    };
    recorder["cases"].as_object().into_iter().flatten().filter_map(exchange).collect()
}

/// How often something is asked for in a scenario that was deleted in it before.
fn reads_after_deletion(exchanges: &[Exchange]) -> usize {
    let is_deletion =
        |exchange: &&Exchange| exchange.method == "DELETE" && exchange.has_succeeded() && exchange.path.contains('{');
    let is_return = |(place, exchange): &(usize, &Exchange)| {
        exchanges[..*place].iter().filter(is_deletion).any(|deletion| exchange.follows(deletion))
    };
    exchanges.iter().enumerate().filter(is_return).count()
}
