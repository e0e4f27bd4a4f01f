//! Values that VXLAN and EVPN know: MAC addresses, route distinguishers and targets, the
//! schemes that make them, references to secrets.
//!
//! Here: reading and judging them. Elsewhere: filling a scheme for a device (`compile`).

use std::net::Ipv4Addr;

use super::decode::Fields;
use super::model::{MaximumRoutes, RouteScheme, RouteTargets};
use super::scalar::{Read, between, choice, scalar, shortened, text, wrong, wrong_hint};
use super::yaml::{Node, Value};
use crate::diagnostic::{Finding, Findings, Spanned};
use crate::names::SecretName;

/// A unicast MAC address in any of the usual spellings, as `c0:01:ca:fe:ba:be`.
pub(crate) fn mac(node: &Node) -> Read<String> {
    let given = scalar(node)?.text.as_str();
    let digits: String = given.chars().filter(|c| !matches!(c, ':' | '.' | '-')).collect();
    let bytes: Option<Vec<u8>> = (digits.len() == 12 && digits.is_ascii())
        .then(|| (0..6).map(|i| u8::from_str_radix(digits.get(2 * i..2 * i + 2)?, 16).ok()).collect())
        .flatten();
    match bytes.as_deref() {
        Some([first, ..]) if first & 1 == 1 => {
            wrong("value-mac", node, format!("`{given}` is a multicast MAC address"))
        }
        Some(bytes) if bytes.iter().any(|byte| *byte != 0) => {
            Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"))
        }
        _ => {
            let message = format!("`{}` is not a MAC address", shortened(given));
            wrong_hint("value-mac", node, message, "write it as c001.cafe.babe or c0:01:ca:fe:ba:be")
        }
    }
}

/// Whether a text is a route distinguisher (RFC 4364, 4.2) or a route target (RFC 4360):
/// AS number and number, or IPv4 address and number, six bytes in all.
pub(crate) fn is_route_id(text: &str) -> bool {
    let Some((admin, number)) = text.rsplit_once(':') else { return false };
    let plain = |text: &str| text == "0" || !text.starts_with(['0', '+']);
    let Some(number) = number.parse::<u32>().ok().filter(|_| plain(number)) else { return false };
    let short = u16::try_from(number).is_ok();
    match (admin.parse::<u32>(), admin.parse::<Ipv4Addr>()) {
        (Ok(asn), _) => plain(admin) && (short || u16::try_from(asn).is_ok()),
        (_, Ok(_)) => short,
        _ => false,
    }
}

/// A route distinguisher or route target.
pub(crate) fn route_id(node: &Node) -> Read<String> {
    let given = scalar(node)?.text.as_str();
    if is_route_id(given) {
        return Ok(given.to_owned());
    }
    let message = format!("`{}` is not a route distinguisher or target", shortened(given));
    wrong_hint("value-route-id", node, message, "write \"65000:100\" or \"10.0.250.1:100\", in quotes")
}

/// `{ import, export }`, each one target or several, or one target that is both.
pub(crate) fn route_targets(fields: &mut Fields<'_>, out: &mut Findings) -> Option<RouteTargets> {
    if matches!(fields.node("rt")?.value, Value::Scalar(_)) {
        let both = vec![fields.optional("rt", out, route_id)?];
        return Some(RouteTargets { import: both.clone(), export: both });
    }
    let mut section = fields.section("rt", out)?;
    let import = section.one_or_list("import", out, route_id);
    let export = section.one_or_list("export", out, route_id);
    section.close(out);
    Some(RouteTargets { import, export })
}

/// `{ rd, rt }` with the words that the kind of service knows.
pub(crate) fn scheme(
    fields: &mut Fields<'_>,
    key: &'static str,
    words: &[&str],
    out: &mut Findings,
) -> Option<RouteScheme> {
    let mut section = fields.section(key, out)?;
    let rd = section.required("rd", out, |node| scheme_text(node, words));
    // a route target has to be the same everywhere, so it cannot hold what a device is
    let shared: Vec<&str> = words.iter().copied().filter(|word| *word != "router-id").collect();
    let rt = section.required("rt", out, |node| scheme_text(node, &shared));
    section.close(out);
    Some(RouteScheme { rd: rd?, rt: rt? })
}

/// A text with known `{words}` that makes a route id once they are filled.
fn scheme_text(node: &Node, words: &[&str]) -> Read<String> {
    let given = text(node)?;
    let list = words.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(", ");
    let mut filled = given.clone();
    for word in words {
        filled = filled.replace(&format!("{{{word}}}"), if *word == "router-id" { "10.0.0.1" } else { "1" });
    }
    if filled.contains(['{', '}']) {
        let message = format!("`{}` has a word that is not known here", shortened(&given));
        return wrong_hint("value-scheme", node, message, format!("the words are {list}"));
    }
    if !is_route_id(&filled) {
        let message = format!("`{}` does not make a route distinguisher or target", shortened(&given));
        return wrong_hint(
            "value-scheme",
            node,
            message,
            "it has two parts with `:` between, as in \"{asn}:{vni}\"",
        );
    }
    Ok(given)
}

/// `maximum-routes`: a number, after which the session ends, or `{ limit, over }`; 0 is no
/// limit.
pub(crate) fn maximum_routes(fields: &mut Fields<'_>, out: &mut Findings) -> Option<MaximumRoutes> {
    const KEY: &str = "maximum-routes";
    if !matches!(fields.node(KEY)?.value, Value::Map(_)) {
        let limit = fields.optional(KEY, out, between(0..=u32::MAX - 1))?;
        return Some(MaximumRoutes { limit, warn_only: false });
    }
    let mut section = fields.section(KEY, out)?;
    let limit = section.required("limit", out, between(0..=u32::MAX - 1));
    let over = section.optional("over", out, choice([("warn", true), ("teardown", false)]));
    section.close(out);
    Some(MaximumRoutes { limit: limit?, warn_only: over.is_some_and(|over| over.value) })
}

/// `secret:NAME`. What stands there instead is never repeated, neither in the message nor
/// as a source line: the place is the key, and `draw` hides what follows it.
pub(crate) fn secret(
    fields: &mut Fields<'_>,
    key: &'static str,
    out: &mut Findings,
) -> Option<Spanned<SecretName>> {
    let what = fields.what().to_owned();
    let (place, node) = fields.entry(key)?;
    let reference = match &node.value {
        Value::Scalar(scalar) => scalar.text.strip_prefix("secret:").map(str::parse::<SecretName>),
        _ => None,
    };
    let (code, message) = match reference {
        Some(Ok(name)) => return Some(Spanned::new(name, node.place.clone())),
        Some(Err(error)) => ("secret-name", format!("the secret's name is not one: {}", error.expected)),
        None => ("secret-plain", "a secret stands here in plain text".to_owned()),
    };
    let finding = Finding::error(code, place, format!("{what}: `{key}`: {message}"));
    out.push(match code {
        "secret-plain" => finding
            .label("it is in the history of the repository now: change it")
            .hint("write `secret:NAME` and give the agent the value under that name"),
        _ => finding,
    });
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_id_has_six_bytes() {
        for (case, text, expected) in [
            ("two-byte AS", "65001:110040", true),
            ("four-byte AS", "4200000000:100", true),
            ("four-byte AS and too large a number", "4200000000:110040", false),
            ("address", "10.0.250.11:1", true),
            ("address and too large a number", "10.0.250.11:100001", false),
            ("no number", "65001", false),
            ("padded", "65001:0040", false),
            ("a word", "gold:1", false),
            ("a sign", "65001:+1", false),
        ] {
            assert_eq!(is_route_id(text), expected, "{case}");
        }
    }
}
