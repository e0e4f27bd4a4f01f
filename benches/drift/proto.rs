//! The generated messages once more: the crate keeps its own to itself, and the bare loop and the
//! server shall have nothing of ours in them.

#![allow(warnings, clippy::pedantic, reason = "generated; its style is not ours to mend")]

pub(crate) use self::gnmi::*;

/// Package `gnmi`.
pub(crate) mod gnmi {
    tonic::include_proto!("gnmi");
}

/// Package `gnmi_ext`.
pub(crate) mod gnmi_ext {
    tonic::include_proto!("gnmi_ext");
}
