//! How signing in went, as the sign-in tells the walls. The status of an answer does not tell it: a page stays readable
//! for the person before it, a WebSocket is told by how it closes, and what is open to everybody succeeds whatever comes
//! with it.

use std::cell::Cell;

tokio::task_local! {
    /// That of the request at work.
    static OUTCOME: Cell<Outcome>;
}

/// How signing in went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nobody has tried.
    Untried,
    /// What somebody brought is good.
    Accepted,
    /// It is not.
    Refused,
}

/// Does the work of a request, and listens how signing in goes meanwhile.
pub(crate) async fn heard<F: Future>(work: F) -> (F::Output, Outcome) {
    let listening = async {
        let done = work.await;
        (done, OUTCOME.with(Cell::get))
    };
    OUTCOME.scope(Cell::new(Outcome::Untried), listening).await
}

/// Notes that the request at work has brought what opens something.
pub(crate) fn note_accepted() {
    note(Outcome::Accepted);
}

/// Notes that the request at work has brought what opens nothing.
pub(crate) fn note_refused() {
    note(Outcome::Refused);
}

fn note(outcome: Outcome) {
    // What signs in apart from any request, such as a stream that looks again whether it may go on, is nobody's guess.
    let _ = OUTCOME.try_with(|noted| noted.set(outcome));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_request_has_its_own() {
        note_refused();
        let nested = heard(async {
            let other = tokio::spawn(heard(async { note_refused() }));
            note_accepted();
            other.await.unwrap().1
        });
        assert_eq!(nested.await, (Outcome::Refused, Outcome::Accepted));
        assert_eq!(heard(async { 1 }).await, (1, Outcome::Untried));
    }
}
