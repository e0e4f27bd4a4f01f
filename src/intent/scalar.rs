//! Readers of single values: the text of a scalar to a typed value, or the finding that
//! says what is wrong with it.
//!
//! Here: texts, names, numbers, switches, addresses. Elsewhere: the fields of an object
//! (`decode`), values that only VXLAN and EVPN know (`route`).
//!
//! A message starts with the value as it was written; who asked puts object and key in
//! front of it.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};

use super::yaml::{Node, Scalar, Value};
use crate::diagnostic::Finding;
use crate::names::{NameError, VlanId};
use crate::phrase::on_one_line;

/// A value, or what is wrong with it. Boxed: a finding is much larger than most values.
pub(crate) type Read<T> = Result<T, Box<Finding>>;

/// A finding about the value of a node.
pub(crate) fn wrong<T>(code: &'static str, node: &Node, message: impl Into<String>) -> Read<T> {
    Err(Box::new(Finding::error(code, &node.place, message)))
}

/// The same with a hint.
pub(crate) fn wrong_hint<T>(
    code: &'static str,
    node: &Node,
    message: impl Into<String>,
    hint: impl Into<String>,
) -> Read<T> {
    Err(Box::new(Finding::error(code, &node.place, message).hint(hint)))
}

/// The scalar, when the node is one and something was written.
pub(crate) fn scalar(node: &Node) -> Read<&Scalar> {
    match &node.value {
        _ if node.is_null() => {
            wrong_hint("value-missing", node, "no value is given", "give one, or remove the key")
        }
        Value::Scalar(scalar) => Ok(scalar),
        Value::List(_) | Value::Map(_) => {
            wrong("value-type", node, format!("a single value is expected, not {}", node.kind()))
        }
    }
}

/// A text for people and devices: not empty, on one line, at most 240 characters (EOS cuts
/// descriptions there).
pub(crate) fn text(node: &Node) -> Read<String> {
    let text = &scalar(node)?.text;
    if text.trim().is_empty() {
        return wrong("value-text", node, "the text is empty");
    }
    if text.chars().any(char::is_control) || text.chars().count() > 240 {
        return wrong("value-text", node, "a text has one line of at most 240 characters");
    }
    Ok(text.clone())
}

/// A name of `names`, made by its own parser.
pub(crate) fn name<T: FromStr<Err = NameError>>(node: &Node) -> Read<T> {
    scalar(node)?.text.parse().or_else(|error: NameError| named(node, &error))
}

fn named<T>(node: &Node, error: &NameError) -> Read<T> {
    let message = format!("`{}` is not a {}", shortened(&error.given), error.kind);
    let finding = Finding::error("value-name", &node.place, message);
    Err(Box::new(finding.label(format!("expected {}", error.expected))))
}

/// A text of the user inside a message, cut so that the message stays one.
pub(crate) fn shortened(text: &str) -> String {
    let line: String = on_one_line(text).chars().take(60).collect();
    if line.len() < text.len() { format!("{line}…") } else { line }
}

/// A whole number without sign, as every YAML reader reads it. What YAML 1.1 readers take
/// for another number is refused with the reason.
pub(crate) fn whole(node: &Node) -> Read<u64> {
    let text = scalar(node)?.text.as_str();
    let refuse = |hint: String| {
        wrong_hint("value-number", node, format!("`{}` is not a whole number", shortened(text)), hint)
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits(text) {
        if text.len() > 1 && text.starts_with('0') {
            let bare = text.trim_start_matches('0');
            let bare = if bare.is_empty() { "0" } else { bare };
            return refuse(format!("write {bare}: YAML 1.1 readers take a leading zero for octal"));
        }
        // more digits than a u64 has is beyond every range
        return Ok(text.parse().unwrap_or(u64::MAX));
    }
    let bare = text.replace(['_', ','], "");
    if digits(&bare) {
        return refuse(format!("write {bare}, without separators"));
    }
    if text.contains(':') && digits(&text.replace(':', "")) {
        return refuse(
            "YAML 1.1 readers take a number with `:` for base 60; a plain number is meant here".into(),
        );
    }
    refuse("write it in decimal digits".into())
}

/// A number within a range.
pub(crate) fn between<T>(range: RangeInclusive<T>) -> impl Fn(&Node) -> Read<T>
where
    T: TryFrom<u64> + PartialOrd + std::fmt::Display,
{
    move |node| match whole(node)?.try_into() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => {
            let given = scalar(node)?.text.as_str();
            let message =
                format!("{} is not between {} and {}", shortened(given), range.start(), range.end());
            wrong("value-range", node, message)
        }
    }
}

/// A number with a name: VLAN id, VNI, AS number.
pub(crate) fn id<T: TryFrom<u64, Error = NameError>>(node: &Node) -> Read<T> {
    T::try_from(whole(node)?).or_else(|error| named(node, &error))
}

/// `true` or `false`; YAML 1.1's `yes`, `on` and their like are refused.
pub(crate) fn switch(node: &Node) -> Read<bool> {
    match scalar(node)?.text.as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        other => {
            let message = format!("`{}` is neither `true` nor `false`", shortened(other));
            let meant = match other.to_ascii_lowercase().as_str() {
                "yes" | "on" | "y" | "true" => "write `true`",
                "no" | "off" | "n" | "false" => "write `false`",
                _ => "write `true` or `false`",
            };
            wrong_hint("value-choice", node, message, meant)
        }
    }
}

/// One word of a list.
pub(crate) fn choice<T: Copy, const N: usize>(words: [(&'static str, T); N]) -> impl Fn(&Node) -> Read<T> {
    move |node| {
        let given = scalar(node)?.text.as_str();
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == given) {
            return Ok(*value);
        }
        let list = words.iter().map(|(word, _)| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`{}` is not one of {list}", shortened(given));
        let near = crate::nearest::nearest(given, words.iter().map(|(word, _)| *word));
        match near {
            Some(near) => wrong_hint("value-choice", node, message, format!("did you mean `{near}`?")),
            None => wrong("value-choice", node, message),
        }
    }
}

/// An address without a length.
pub(crate) fn ip(node: &Node) -> Read<IpAddr> {
    let given = scalar(node)?.text.as_str();
    if let Some((address, _)) = given.split_once('/').filter(|(address, _)| address.parse::<IpAddr>().is_ok())
    {
        let message = format!("`{}` has a length, and none is expected", shortened(given));
        return wrong_hint("value-address", node, message, format!("write {address}"));
    }
    match given.parse::<IpAddr>() {
        Ok(address) if is_host(address) => Ok(address),
        Ok(_) => wrong("value-address", node, format!("`{given}` cannot be the address of a host")),
        Err(_) => wrong("value-address", node, format!("`{}` is not an IP address", shortened(given))),
    }
}

/// An IPv4 address without a length.
pub(crate) fn ipv4(node: &Node) -> Read<Ipv4Addr> {
    match ip(node)? {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(address) => {
            wrong("value-address", node, format!("`{address}` is IPv6, and an IPv4 address is expected"))
        }
    }
}

/// An address of a host with the length of its subnet.
pub(crate) fn ip_net(node: &Node) -> Read<IpNet> {
    let given = scalar(node)?.text.as_str();
    let net: IpNet = match given.parse() {
        Ok(net) => net,
        Err(_) if given.parse::<IpAddr>().is_ok() => {
            let message = format!("`{given}` has no length");
            return wrong_hint(
                "value-address",
                node,
                message,
                format!("write {given}/24, with the subnet's length"),
            );
        }
        Err(_) => {
            return wrong(
                "value-address",
                node,
                format!("`{}` is not an address with a length", shortened(given)),
            );
        }
    };
    let host_bits = net.max_prefix_len() - net.prefix_len();
    if !is_host(net.addr()) {
        return wrong("value-address", node, format!("`{net}` cannot be the address of a host"));
    }
    if host_bits > 1 && net.addr() == net.network() {
        return wrong(
            "value-address",
            node,
            format!("`{net}` is the subnet itself, and a host's address is expected"),
        );
    }
    if host_bits > 1 && net.addr().is_ipv4() && net.addr() == net.broadcast() {
        return wrong("value-address", node, format!("`{net}` is the subnet's broadcast address"));
    }
    Ok(net)
}

/// An IPv4 address of a host with the length of its subnet.
pub(crate) fn ipv4_net(node: &Node) -> Read<Ipv4Net> {
    match ip_net(node)? {
        IpNet::V4(net) => Ok(net),
        IpNet::V6(net) => wrong("value-address", node, format!("`{net}` is IPv6, and IPv4 is expected")),
    }
}

/// An IPv4 address on a link of two: /31 (RFC 3021), or /30.
pub(crate) fn link_address(node: &Node) -> Read<Ipv4Net> {
    let net = ipv4_net(node)?;
    if super::topology::other_end(net).is_none() {
        let message = format!("`{net}` has no one other end");
        return wrong_hint("value-address", node, message, "a link of two devices is a /31 (or a /30)");
    }
    Ok(net)
}

/// A destination: an address with a length and no bits beyond it.
pub(crate) fn prefix(node: &Node) -> Read<IpNet> {
    let given = scalar(node)?.text.as_str();
    match given.parse::<IpNet>() {
        Ok(net) if net.addr() == net.network() => Ok(net),
        Ok(net) => {
            let message = format!("`{net}` has bits beyond its length");
            wrong_hint("value-address", node, message, format!("write {}", net.trunc()))
        }
        Err(_) => wrong("value-address", node, format!("`{}` is not a prefix", shortened(given))),
    }
}

/// Whether a host can have it: not multicast, broadcast, loopback or unspecified.
fn is_host(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    !(address.is_multicast() || address.is_unspecified() || address.is_loopback() || broadcast)
}

/// A range of VLANs, `3001-3099`.
pub(crate) fn vlan_range(node: &Node) -> Read<(VlanId, VlanId)> {
    let given = scalar(node)?.text.as_str();
    let ends = given.split_once('-').and_then(|(first, last)| {
        Some((first.trim().parse::<VlanId>().ok()?, last.trim().parse::<VlanId>().ok()?))
    });
    match ends {
        Some((first, last)) if first <= last => Ok((first, last)),
        _ => {
            let message = format!("`{}` is not a range of VLANs", shortened(given));
            wrong_hint("value-range", node, message, "write the first and the last, as in 3001-3099")
        }
    }
}
