//! The outcome of authentication in a request, as the code that authenticates reports it to the failed-login limiter.
//! The status of the response does not tell it: a page stays readable for the person before it, a WebSocket is refused
//! by its close code, and public routes succeed whatever credentials come with them.

use std::cell::Cell;

tokio::task_local! {
    /// That of the current request.
    static OUTCOME: Cell<AuthOutcome>;
}

/// The outcome of authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthOutcome {
    /// No credentials were checked.
    None,
    /// Credentials were accepted.
    Accepted,
    /// Credentials were rejected.
    Rejected,
}

/// Runs the work of a request, and returns with its output the outcome that was recorded meanwhile.
pub(crate) async fn observe<F: Future>(work: F) -> (F::Output, AuthOutcome) {
    let observed = async {
        let output = work.await;
        (output, OUTCOME.with(Cell::get))
    };
    OUTCOME.scope(Cell::new(AuthOutcome::None), observed).await
}

/// Records that the current request has brought valid credentials.
pub(crate) fn record_accepted() {
    record(AuthOutcome::Accepted);
}

/// Records that the current request has brought invalid credentials.
pub(crate) fn record_rejected() {
    record(AuthOutcome::Rejected);
}

fn record(outcome: AuthOutcome) {
    // Authentication outside of any request, such as the re-check of a subscription, counts for nobody.
    let _ = OUTCOME.try_with(|recorded| recorded.set(outcome));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_request_has_its_own() {
        record_rejected();
        let nested = observe(async {
            let other = tokio::spawn(observe(async { record_rejected() }));
            record_accepted();
            other.await.unwrap().1
        });
        assert_eq!(nested.await, (AuthOutcome::Rejected, AuthOutcome::Accepted));
        assert_eq!(observe(async { 1 }).await, (1, AuthOutcome::None));
    }
}
