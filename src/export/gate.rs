//! The point of an export that a signal to stop does not cut in two.
//!
//! Elsewhere: what passes (`once`), the signal (`watch`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Between making a commit and moving a branch. Who stops waits for what is passing, and
/// nothing passes afterwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Gate(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing of this export has passed yet.
    #[default]
    Open,
    /// Something has: its end is near, and worth hearing.
    Passed,
    Closed,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new export begins.
    pub(super) fn begin(&self) {
        let mut state = self.state();
        if *state == State::Passed {
            *state = State::Open;
        }
    }

    /// Does what must be done as a whole; refused once the gate is closed.
    pub(super) fn pass<T>(&self, doing: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut state = self.state();
        if *state == State::Closed {
            anyhow::bail!("told to stop before anything was moved");
        }
        *state = State::Passed;
        doing()
    }

    /// Waits for what is passing and lets nothing pass any more. Whether something had passed.
    pub(super) fn close(&self) -> bool {
        std::mem::replace(&mut *self.state(), State::Closed) == State::Passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_a_gate_that_was_closed() {
        let gate = Gate::default();
        assert_eq!(gate.pass(|| Ok(1)).unwrap(), 1);
        gate.begin();
        assert!(!gate.close(), "that was the export before");
        gate.begin();
        assert!(gate.pass(|| Ok(1)).is_err());
    }

    #[test]
    fn whoever_closes_waits_for_what_is_passing() {
        let gate = Gate::default();
        let (inside, is_inside) = std::sync::mpsc::channel();
        let (leave, may_leave) = std::sync::mpsc::channel();
        let passing = gate.clone();
        let thread = std::thread::spawn(move || {
            passing.pass(|| {
                inside.send(()).unwrap();
                may_leave.recv().unwrap();
                Ok(())
            })
        });
        is_inside.recv().unwrap();
        assert!(gate.0.try_lock().is_err(), "it is held");
        leave.send(()).unwrap();
        assert!(gate.close());
        thread.join().unwrap().unwrap();
    }
}
