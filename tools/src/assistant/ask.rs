//! Questions over everything in the memory, answered with sources.

use std::collections::HashMap;

use chrono_tz::Tz;
use schemas::{
    chat::{AnswerSource, Ask, Asked, Citation},
    conversation::Conversation,
};
use serde_json::json;

use crate::{
    Context, Error, Issue, Result, Tool, assistant::agent, calendar, conversations::CONVERSATIONS, limits::Policy,
    tool::binding::post,
};

pub(crate) fn tools() -> Vec<Tool> {
    CONVERSATIONS.tools([read!(ask)
        .long_running()
        .limited(&[Policy::ChatSend])
        .in_default_list(&["timezone"])
        .app(post("/v1/ask"))
        .developer(post("/v1/dev/user/ask").limited(&[Policy::DevAsk, Policy::ChatSend]))
        .mcp(post("/v1/mcp/ask").limited(&[Policy::McpRead, Policy::ChatSend]))])
}

async fn ask(context: Context, input: Ask) -> Result<Asked> {
    let zone = zone(&context, input.timezone).await?;
    context.progress(0, Some(2), "Searching the memory for an answer").await;
    let (answer, citations) = agent::answer_once(&context, &input.question, zone, input.limit as usize).await?;
    context.progress(1, Some(2), "Looking up the sources").await;
    let sources = sources(&context, &citations, input.limit as usize).await?;
    Ok(Asked { answer, sources, citations })
}

/// The cited conversations, each once, in the order of the citations.
async fn sources(context: &Context, citations: &[Citation], limit: usize) -> Result<Vec<AnswerSource>> {
    let mut ids: Vec<String> = Vec::new();
    for citation in citations.iter().filter(|citation| citation.kind == "conversation") {
        if !ids.contains(&citation.id) && ids.len() < limit {
            ids.push(citation.id.clone());
        }
    }
    let rows = context.conversations().get_many(&ids).await?;
    let mut rows: HashMap<String, Conversation> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
    let source = |row: Conversation| AnswerSource {
        created_at: Some(row.started_at.unwrap_or(row.created_at)),
        title: row.structured.title,
        id: row.id,
    };
    Ok(ids.iter().filter_map(|id| rows.remove(id)).map(source).collect())
}

/// The time zone of a question's dates: the given one, else the user's.
async fn zone(context: &Context, given: Option<String>) -> Result<Tz> {
    let Some(name) = given else { return calendar::user_time_zone(context).await };
    name.trim().parse().map_err(|_| {
        let msg = "Input should be an IANA time zone, such as Europe/Oslo".to_owned();
        let loc = vec![json!("timezone")];
        Error::Arguments(vec![Issue::new("value_error", loc, msg, &json!(name), None)])
    })
}
