//! The messages of `proto/*.proto`, as prost and tonic generate them.
//!
//! Here: the generated code and the proof that its field numbers are those of the
//! protocol. Elsewhere: our own types for what is said with them (`path`, `value`,
//! `client`); only `gnmi` and `simulator` look in here.

pub(crate) use self::gnmi::*;

/// Package `gnmi`: paths, values, the four RPCs.
#[allow(warnings, clippy::pedantic, reason = "generated; its style is not ours to mend")]
pub(crate) mod gnmi {
    tonic::include_proto!("gnmi");
}

/// Package `gnmi_ext`: what a message may carry beyond the protocol.
#[allow(warnings, clippy::pedantic, reason = "generated; its style is not ours to mend")]
pub(crate) mod gnmi_ext {
    tonic::include_proto!("gnmi_ext");
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::gnmi_ext::{Commit, CommitRequest, Extension, commit, extension};
    use super::typed_value::Value;
    use super::{Path, SetRequest, TypedValue, Update};

    /// Encoded by Google's Python protobuf from the same fields.
    const GOLDEN: &str = "22440a001a405a3e7b2240223a7b226f70656e636f6e6669672d6d65746164617461\
                          3a70726f746f6275662d6d65746164617461223a224367746c654746746347786c22\
                          7d7d2a1f221d0a146465706c6f792d336632633965312d6c6561663112050a0308ac02";

    #[test]
    fn a_set_with_annotation_and_commit_has_the_bytes_of_another_implementation() {
        let annotation = r#"{"@":{"openconfig-metadata:protobuf-metadata":"CgtleGFtcGxl"}}"#;
        let five_minutes = prost_types::Duration { seconds: 300, nanos: 0 };
        let request = SetRequest {
            update: vec![Update {
                path: Some(Path::default()),
                val: Some(TypedValue { value: Some(Value::JsonIetfVal(annotation.into())) }),
                ..Update::default()
            }],
            extension: vec![Extension {
                ext: Some(extension::Ext::Commit(Commit {
                    id: "deploy-3f2c9e1-leaf1".to_owned(),
                    action: Some(commit::Action::Commit(CommitRequest {
                        rollback_duration: Some(five_minutes),
                    })),
                })),
            }],
            ..SetRequest::default()
        };
        let golden: Vec<u8> = (0..GOLDEN.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&GOLDEN[at..at + 2], 16).unwrap())
            .collect();
        assert_eq!(request.encode_to_vec(), golden);
        assert_eq!(SetRequest::decode(golden.as_slice()).unwrap(), request);
    }
}
