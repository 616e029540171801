//! Daily summaries: create, list and delete them.

mod day;
mod summarize;
pub mod worker;

use chrono::{NaiveDate, TimeDelta, Timelike};
use resources::daily_summaries::{DailySummaries as Stored, Selection};
use schemas::{
    daily_summary::*,
    memory::Done,
    preferences::{Preferences, PreferencesChange},
    scope::Scope::{ActionItemsRead, ConversationsRead, ConversationsWrite},
};
use serde_json::json;

use crate::{
    Context, Error, Result, Tool,
    calendar::time_zone,
    limits::Policy,
    tool::{
        Noun,
        binding::{get, post},
        paging,
    },
    toolsets::Toolset,
    webhooks,
};
use day::Day;

/// The hour at which summaries are written unless the user has chosen another one.
const DEFAULT_HOUR: u32 = 22;

/// What a day came to.
pub(crate) const DAILY_SUMMARIES: Noun = Noun {
    reader: Some("get_daily_summary"),
    lister: Some("get_daily_summaries"),
    text: "/headline",
    changed_at: "created_at",
    scopes: Some((ConversationsRead, ConversationsWrite)),
    ..Noun::new("daily_summary", "daily_summaries", "summary_id", Toolset::Conversations)
};

pub(crate) fn tools() -> Vec<Tool> {
    let as_summaries = |path| {
        get(path)
            .page(30, 100)
            .envelope("daily_summaries", "summaries", json!({}))
            .omit("next_cursor")
            .cursor("X-Next-Cursor")
    };
    DAILY_SUMMARIES.tools([
        read!(get_daily_summaries)
            .chat("Reading daily summaries")
            .app(as_summaries("/v1/users/daily-summaries"))
            .developer(as_summaries("/v1/dev/user/daily-summaries"))
            .mcp(get("/v1/mcp/daily-summaries").page(30, 100).cursor("X-Next-Cursor")),
        read!(get_daily_summary)
            .app("/v1/users/daily-summaries/{summary_id}")
            .developer("/v1/dev/user/daily-summaries/{summary_id}"),
        delete!(delete_daily_summary)
            .app("/v1/users/daily-summaries/{summary_id}")
            .developer("/v1/dev/user/daily-summaries/{summary_id}"),
        act!(make_daily_summary)
            .long_running()
            .limited(&[Policy::ChatSend])
            .app("/v1/users/daily-summary-settings/test")
            .developer(post("/v1/dev/user/daily-summaries").limited(&[Policy::DevOther, Policy::ChatSend])),
        read!(get_daily_summary_settings)
            .app("/v1/users/daily-summary-settings")
            .developer("/v1/dev/user/daily-summary-settings"),
        update!(set_daily_summary_settings)
            .app("/v1/users/daily-summary-settings")
            .developer("/v1/dev/user/daily-summary-settings"),
    ])
}

/// The caller's daily summaries.
pub(crate) fn daily_summaries(context: &Context) -> Stored<'_> {
    context.resources.daily_summaries(&context.caller.user)
}

async fn get_daily_summaries(context: Context, input: GetDailySummaries) -> Result<DailySummaries> {
    let GetDailySummaries { start_date, end_date, limit, offset, cursor } = input;
    let (start, end) = (start_date.map(date).transpose()?, end_date.map(date).transpose()?);
    let list = ("get_daily_summaries", start, end);
    let after = paging::read(&context, &list, cursor.as_deref(), offset)?;
    let selection = Selection { start, end, after, offset, limit: limit + 1 };
    let mut daily_summaries = daily_summaries(&context).list(&selection).await?;
    let has_more = daily_summaries.len() > limit as usize;
    daily_summaries.truncate(limit as usize);
    daily_summaries.iter_mut().for_each(|summary| hide_unreadable(&context, summary));
    let end = selection.end_of(&daily_summaries).filter(|_| has_more);
    Ok(DailySummaries { daily_summaries, next_cursor: end.and_then(|end| paging::write(&context, &list, end)) })
}

async fn get_daily_summary(context: Context, input: GetDailySummary) -> Result<OneDailySummary> {
    let mut daily_summary = daily_summaries(&context).get(&input.summary_id).await?.ok_or_else(not_found)?;
    hide_unreadable(&context, &mut daily_summary);
    Ok(OneDailySummary { daily_summary })
}

/// Removes the action items, which were not all drawn from conversations, for keys that may not read these.
fn hide_unreadable(context: &Context, summary: &mut DailySummary) {
    if !context.has_scope(ActionItemsRead) {
        summary.action_items.clear();
    }
}

async fn delete_daily_summary(context: Context, input: DeleteDailySummary) -> Result<Done> {
    if daily_summaries(&context).delete(&input.summary_id).await? { Ok(Done::DONE) } else { Err(not_found()) }
}

async fn make_daily_summary(context: Context, input: MakeDailySummary) -> Result<DailySummaryMade> {
    let (resources, user) = (&context.resources, &context.caller.user);
    let preferences = resources.preferences(user).get().await?;
    let date = match input.date {
        Some(text) => date(text)?,
        None => default_day(&preferences),
    };
    context.progress(0, Some(3), "Loading the day").await;
    let day = Day::load(resources, user, &preferences, date).await?;
    let nothing = || Error::Rejected(format!("No conversations found for {date}"));
    context.progress(1, Some(3), "Summarizing the day").await;
    let summary = summarize::summarize(resources.llm.as_ref(), day.ok_or_else(nothing)?).await;
    context.progress(2, Some(3), "Storing the summary").await;
    daily_summaries(&context).add(summary.clone()).await?;
    webhooks::day_summary(resources, user, &summary).await?;
    Ok(DailySummaryMade {
        status: "ok".into(),
        message: format!("Daily summary of {date} generated"),
        summary_id: summary.id,
        conversations_count: summary.stats.total_conversations,
    })
}

async fn get_daily_summary_settings(context: Context, _: GetDailySummarySettings) -> Result<DailySummarySettings> {
    Ok(settings(&context.resources.preferences(&context.caller.user).get().await?))
}

async fn set_daily_summary_settings(context: Context, input: SetDailySummarySettings) -> Result<Done> {
    let out_of_range = |_| Error::Rejected("Hour must be between 0 and 23".into());
    let hour = input.hour.map(u32::try_from).transpose().map_err(|_| ()).and_then(|hour| match hour {
        Some(24..) => Err(()),
        hour => Ok(hour),
    });
    let change = PreferencesChange {
        daily_summary_enabled: input.enabled,
        daily_summary_hour: hour.map_err(out_of_range)?,
        ..PreferencesChange::default()
    };
    context.resources.preferences(&context.caller.user).change(change).await?;
    Ok(Done::DONE)
}

fn settings(preferences: &Preferences) -> DailySummarySettings {
    DailySummarySettings {
        enabled: preferences.daily_summary_enabled.unwrap_or(true),
        hour: preferences.daily_summary_hour.unwrap_or(DEFAULT_HOUR),
    }
}

/// The default day for a summary: today, or yesterday in the morning.
fn default_day(preferences: &Preferences) -> NaiveDate {
    let now = resources::now().with_timezone(&time_zone(preferences));
    let back = if now.hour() < 12 { TimeDelta::days(1) } else { TimeDelta::zero() };
    now.date_naive() - back
}

fn date(text: String) -> Result<NaiveDate> {
    let wrong = |_| Error::Rejected("Invalid date format. Use YYYY-MM-DD".into());
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").map_err(wrong)
}

fn not_found() -> Error {
    Error::NotFound("Daily summary not found".into())
}
