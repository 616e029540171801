//! The icons of tools, one for each toolset, for clients that ask for toolsets. The usual list goes without: a model reads
//! it each time, and its icons alone would weigh as much as three tools.

use base64::{Engine, engine::general_purpose::STANDARD};
use rmcp::model::Icon;
use tools::toolsets::Toolset;

/// The icon of the tools in a toolset; those in none look for something.
pub(super) fn of(toolset: Option<Toolset>) -> Icon {
    let lines = match toolset {
        Some(Toolset::Memories) => "M6 4h12v16l-6-4-6 4z",
        Some(Toolset::Conversations) => "M4 5h16v11H10l-4 4v-4H4z",
        Some(Toolset::ActionItems) => "M5 12l4 4L19 6",
        Some(Toolset::Goals) => "M12 3a9 9 0 1 0 9 9M12 8a4 4 0 1 0 4 4M12 12l8-8",
        Some(Toolset::People) => "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 21a8 8 0 0 1 16 0",
        Some(Toolset::Graph) => "M6 6l12 4M6 6l6 12M18 10l-6 8",
        Some(Toolset::Admin) => "M4 7h10M18 7h2M4 17h2M10 17h10M14 4v6M8 14v6",
        None => "M10 4a6 6 0 1 1 0 12 6 6 0 0 1 0-12M15 15l5 5",
    };
    // Both light and dark pages show this green.
    let picture = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#2f7565" stroke-width="2"><path d="{lines}"/></svg>"##
    );
    Icon::new(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
        .with_mime_type("image/svg+xml")
        .with_sizes(vec!["any".to_owned()])
}
