//! Processor time, of one process and of the machine, as the kernel counts it.

use std::fs;
use std::time::Duration;

/// One tick of the kernel's accounts: `USER_HZ` is 100 on every Linux that Rust runs on.
const TICK: Duration = Duration::from_millis(10);

/// Processor time spent up to a moment.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    /// By the server, all of its threads.
    pub(crate) server: Duration,
    /// By this process.
    pub(crate) client: Duration,
    /// By everything on the machine.
    pub(crate) machine: Duration,
}

impl Spent {
    /// The accounts as they stand.
    pub(crate) fn now(server: u32) -> Self {
        Self { server: of_process(&server.to_string()), client: of_process("self"), machine: of_machine() }
    }

    /// What was spent since an earlier moment.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            server: self.server - before.server,
            client: self.client - before.client,
            machine: self.machine - before.machine,
        }
    }
}

/// The memory that a process has in RAM, in KiB.
pub(crate) fn resident_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a running process has memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

fn of_process(process: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the process runs");
    // The name, in parentheses, may hold anything; user and system time are the 12th and 13th fields after it.
    let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
    ticks(fields.split(' ').skip(11).take(2))
}

fn of_machine() -> Duration {
    let stat = fs::read_to_string("/proc/stat").expect("Linux");
    let fields = stat.lines().next().expect("a first line").split_whitespace();
    // user, nice, system; then idle and waiting, which nobody spends.
    ticks(fields.skip(1).take(3))
}

fn ticks<'a>(fields: impl Iterator<Item = &'a str>) -> Duration {
    TICK * fields.map(|field| field.parse::<u32>().expect("a number of ticks")).sum::<u32>()
}
