//! Between the agent and the thread that writes to NetBox: the newest word on each device.
//!
//! Bounded by the number of devices, and putting never waits. Elsewhere: who puts (`super`),
//! who takes (`writer`).

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::words::Stand;
use crate::names::DeviceName;

/// What is to be told.
pub(super) type Stands = BTreeMap<DeviceName, Stand>;

#[derive(Debug, Default)]
pub(super) struct Mailbox {
    post: Mutex<Post>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Post {
    stands: Stands,
    /// Set at the end: when the writer is to be done.
    until: Option<Instant>,
}

/// Why the writer goes to work.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// There is news, or the time to try again came.
    Work(Stands),
    /// The agent ends: one last time.
    Last(Stands),
}

impl Mailbox {
    /// Puts news in. A word on the same device that was not taken yet is forgotten.
    pub(super) fn put(&self, stands: Stands) {
        self.lock().stands.extend(stands);
        self.moved.notify_all();
    }

    /// Asks the writer to come to its end within this time.
    pub(super) fn close(&self, within: Duration) {
        let until = Instant::now() + within;
        let mut post = self.lock();
        post.until = Some(post.until.map_or(until, |before| before.min(until)));
        drop(post);
        self.moved.notify_all();
    }

    /// Waits for news, the end, or at most so long.
    pub(super) fn wait(&self, at_most: Option<Duration>) -> Call {
        let quiet = |post: &mut Post| post.stands.is_empty() && post.until.is_none();
        let post = self.lock();
        let mut post = match at_most {
            None => self.moved.wait_while(post, quiet).unwrap_or_else(PoisonError::into_inner),
            Some(at_most) => {
                let waited = self.moved.wait_timeout_while(post, at_most, quiet);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        let stands = std::mem::take(&mut post.stands);
        if post.until.is_some() { Call::Last(stands) } else { Call::Work(stands) }
    }

    /// Takes the word on a device that came since: what was taken before it is overtaken.
    pub(super) fn newest(&self, name: &DeviceName) -> Option<Stand> {
        self.lock().stands.remove(name)
    }

    /// Rests between two tries of a request; not at the end.
    pub(super) fn rest(&self, time: Duration) {
        let going_on = |post: &mut Post| post.until.is_none();
        drop(self.moved.wait_timeout_while(self.lock(), time, going_on));
    }

    /// Whether the writer must not begin anything more.
    pub(super) fn is_over(&self) -> bool {
        self.lock().until.is_some_and(|until| Instant::now() >= until)
    }

    fn lock(&self) -> MutexGuard<'_, Post> {
        // a map that is extended and taken is whole at any time
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Standing;

    fn stands(name: &str, standing: Standing) -> Stands {
        let stand = Stand { standing, ..Stand::default() };
        BTreeMap::from([(name.parse().unwrap(), stand)])
    }

    #[test]
    fn the_newest_word_on_a_device_replaces_the_one_before() {
        let mailbox = Mailbox::default();
        mailbox.put(stands("leaf1", Standing::Behind));
        mailbox.put(stands("leaf2", Standing::Behind));
        mailbox.put(stands("leaf1", Standing::Current));
        let mut expected = stands("leaf1", Standing::Current);
        expected.extend(stands("leaf2", Standing::Behind));
        assert_eq!(mailbox.wait(None), Call::Work(expected));
        assert_eq!(mailbox.wait(Some(Duration::ZERO)), Call::Work(Stands::new()), "time to try again");
    }

    #[test]
    fn a_word_that_overtakes_what_was_taken_is_given_once() {
        let mailbox = Mailbox::default();
        mailbox.put(stands("leaf1", Standing::Behind));
        assert_eq!(mailbox.wait(None), Call::Work(stands("leaf1", Standing::Behind)));
        let leaf1 = "leaf1".parse().unwrap();
        assert_eq!(mailbox.newest(&leaf1), None);
        mailbox.put(stands("leaf1", Standing::Current));
        assert_eq!(mailbox.newest(&leaf1).map(|stand| stand.standing), Some(Standing::Current));
        assert_eq!(mailbox.wait(Some(Duration::ZERO)), Call::Work(Stands::new()));
    }

    #[test]
    fn the_end_gives_what_is_left_and_no_more_rest() {
        let mailbox = Mailbox::default();
        mailbox.put(stands("leaf1", Standing::Current));
        mailbox.close(Duration::from_hours(1));
        assert_eq!(mailbox.wait(None), Call::Last(stands("leaf1", Standing::Current)));
        mailbox.rest(Duration::from_hours(1));
        assert!(!mailbox.is_over());
        mailbox.close(Duration::ZERO);
        assert!(mailbox.is_over());
    }
}
