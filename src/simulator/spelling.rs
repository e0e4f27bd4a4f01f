//! Values written in another way than the canonical one (hazard H15).
//!
//! Here: [`odd`]. Elsewhere: the canonical way (`yang::schema::canonical`).

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use crate::yang::Schema;
use crate::yang::schema::{TextSyntax, Type, TypeId};

/// The value in a spelling that means the same and is another text; none if its type has
/// but one.
pub(super) fn odd(schema: &Schema, ty: TypeId, text: &str) -> Option<String> {
    match schema.type_of(ty) {
        Type::Text { syntax: TextSyntax::Mac, .. } => Some(text.to_uppercase()),
        Type::Text { syntax: TextSyntax::Ipv6, .. } => text.parse().ok().map(|address| in_full(&address)),
        Type::Text { syntax: TextSyntax::Ipv6Prefix, .. } => {
            let (address, length) = text.split_once('/')?;
            Some(format!("{}/{length}", in_full(&address.parse().ok()?)))
        }
        Type::Leafref { target, .. } => odd(schema, *target, text),
        Type::Union(members) => members.iter().find_map(|member| odd(schema, *member, text)),
        _ => None,
    }
}

/// Without `::`, with leading zeros, in capitals.
fn in_full(address: &Ipv6Addr) -> String {
    let mut text = String::new();
    for (index, group) in address.segments().iter().enumerate() {
        let colon = if index == 0 { "" } else { ":" };
        // a String takes whatever is written
        let _ = write!(text, "{colon}{group:04X}");
    }
    text
}
