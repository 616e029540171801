//! What prompts want to know: read, and completed while it is typed.

use std::{fmt, ops::Range};

use chrono::{DateTime, Datelike, Days, NaiveDate, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::{Argument, Given, Need, ask};
use crate::{Context, Error, Result, assistant::views::has_words};

/// How long an argument is at most, in characters.
const LONGEST: usize = 500;

/// How many weeks are offered.
const WEEKS: u64 = 12;

/// What kind of thing an argument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whatever is typed; completed by who and what is known.
    Words,
    /// Names, with commas.
    People,
    /// A day of a week, or `last`.
    Week,
}

/// Those of the given arguments that say something, trimmed.
pub(super) fn read(known: &[Argument], given: Given) -> Result<Given> {
    let mut read = Given::new();
    for (name, value) in given {
        if !known.iter().any(|argument| argument.name == name) {
            return Err(Error::Invalid(format!("There is no argument `{name}`")));
        }
        let text = value.as_str().ok_or_else(|| Error::Invalid(format!("`{name}` should be a text")))?.trim();
        if text.chars().count() > LONGEST {
            return Err(Error::Invalid(format!("`{name}` should have at most {LONGEST} characters")));
        }
        if !text.is_empty() {
            read.insert(name, json!(text));
        }
    }
    let missing = known.iter().find(|argument| argument.need == Need::Required && !read.contains_key(argument.name));
    missing.map_or(Ok(read), |argument| Err(Error::Invalid(format!("`{}` is required", argument.name))))
}

impl Kind {
    /// What completes what was typed, the likeliest first.
    pub(super) async fn complete(self, context: &Context, typed: &str) -> Result<Vec<String>> {
        match self {
            Kind::Words => {
                let mut known = names(context, typed).await?;
                known.extend(titles(context, typed).await?);
                Ok(known)
            }
            Kind::People => {
                let (before, last) = typed.rsplit_once(',').map_or(("", typed), |(before, last)| (before, last));
                let before = if before.is_empty() { String::new() } else { format!("{before}, ") };
                let names = names(context, last.trim()).await?;
                Ok(names.into_iter().map(|name| format!("{before}{name}")).collect())
            }
            Kind::Week => {
                let today = resources::now().with_timezone(&context.time_zone().await?).date_naive();
                let weeks = (0..WEEKS).filter_map(|week| monday(today).checked_sub_days(Days::new(7 * week)));
                let all = std::iter::once("last".to_owned()).chain(weeks.map(|day| day.to_string()));
                Ok(all.filter(|week| week.starts_with(typed.trim())).collect())
            }
        }
    }
}

/// The people whom the user knows, of those whose names have words that begin so.
async fn names(context: &Context, typed: &str) -> Result<Vec<String>> {
    let people = ask(context, "get_people", json!({})).await?.unwrap_or_default();
    Ok(texts(&people["people"], "/name", typed))
}

/// The newest conversations' titles, likewise.
async fn titles(context: &Context, typed: &str) -> Result<Vec<String>> {
    let newest = ask(context, "get_conversations", json!({ "limit": 50 })).await?.unwrap_or_default();
    Ok(texts(&newest["conversations"], "/structured/title", typed))
}

fn texts(rows: &Value, pointer: &str, typed: &str) -> Vec<String> {
    let rows = rows.as_array().into_iter().flatten();
    let texts = rows.filter_map(|row| row.pointer(pointer)?.as_str()).filter(|text| !text.is_empty());
    texts.filter(|text| has_words(text, &typed.to_lowercase())).map(str::to_owned).collect()
}

/// A week, or as much of it as has passed, in the user's time zone.
pub(super) struct Week {
    first: NaiveDate,
    last: NaiveDate,
    zone: Tz,
}

impl Week {
    /// The week with the day that is named; without one, the seven days up to now.
    pub(super) fn read(text: &str, now: &DateTime<Tz>) -> Result<Self> {
        let today = now.date_naive();
        let first = match text {
            "" => today.checked_sub_days(Days::new(6)),
            "last" => monday(today).checked_sub_days(Days::new(7)),
            day => Some(monday(
                day.parse().map_err(|_| Error::Invalid("`week` should be a day as yyyy-mm-dd, or `last`".into()))?,
            )),
        };
        let last = first.and_then(|first| first.checked_add_days(Days::new(6)));
        let (Some(first), Some(last)) = (first, last) else {
            return Err(Error::Invalid("`week` is not in the calendar".into()));
        };
        Ok(Self { first, last, zone: now.timezone() })
    }

    /// When it begins.
    pub(super) fn start(&self) -> String {
        self.span().start.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// When it ends: the first moment of the day behind it.
    pub(super) fn end(&self) -> String {
        self.span().end.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// Whether a time, as rows tell it, is of this week.
    pub(super) fn holds(&self, time: &Value) -> bool {
        let time = time.as_str().and_then(|time| time.parse::<DateTime<Utc>>().ok());
        time.is_some_and(|time| self.span().contains(&time))
    }

    /// Its first and last day.
    pub(super) fn days(&self) -> (String, String) {
        (self.first.to_string(), self.last.to_string())
    }

    fn span(&self) -> Range<DateTime<Utc>> {
        let behind = self.last.checked_add_days(Days::new(1)).unwrap_or(self.last);
        self.midnight(self.first)..self.midnight(behind)
    }

    fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        let local = day.and_time(chrono::NaiveTime::MIN);
        self.zone.from_local_datetime(&local).earliest().map_or_else(|| local.and_utc(), |it| it.to_utc())
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.first.format("%A, %-d %B"), self.last.format("%A, %-d %B %Y"))
    }
}

fn monday(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_read_on_the_users_clock() {
        let now = chrono_tz::Europe::Oslo.with_ymd_and_hms(2026, 5, 13, 1, 0, 0).unwrap();
        let days = |text: &str| Week::read(text, &now).unwrap().days();
        assert_eq!(days(""), ("2026-05-07".into(), "2026-05-13".into()));
        assert_eq!(days("last"), ("2026-05-04".into(), "2026-05-10".into()));
        assert_eq!(days("2026-04-30"), ("2026-04-27".into(), "2026-05-03".into()));
        let week = Week::read("last", &now).unwrap();
        assert_eq!((week.start(), week.end()), ("2026-05-03T22:00:00Z".into(), "2026-05-10T22:00:00Z".into()));
        assert_eq!(week.to_string(), "Monday, 4 May to Sunday, 10 May 2026");
        assert!(Week::read("someday", &now).is_err());
    }
}
