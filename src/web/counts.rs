//! How often each reason to refuse a delivery came up.
//!
//! Here: [`Counts`]. Elsewhere: what is refused (`netbox`, `forge`).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Counts by reason. The reasons are words of ours, so that they are few.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<BTreeMap<&'static str, u64>>);

impl Counts {
    /// Counts one more of a reason, and gives the count if it is to be logged: at the 1st, 2nd,
    /// 4th, 8th … of each, so that a wrong secret is seen also among many old deliveries, and a
    /// flood from outside does not fill the log.
    pub(super) fn one_more(&self, reason: &'static str) -> Option<u64> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(reason).or_default();
        *count += 1;
        count.is_power_of_two().then_some(*count)
    }
}
