//! The real program, as a process of its own: how it starts, refuses, works from the command line, and stops.

mod clients;
mod commands;
mod connect;
mod crash;
pub(crate) mod program;
mod refusals;
mod secrets;
mod start;
mod stdio;
mod transfer;
mod users;
