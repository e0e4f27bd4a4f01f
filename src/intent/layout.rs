//! Which file is which object: the folders of the intent and the names in them.
//!
//! Here: [`object_of`]. The name of a file is the identity of its object, so it is read
//! here, once. Elsewhere: the file's text (`yaml`), its meaning (one file a kind).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::manifest;
use crate::diagnostic::{Finding, Place};
use crate::names::{DeviceName, NameError, PairName, PolicyName, RepoPath, VlanId, VrfName};
use crate::nearest::nearest;

/// A kind of object that has a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `fabric.yaml`.
    Design,
    /// `devices/`.
    Device,
    /// `pairs/`.
    Pair,
    /// `vlans/`.
    Vlan,
    /// `vrfs/`.
    Vrf,
    /// `policies/`.
    Policy,
    /// `prefix-lists/`.
    PrefixList,
    /// `community-lists/`.
    CommunityList,
    /// `as-path-lists/`.
    AsPathList,
    /// `raw/`.
    Raw,
}

/// The object of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// `fabric.yaml`.
    Design,
    /// `devices/NAME.yaml`.
    Device(DeviceName),
    /// `pairs/NAME.yaml`.
    Pair(PairName),
    /// `vlans/ID.yaml`.
    Vlan(VlanId),
    /// `vrfs/NAME.yaml`.
    Vrf(VrfName),
    /// `policies/NAME.yaml`.
    Policy(PolicyName),
    /// `prefix-lists/NAME.yaml`.
    PrefixList(PolicyName),
    /// `community-lists/NAME.yaml`.
    CommunityList(PolicyName),
    /// `as-path-lists/NAME.yaml`.
    AsPathList(PolicyName),
    /// `raw/NAME.json`.
    Raw,
}

impl Identity {
    /// Its kind.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Design => Kind::Design,
            Self::Device(_) => Kind::Device,
            Self::Pair(_) => Kind::Pair,
            Self::Vlan(_) => Kind::Vlan,
            Self::Vrf(_) => Kind::Vrf,
            Self::Policy(_) => Kind::Policy,
            Self::PrefixList(_) => Kind::PrefixList,
            Self::CommunityList(_) => Kind::CommunityList,
            Self::AsPathList(_) => Kind::AsPathList,
            Self::Raw => Kind::Raw,
        }
    }
}

/// The name alone, as other files refer to the object.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Design => f.write_str("fabric.yaml"),
            Self::Device(name) => name.fmt(f),
            Self::Pair(name) => name.fmt(f),
            Self::Vlan(id) => id.fmt(f),
            Self::Vrf(name) => name.fmt(f),
            Self::Policy(name)
            | Self::PrefixList(name)
            | Self::CommunityList(name)
            | Self::AsPathList(name) => name.fmt(f),
            Self::Raw => f.write_str("raw"),
        }
    }
}

/// What a path is to the intent.
#[derive(Debug)]
pub(crate) enum Filed {
    /// An object's file.
    Object(Identity),
    /// None of the intent's business.
    Other,
    /// It looks like an object's file and is none. With it the object that it was probably
    /// meant to be, so that nobody is told that this object is missing.
    Refused(Box<Finding>, Option<(Kind, String)>),
    /// A folder or file that nobody reads: one warning for all of it.
    Unknown(String),
}

/// The folders of objects.
pub(crate) const FOLDERS: [(&str, Kind, &str); 9] = [
    ("devices", Kind::Device, "yaml"),
    ("pairs", Kind::Pair, "yaml"),
    ("vlans", Kind::Vlan, "yaml"),
    ("vrfs", Kind::Vrf, "yaml"),
    ("policies", Kind::Policy, "yaml"),
    ("prefix-lists", Kind::PrefixList, "yaml"),
    ("community-lists", Kind::CommunityList, "yaml"),
    ("as-path-lists", Kind::AsPathList, "yaml"),
    ("raw", Kind::Raw, "json"),
];

/// Folders of which the format will know something, and what to do until then.
const LATER: [(&str, &str); 2] = [
    ("sites", "write each site as a fabric of its own folder, with `path` in the agent's configuration"),
    ("base", "write each site as a fabric of its own folder, with `path` in the agent's configuration"),
];

/// What the path is. `siblings` are all paths, to say where a thing is that exists twice.
pub(crate) fn object_of(path: &RepoPath, siblings: &BTreeSet<&RepoPath>) -> Filed {
    let parts: Vec<&str> = path.as_str().split('/').collect();
    let (&[folder, ..], &[.., file]) = (&parts[..], &parts[..]) else { return Filed::Other };
    if parts.iter().any(|part| part.starts_with('.')) || is_prose(file) {
        return Filed::Other;
    }
    if parts.len() == 1 {
        return at_root(path, file);
    }
    if let Some((_, hint)) = LATER.iter().find(|(name, _)| *name == folder) {
        let message = format!("{folder}/ is not supported yet");
        return refuse("not-yet", path, message, hint, None);
    }
    match FOLDERS.iter().find(|(name, ..)| *name == folder) {
        Some((_, kind, extension)) => in_folder(path, *kind, extension, &parts, siblings),
        None if matches!(folder, "docs" | "doc") => Filed::Other,
        None => Filed::Unknown(format!("{folder}/")),
    }
}

/// Files for people.
fn is_prose(file: &str) -> bool {
    let upper = file.to_ascii_uppercase();
    upper.rsplit('.').next() == Some("MD")
        || ["README", "LICENSE", "LICENCE", "CODEOWNERS"].iter().any(|name| upper.starts_with(name))
}

fn refuse(
    code: &'static str,
    path: &RepoPath,
    message: String,
    hint: &str,
    meant: Option<(Kind, String)>,
) -> Filed {
    let finding = Finding::error(code, &Place::start_of(path.clone()), message).hint(hint);
    Filed::Refused(Box::new(finding), meant)
}

fn at_root(path: &RepoPath, file: &str) -> Filed {
    match file {
        "fabric.yaml" => Filed::Object(Identity::Design),
        "fabric.yml" => refuse(
            "file-extension",
            path,
            "fabric.yml is not read".to_owned(),
            "rename it to fabric.yaml",
            None,
        ),
        // the export's: no objects, see `manifest`
        manifest::FILE | manifest::MAPPING_FILE => Filed::Other,
        _ => Filed::Unknown(file.to_owned()),
    }
}

fn in_folder(
    path: &RepoPath,
    kind: Kind,
    extension: &str,
    parts: &[&str],
    siblings: &BTreeSet<&RepoPath>,
) -> Filed {
    let (&[folder, ..], &[.., file]) = (parts, parts) else { return Filed::Other };
    let stem = path.stem();
    let given = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    let meant = Some((kind, stem.to_owned()));
    if kind == Kind::Raw && matches!(given, "yaml" | "yml") {
        let hint = "YANG data is read from raw/NAME.json; lines of the command line come later";
        return refuse("not-yet", path, format!("{path}: raw lines are not supported yet"), hint, None);
    }
    if given != extension {
        if matches!(given, "yaml" | "yml" | "json") || nearest(given, [extension]).is_some() {
            let (message, hint) =
                (format!("{path} is not read"), format!("rename it to {folder}/{stem}.{extension}"));
            return refuse("file-extension", path, message, &hint, meant);
        }
        return Filed::Unknown(path.to_string());
    }
    if parts.len() > 2 {
        let (message, hint) =
            (format!("{path} is not read: {folder}/ has no folders"), format!("move it to {folder}/{file}"));
        return refuse("file-folder", path, message, &hint, meant);
    }
    let identity = match kind {
        Kind::Design => Ok(Identity::Design),
        Kind::Device => named(path, stem).map(Identity::Device),
        Kind::Pair => named(path, stem).map(Identity::Pair),
        Kind::Vlan => return vlan(path, stem, siblings),
        Kind::Vrf if stem == "default" => {
            let message = "the VRF `default` is the device's own".to_owned();
            return refuse("file-name", path, message, "say it in `underlay` of fabric.yaml", meant);
        }
        Kind::Vrf => named(path, stem).map(Identity::Vrf),
        Kind::Policy => named(path, stem).map(Identity::Policy),
        Kind::PrefixList => named(path, stem).map(Identity::PrefixList),
        Kind::CommunityList => named(path, stem).map(Identity::CommunityList),
        Kind::AsPathList => named(path, stem).map(Identity::AsPathList),
        Kind::Raw => Ok(Identity::Raw),
    };
    identity.map_or_else(|finding| Filed::Refused(finding, meant), Filed::Object)
}

fn named<T: FromStr<Err = NameError>>(path: &RepoPath, stem: &str) -> Result<T, Box<Finding>> {
    stem.parse().map_err(|error: NameError| {
        let place = Place::start_of(path.clone());
        let message = format!("{path}: `{stem}` is not a {}", error.kind);
        Box::new(
            Finding::error("file-name", &place, message).hint(format!("rename the file: {}", error.expected)),
        )
    })
}

/// A VLAN's file, whose name is its number. A padded one is a second name for the same VLAN.
fn vlan(path: &RepoPath, stem: &str, siblings: &BTreeSet<&RepoPath>) -> Filed {
    let error = match stem.parse::<VlanId>() {
        Ok(id) => return Filed::Object(Identity::Vlan(id)),
        Err(error) => error,
    };
    let place = Place::start_of(path.clone());
    let bare: Option<VlanId> = stem.trim_start_matches('0').parse().ok();
    let Some(id) = bare else {
        let message = format!("{path}: `{stem}` is not a {}", error.kind);
        let finding =
            Finding::error("vlan-id", &place, message).label("the file's name is the VLAN's number");
        let meant = Some((Kind::Vlan, stem.to_owned()));
        return Filed::Refused(Box::new(finding.hint(format!("it is {}", error.expected))), meant);
    };
    let first = siblings.iter().find(|sibling| sibling.as_str() == format!("vlans/{id}.yaml"));
    let finding = match first {
        Some(first) => Finding::error("vlan-twice", &place, format!("VLAN {id} is defined twice"))
            .label("again here")
            .related(&Place::start_of((*first).clone()), "first defined here")
            .hint(format!("keep vlans/{id}.yaml and remove {path}")),
        None => Finding::error("vlan-id", &place, format!("{path}: `{stem}` has leading zeros"))
            .hint(format!("rename it to vlans/{id}.yaml")),
    };
    Filed::Refused(Box::new(finding), Some((Kind::Vlan, id.to_string())))
}
