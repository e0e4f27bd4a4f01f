//! What a device says it has (gNMI specification §3.2).
//!
//! Here: [`Capabilities`], and the choice of an [`Encoding`]. Elsewhere: asking for them
//! (`client`). Extensions are not listed by any device: they must be probed.

use serde::Serialize;

use super::proto;

/// How we write and ask for values. Values are read in any encoding (`value`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Encoding {
    /// RFC 7951: every name says its module, 64-bit numbers are strings.
    #[default]
    JsonIetf,
    /// JSON without rules, for devices that lack the other.
    Json,
}

impl Encoding {
    pub(super) fn to_wire(self) -> proto::Encoding {
        match self {
            Self::JsonIetf => proto::Encoding::JsonIetf,
            Self::Json => proto::Encoding::Json,
        }
    }
}

/// What a device has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// The version of gNMI, as the device writes it; empty if it does not say.
    pub version: String,
    /// The encodings by their name in the protocol, or `encoding N` for one without.
    pub encodings: Vec<String>,
    /// The YANG modules.
    pub models: Vec<Model>,
}

/// A YANG module that a device has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// Who publishes it.
    pub organization: String,
    /// Its version: for `OpenConfig` three numbers, else a date.
    pub version: String,
}

impl Capabilities {
    pub(super) fn from_wire(response: proto::CapabilityResponse) -> Self {
        let encodings = response.supported_encodings.iter().map(|&number| {
            proto::Encoding::try_from(number)
                .map_or_else(|_| format!("encoding {number}"), |named| named.as_str_name().to_owned())
        });
        let models = response.supported_models.into_iter().map(|model| Model {
            name: model.name,
            organization: model.organization,
            version: model.version,
        });
        Self { version: response.g_nmi_version, encodings: encodings.collect(), models: models.collect() }
    }

    /// The best encoding that both sides have; none if the device has no kind of JSON.
    /// A device that lists nothing is taken at its best.
    pub fn encoding(&self) -> Option<Encoding> {
        let has = |encoding: Encoding| {
            self.encodings.is_empty()
                || self.encodings.iter().any(|it| it == encoding.to_wire().as_str_name())
        };
        [Encoding::JsonIetf, Encoding::Json].into_iter().find(|&encoding| has(encoding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_common_encoding_is_chosen() {
        for (case, listed, expected) in [
            ("as EOS lists them", vec![0, 4, 3], Some(Encoding::JsonIetf)),
            ("only plain JSON", vec![0, 2], Some(Encoding::Json)),
            ("nothing listed", vec![], Some(Encoding::JsonIetf)),
            ("no JSON", vec![2, 77], None),
        ] {
            let response = proto::CapabilityResponse { supported_encodings: listed, ..Default::default() };
            assert_eq!(Capabilities::from_wire(response).encoding(), expected, "{case}");
        }
    }

    #[test]
    fn an_encoding_without_name_is_shown_by_its_number() {
        let response = proto::CapabilityResponse { supported_encodings: vec![4, 77], ..Default::default() };
        assert_eq!(Capabilities::from_wire(response).encodings, ["JSON_IETF", "encoding 77"]);
    }
}
