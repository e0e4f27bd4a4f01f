//! The device as a whole: its name.
//!
//! Elsewhere: the servers that it uses (`services`); all else under `/system` carries the
//! agent and belongs to `bootstrap`.

use super::Slice;
use crate::yang::write::Writer;

/// | EOS | path |
/// |---|---|
/// | `hostname` | `/system/config/hostname` |
pub(super) fn write(slice: &Slice<'_>, w: &Writer<'_>) {
    w.leaf("/system/config/hostname", slice.device, slice.place);
}
