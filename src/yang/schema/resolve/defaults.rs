//! Default values in canonical form (RFC 7950 section 9).
//!
//! Here: [`set`], and the one thing that only the module's file can tell: which identity a
//! prefixed name means. Elsewhere: values against types (`canonical`).

use std::sync::Arc;

use super::super::types::{Type, TypeId};
use super::super::{Kind, NodeId, Schema};
use super::identities::Identities;
use super::library::{At, Library};
use crate::diagnostic::{Finding, Findings};

/// Gives nodes their defaults: `pending` names a node and a `default` statement of it.
pub(super) fn set(
    schema: &mut Schema,
    library: &Library,
    identities: &Identities,
    pending: &[(NodeId, At)],
    findings: &mut Findings,
) {
    for (id, at) in pending {
        let (Kind::Leaf { ty, .. } | Kind::LeafList { ty, .. }) = &schema.node(*id).kind else { continue };
        let written = library.argument(*at);
        let named = identities.named(library, *at, written).filter(|_| holds_identities(schema, *ty));
        let full = named.and_then(|id| identities.all.get(id as usize));
        let full = full.map(|identity| format!("{}:{}", library.module(identity.module).name, identity.name));
        let value = match schema.scalar_from_text(*ty, full.as_deref().unwrap_or(written)) {
            Ok(value) => value.shared(),
            Err(error) => {
                let message = format!("default of `{}`: {error}", schema.path_of(*id));
                findings.push(
                    Finding::warning("yang-bad-default", &library.place(*at), message).hint("it is left out"),
                );
                continue;
            }
        };
        put(schema, *id, value);
    }
}

fn put(schema: &mut Schema, id: NodeId, value: Arc<str>) {
    match schema.nodes.get_mut(id.0 as usize).map(|node| &mut node.kind) {
        Some(Kind::Leaf { default, .. }) => *default = Some(value),
        Some(Kind::LeafList { defaults, .. }) => defaults.push(value),
        _ => {}
    }
}

/// Whether a value of the type may be an identity. Types hold earlier types only, so this
/// ends.
fn holds_identities(schema: &Schema, ty: TypeId) -> bool {
    match schema.type_of(ty) {
        Type::Identity { .. } => true,
        Type::Leafref { target, .. } => holds_identities(schema, *target),
        Type::Union(members) => members.iter().any(|member| holds_identities(schema, *member)),
        _ => false,
    }
}
