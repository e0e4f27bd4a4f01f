//! `pairs/NAME.yaml`: what both members of an MLAG pair share, so that it cannot differ.

use super::decode::Fields;
use super::model::Pair;
use super::port::ports;
use super::scalar::{id, ipv4, name, text};
use super::yaml::Node;
use crate::diagnostic::{Findings, Place};
use crate::names::PairName;

/// Reads the file of the pair `name`.
pub(crate) fn pair(pair: PairName, place: Place, node: &Node, out: &mut Findings) -> Option<Pair> {
    let mut fields = Fields::open(node, format!("pair {pair}"), out)?;
    let pair = Pair {
        name: pair,
        place,
        asn: fields.optional("asn", out, id),
        vtep: fields.optional("vtep", out, ipv4),
        domain: fields.optional("domain", out, text),
        peer_link: fields.one_or_list("peer-link", out, name),
        ports: ports(&mut fields, out),
    };
    fields.close(out);
    Some(pair)
}
