//! Whether NetBox has what a mapping names: a misspelt site would select nothing, and nothing
//! looks like deleted devices.

use super::{Mapping, Source};
use crate::diagnostic::{Finding, Findings};
use crate::nearest::suggest;
use crate::netbox::inventory::Inventory;

impl Mapping {
    /// Holds the mapping against what NetBox has.
    pub fn check(&self, inventory: &Inventory) -> Findings {
        let mut out = Findings::new();
        for (field, source, place) in &self.places {
            match source {
                Source::Custom(name) => {
                    let of_kind = |kinds: &[String]| kinds.iter().any(|kind| kind == field.object_type());
                    let fields =
                        || inventory.custom_fields.values().filter(|known| of_kind(&known.object_types));
                    if fields().any(|known| known.name == *name) {
                        continue;
                    }
                    let kind = field.object_type();
                    let message = format!("{kind} has no custom field `{name}` in NetBox");
                    let finding = Finding::error("mapping-custom-field", place, message);
                    out.push(match suggest(name, fields().map(|known| known.name.as_str())) {
                        Some(hint) => finding.hint(hint),
                        None => finding,
                    });
                }
                Source::Context(keys) => {
                    let has = |context| {
                        keys.iter()
                            .try_fold(context, |value: &serde_json::Value, key| value.get(key))
                            .is_some()
                    };
                    if !inventory.devices.values().any(|device| has(&device.config_context)) {
                        let message = format!("no device has {source}");
                        out.push(Finding::warning("mapping-context", place, message));
                    }
                }
            }
        }
        for named in &self.named {
            let slugs: Vec<&str> = match named.kind {
                "site" => inventory.sites.values().map(|site| site.slug.as_str()).collect(),
                "role" => inventory.device_roles.values().map(|role| role.slug.as_str()).collect(),
                "tag" => inventory.tags.values().map(|tag| tag.slug.as_str()).collect(),
                _ => inventory.platforms.values().map(|platform| platform.slug.as_str()).collect(),
            };
            if slugs.contains(&named.slug.as_str()) {
                continue;
            }
            let message = format!("NetBox has no {} with the slug `{}`", named.kind, named.slug);
            let finding = Finding::error("mapping-slug", &named.place, message);
            out.push(match suggest(&named.slug, slugs) {
                Some(hint) => finding.hint(hint),
                None => finding,
            });
        }
        out.sort();
        out
    }
}
