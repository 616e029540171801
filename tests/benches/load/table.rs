//! What was measured, as one table.

use std::time::Duration;

use crate::processor::Spent;

/// Rows, in the order they were measured.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 8]>,
}

/// One load, measured.
pub(crate) struct Measured {
    /// How long each request took.
    pub(crate) times: Vec<Duration>,
    /// From the first request to the last answer.
    pub(crate) wall: Duration,
    /// The processor time meanwhile.
    pub(crate) spent: Spent,
}

impl Measured {
    /// The time that a share of the requests stayed under, such as 0.5 of them, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = (times.len() as f64 * share) as usize;
        millis(times[at.min(times.len() - 1)])
    }

    /// The processor time of the server for each request, in milliseconds.
    pub(crate) fn server_time(&self) -> f64 {
        millis(self.spent.server) / self.times.len() as f64
    }
}

impl Table {
    /// Adds a load.
    pub(crate) fn add(&mut self, name: &str, measured: &Measured, target: &str) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from) as u32;
        let others = measured.spent.machine.saturating_sub(measured.spent.server + measured.spent.client);
        self.push([
            name.to_owned(),
            format!("{:.2}", measured.quantile(0.5)),
            format!("{:.2}", measured.quantile(0.95)),
            format!("{:.0}", measured.times.len() as f64 / measured.wall.as_secs_f64()),
            format!("{:.2}", measured.server_time()),
            format!("{:.2}", millis(measured.spent.client) / measured.times.len() as f64),
            format!("{:.0} %", 100.0 * others.as_secs_f64() / (measured.wall * cores).as_secs_f64()),
            target.to_owned(),
        ]);
    }

    /// Adds a single value.
    pub(crate) fn note(&mut self, name: &str, value: String, target: &str) {
        let mut row = [const { String::new() }; 8];
        (row[0], row[1], row[7]) = (name.to_owned(), value, target.to_owned());
        self.push(row);
    }

    /// Prints everything.
    pub(crate) fn print(&self) {
        let head = ["", "p50 ms", "p95 ms", "per s", "server ms", "client ms", "others", "target"].map(str::to_owned);
        let rows: Vec<_> = std::iter::once(&head).chain(&self.rows).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: [usize; 8] = std::array::from_fn(width);
        println!(
            "server ms, client ms: processor time for each request; others: the machine's load beside these two\n"
        );
        for row in rows {
            let mut line = format!("{:<width$}", row[0], width = widths[0]);
            for (cell, width) in row[1..].iter().zip(&widths[1..]) {
                line += &format!("  {cell:>width$}");
            }
            println!("{}", line.trim_end());
        }
    }

    /// A run takes minutes: each row is printed as soon as it is known.
    fn push(&mut self, row: [String; 8]) {
        eprintln!("{}", row.join("  "));
        self.rows.push(row);
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
