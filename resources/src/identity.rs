//! Who somebody is: passwords of our own, and tokens that others issue.

pub(crate) mod password;
pub(crate) mod throttle;
