//! Arguments of prompts: validation and completion.

use std::{fmt, ops::Range};

use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Argument, ArgumentValues, Need, call_tool};
use crate::{
    Context, Error, Result,
    assistant::views::matches_prefixes,
    calendar,
    calendar::{day_bounds, monday_of},
};

/// The maximum length of an argument, in characters.
const MAX_ARGUMENT: usize = 500;

/// How many weeks completion offers.
const MAX_WEEKS: u64 = 12;

/// The kind of an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArgumentKind {
    /// Any text; completed by names and titles.
    Words,
    /// Names, separated by commas.
    People,
    /// A day of a week, or `last`.
    Week,
}

/// Validates arguments. Returns the non-empty ones, trimmed.
pub(super) fn read(known: &[Argument], given: ArgumentValues) -> Result<ArgumentValues> {
    let mut read = ArgumentValues::new();
    for (name, value) in given {
        if !known.iter().any(|argument| argument.name == name) {
            return Err(Error::Invalid(format!("Unknown argument `{name}`")));
        }
        let text = value.as_str().ok_or_else(|| Error::Invalid(format!("`{name}` must be a string")))?.trim();
        if text.chars().count() > MAX_ARGUMENT {
            return Err(Error::Invalid(format!("`{name}` must have at most {MAX_ARGUMENT} characters")));
        }
        if !text.is_empty() {
            read.insert(name, json!(text));
        }
    }
    let missing = known.iter().find(|argument| argument.need == Need::Required && !read.contains_key(argument.name));
    missing.map_or(Ok(read), |argument| Err(Error::Invalid(format!("`{}` is required", argument.name))))
}

impl ArgumentKind {
    /// Completes a partial value, the most likely one first.
    pub(super) async fn complete(self, context: &Context, typed: &str) -> Result<Vec<String>> {
        match self {
            ArgumentKind::Words => {
                let mut known = names(context, typed).await?;
                known.extend(titles(context, typed).await?);
                Ok(known)
            }
            ArgumentKind::People => {
                let (before, last) = typed.rsplit_once(',').map_or(("", typed), |(before, last)| (before, last));
                let before = if before.is_empty() { String::new() } else { format!("{before}, ") };
                let names = names(context, last.trim()).await?;
                Ok(names.into_iter().map(|name| format!("{before}{name}")).collect())
            }
            ArgumentKind::Week => {
                let today = resources::now().with_timezone(&calendar::user_time_zone(context).await?).date_naive();
                let weeks = (0..MAX_WEEKS).filter_map(|week| monday_of(today).checked_sub_days(Days::new(7 * week)));
                let all = std::iter::once("last".to_owned()).chain(weeks.map(|day| day.to_string()));
                Ok(all.filter(|week| week.starts_with(typed.trim())).collect())
            }
        }
    }
}

/// The names of the user's people that match the typed words.
async fn names(context: &Context, typed: &str) -> Result<Vec<String>> {
    let people = call_tool(context, "get_people", json!({})).await?.unwrap_or_default();
    Ok(texts(&people["people"], "/name", typed))
}

/// The titles of the newest conversations that match the typed words.
async fn titles(context: &Context, typed: &str) -> Result<Vec<String>> {
    let newest = call_tool(context, "get_conversations", json!({ "limit": 50 })).await?.unwrap_or_default();
    Ok(texts(&newest["conversations"], "/structured/title", typed))
}

fn texts(rows: &Value, pointer: &str, typed: &str) -> Vec<String> {
    let rows = rows.as_array().into_iter().flatten();
    let texts = rows.filter_map(|row| row.pointer(pointer)?.as_str()).filter(|text| !text.is_empty());
    texts.filter(|text| matches_prefixes(text, &typed.to_lowercase())).map(str::to_owned).collect()
}

/// A week in the user's time zone.
pub(super) struct Week {
    first: NaiveDate,
    last: NaiveDate,
    zone: Tz,
}

impl Week {
    /// The week that contains the given day; without one, the last seven days including today.
    pub(super) fn parse(text: &str, now: &DateTime<Tz>) -> Result<Self> {
        let today = now.date_naive();
        let first = match text {
            "" => today.checked_sub_days(Days::new(6)),
            "last" => monday_of(today).checked_sub_days(Days::new(7)),
            day => Some(monday_of(
                day.parse().map_err(|_| Error::Invalid("`week` must be a day as yyyy-mm-dd, or `last`".into()))?,
            )),
        };
        let last = first.and_then(|first| first.checked_add_days(Days::new(6)));
        let (Some(first), Some(last)) = (first, last) else {
            return Err(Error::Invalid("`week` is out of range".into()));
        };
        Ok(Self { first, last, zone: now.timezone() })
    }

    /// Its start.
    pub(super) fn start(&self) -> String {
        self.span().start.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Its end: the first moment of the following day.
    pub(super) fn end(&self) -> String {
        self.span().end.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Whether a time, as in rows, is in this week.
    pub(super) fn contains(&self, time: &Value) -> bool {
        let time = time.as_str().and_then(|time| time.parse::<DateTime<Utc>>().ok());
        time.is_some_and(|time| self.span().contains(&time))
    }

    /// Its first and last day.
    pub(super) fn days(&self) -> (String, String) {
        (self.first.to_string(), self.last.to_string())
    }

    fn span(&self) -> Range<DateTime<Utc>> {
        day_bounds(self.zone, self.first).0..day_bounds(self.zone, self.last).1
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first.format("%A, %-d %B"), self.last.format("%A, %-d %B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn weeks_are_in_the_users_time_zone() {
        let now = chrono_tz::Europe::Oslo.with_ymd_and_hms(2026, 5, 13, 1, 0, 0).unwrap();
        let days = |text: &str| Week::parse(text, &now).unwrap().days();
        assert_eq!(days(""), ("2026-05-07".into(), "2026-05-13".into()));
        assert_eq!(days("last"), ("2026-05-04".into(), "2026-05-10".into()));
        assert_eq!(days("2026-04-30"), ("2026-04-27".into(), "2026-05-03".into()));
        let week = Week::parse("last", &now).unwrap();
        assert_eq!((week.start(), week.end()), ("2026-05-03T22:00:00Z".into(), "2026-05-10T22:00:00Z".into()));
        assert_eq!(week.to_string(), "Monday, 4 May to Sunday, 10 May 2026");
        assert!(Week::parse("someday", &now).is_err());
    }
}
