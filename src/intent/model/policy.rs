//! Routing policies, and the lists that they match with.
//!
//! Here: the types. A file may say more than a platform's YANG can: what of it cannot be
//! sent is an error only where the policy is used. Elsewhere: reading (`intent::policy`,
//! `intent::lists`), what can be said (`intent::check::policies`), what becomes of it
//! (`compile::policies`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use crate::diagnostic::{Place, Spanned};
use crate::names::{Asn, PolicyName};

/// `in`, `out` of sessions: a policy, or a prefix list that stands for one which permits what
/// the list permits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filters {
    /// `in`: what may be learnt.
    pub inbound: Option<Spanned<PolicyName>>,
    /// `out`: what may be told.
    pub outbound: Option<Spanned<PolicyName>>,
}

impl Filters {
    /// Those that are said, each with its key.
    pub fn said(&self) -> impl Iterator<Item = (&'static str, &Spanned<PolicyName>)> {
        let both = [("in", self.inbound.as_ref()), ("out", self.outbound.as_ref())];
        both.into_iter().filter_map(|(key, name)| Some((key, name?)))
    }
}

/// `policies/NAME.yaml`: rules in the order of their numbers; a route that none of them
/// matches is denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// The file's name.
    pub name: PolicyName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `rules.NUMBER`.
    pub rules: BTreeMap<u16, Rule>,
}

/// `rules.NUMBER` of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// The number in the file.
    #[serde(skip)]
    pub place: Place,
    /// `action`.
    pub action: Spanned<Action>,
    /// `match`: all of it has to be so.
    pub matches: Match,
    /// `set`.
    pub set: Set,
    /// `continue`: the rule that is asked next.
    pub next: Option<Spanned<u16>>,
}

/// `action: permit | deny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The route is taken.
    Permit,
    /// It is not.
    Deny,
}

/// `match: { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Match {
    /// `prefix-list`.
    pub prefix_list: Option<Spanned<PolicyName>>,
    /// `community-list`.
    pub community_list: Option<Spanned<PolicyName>>,
    /// `as-path-list`.
    pub as_path_list: Option<Spanned<PolicyName>>,
    /// `family`.
    pub family: Option<Spanned<Family>>,
}

/// `family`: of the routes that a session carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4 unicast.
    Ipv4,
    /// IPv6 unicast.
    Ipv6,
    /// EVPN.
    Evpn,
}

impl Family {
    /// The family of a session between such addresses.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }
}

/// `set: { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Set {
    /// `next-hop`.
    pub next_hop: Option<Spanned<NextHop>>,
    /// `community`, `community-add` or `community-remove`; the place is the key's.
    pub communities: Option<Spanned<SetCommunities>>,
    /// `med`.
    pub med: Option<Spanned<u32>>,
    /// `local-preference`.
    pub local_preference: Option<Spanned<u32>>,
    /// `as-path-prepend: { asn, times }`.
    pub prepend: Option<Prepend>,
}

/// `next-hop: unchanged | self | ADDRESS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NextHop {
    /// As it was learnt.
    Unchanged,
    /// The device's own address on the session.
    #[serde(rename = "self")]
    Own,
    /// This one.
    Address(IpAddr),
}

/// Communities, and what is done with them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetCommunities {
    /// Replaced, added or removed.
    pub how: SetHow,
    /// Which: `65000:100`, or a well-known one by its name.
    pub communities: Vec<Spanned<Community>>,
}

/// Which of the three keys it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum SetHow {
    /// `community`.
    Replace,
    /// `community-add`.
    Add,
    /// `community-remove`.
    Remove,
}

/// A community (RFC 1997).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Community {
    /// Two numbers of 16 bits.
    Pair(u16, u16),
    /// `no-export`.
    NoExport,
    /// `no-advertise`.
    NoAdvertise,
    /// `no-export-subconfed`, which EOS calls local-as.
    NoExportSubconfed,
    /// `graceful-shutdown` (RFC 8326).
    GracefulShutdown,
}

/// `as-path-prepend`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Prepend {
    /// Which AS.
    pub asn: Spanned<Asn>,
    /// How often; once by default.
    pub times: Option<Spanned<u8>>,
}

/// `prefix-lists/NAME.yaml`. The first rule that holds a prefix decides; without any it is
/// denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrefixList {
    /// The file's name.
    pub name: PolicyName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// The family of all prefixes; said, or that of the first.
    pub family: Family,
    /// `rules.NUMBER`.
    pub rules: BTreeMap<u16, PrefixRule>,
}

/// `rules.NUMBER` of a prefix list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PrefixRule {
    /// The number in the file.
    #[serde(skip)]
    pub place: Place,
    /// `action`.
    pub action: Spanned<Action>,
    /// `prefix`.
    pub prefix: Spanned<IpNet>,
    /// `ge`: the shortest length of a prefix within.
    pub ge: Option<Spanned<u8>>,
    /// `le`: the longest.
    pub le: Option<Spanned<u8>>,
}

impl PrefixRule {
    /// The lengths that it means; none is that of the prefix alone.
    pub fn lengths(&self) -> Option<(u8, u8)> {
        let most = self.prefix.value.max_prefix_len();
        match (&self.ge, &self.le) {
            (None, None) => None,
            (ge, le) => {
                let least = ge.as_ref().map_or(self.prefix.value.prefix_len(), |ge| ge.value);
                Some((least, le.as_ref().map_or(most, |le| le.value)))
            }
        }
    }
}

/// `community-lists/NAME.yaml`: a route fits that has one of the communities permitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommunityList {
    /// The file's name.
    pub name: PolicyName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `rules`, in their order.
    pub rules: Vec<CommunityRule>,
}

/// One of `rules` of a community list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommunityRule {
    /// `action`; permit by default.
    pub action: Spanned<Action>,
    /// `community`.
    pub community: Spanned<Community>,
}

/// `as-path-lists/NAME.yaml`: a route fits whose path fits one of the patterns permitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AsPathList {
    /// The file's name.
    pub name: PolicyName,
    /// The file as a whole.
    #[serde(skip)]
    pub place: Place,
    /// `rules.NUMBER`.
    pub rules: BTreeMap<u16, AsPathRule>,
}

/// `rules.NUMBER` of an AS path list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AsPathRule {
    /// `action`.
    pub action: Spanned<Action>,
    /// `pattern`, a regular expression as EOS reads it: `_` is a border between numbers.
    pub pattern: Spanned<String>,
}
