//! `recollect connect`: the configuration of MCP clients.
