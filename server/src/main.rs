//! The program `recollect`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run()
}
