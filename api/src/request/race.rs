//! Changes that are about whatever version there is.

use publishing::post::PostError;

use crate::problem::{Answer, Code, Problem};

/// How often a change begins anew because somebody else was quicker. Each time somebody got through.
const TRIES: usize = 8;

/// Makes a change that names no version, or `*`: where somebody was quicker it begins anew with what is there then. Only where that
/// happens again and again the answer is 409; no version was named, so 412 would say something that is not so.
pub(crate) async fn latest<T, F>(change: impl Fn() -> F) -> Answer<T>
where
    F: Future<Output = Result<T, PostError>>,
{
    for _ in 0..TRIES {
        match change().await {
            Err(PostError::Stale) => {}
            done => return Ok(done?),
        }
    }
    Err(Problem::of(Code::Conflict))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn after(losses: usize) -> Result<usize, Code> {
        let tries = Cell::new(0);
        let change = || async {
            tries.set(tries.get() + 1);
            if tries.get() > losses { Ok(tries.get()) } else { Err(PostError::Stale) }
        };
        latest(change).await.map_err(|problem| problem.code)
    }

    #[tokio::test]
    async fn whoever_was_slower_begins_anew_and_gives_up_at_last() {
        assert_eq!(after(0).await, Ok(1));
        assert_eq!(after(3).await, Ok(4));
        assert_eq!(after(usize::MAX).await, Err(Code::Conflict));
    }
}
