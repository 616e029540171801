//! Files that go with questions.

use crate::Tool;

pub(crate) fn tools() -> Vec<Tool> {
    vec![]
}
