//! Files that go with questions, by user.
