//! The time zone of a user.

use std::fmt;

use chrono::{FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

/// Where a user is: in a time zone, or at an offset from UTC when nothing else is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it all")]
pub enum UserZone {
    Named(Tz),
    Offset(FixedOffset),
}

impl Default for UserZone {
    fn default() -> Self {
        Self::Named(Tz::UTC)
    }
}

impl fmt::Display for UserZone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(zone) => write!(formatter, "{}", zone.name()),
            Self::Offset(offset) => write!(formatter, "UTC{offset}"),
        }
    }
}

impl TimeZone for UserZone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let of = |offset| ZoneOffset { zone: *self, offset };
        match self {
            Self::Named(zone) => zone.offset_from_local_datetime(local).map(|offset| of(offset.fix())),
            Self::Offset(offset) => MappedLocalTime::Single(of(*offset)),
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(chrono::NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        let offset = match self {
            Self::Named(zone) => zone.offset_from_utc_datetime(utc).fix(),
            Self::Offset(offset) => *offset,
        };
        ZoneOffset { zone: *self, offset }
    }
}

/// The offset from UTC at some moment in a [`UserZone`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneOffset {
    zone: UserZone,
    offset: FixedOffset,
}

impl fmt::Display for ZoneOffset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.offset.fmt(formatter)
    }
}

impl Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.offset
    }
}
