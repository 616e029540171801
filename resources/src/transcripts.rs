//! Finding what was said, segment by segment.
