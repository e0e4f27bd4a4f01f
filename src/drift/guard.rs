//! A panic is not the end: it is caught, said, and what panicked is tried again.
//!
//! A watcher that is silently dead looks like a device on which nothing changes. Elsewhere: when
//! it is tried again (`watcher`).

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// What a future comes to; its words if it panics. Whoever goes on after a panic must not trust
/// what the future was changing.
pub async fn caught<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // a future that has panicked is not polled again: the answer is ready
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(words(&*panic))),
        }
    })
    .await
}

/// The same of what is done at once.
pub fn caught_at_once<T>(step: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(step)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_words_also_after_a_while() {
        let late = async {
            tokio::task::yield_now().await;
            panic!("no {}", "luck")
        };
        assert_eq!(caught::<()>(late).await, Err("no luck".to_owned()));
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let odd = caught(async { std::panic::panic_any(7) });
        assert_eq!(odd.await, Err::<(), _>("it panicked".to_owned()));
    }
}
