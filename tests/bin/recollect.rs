//! The program under test, built with the tests so that they can start and kill it.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::run()
}
