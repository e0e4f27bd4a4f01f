//! Promise 13: the paths that are never sent, lest the agent cut its own branch.
//!
//! Here: [`Protected`], made of how one device is reached. It is asked for raw fragments
//! (`compile`), for every operation of a plan (`plan`) and for corrections of drift, so
//! that no way of making a Set goes round it. Elsewhere: printing what a device needs
//! instead (`compile::bootstrap`).

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

use crate::platform::quirks::is_below;
use crate::yang::{Elem, Path, Value};

/// Decides what may not be sent to one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protected {
    interface: String,
    vrf: String,
    network: Ipv4Net,
    routes: Vec<IpNet>,
}

/// Whole subtrees, and what they are. Names without keys.
const SUBTREES: &[(&str, &str)] = &[
    ("/system/aaa", "users and AAA"),
    ("/system/grpc-servers", "the gNMI server"),
    ("/system/ssh-server", "the SSH server"),
    ("/system/control-plane-traffic", "the control-plane ACL"),
    ("/certificates", "TLS certificates"),
];

/// The ACL that EOS itself puts before its control plane.
const CONTROL_PLANE_ACL: &str = "default-control-plane-acl";

/// The default VRF, which EOS spells so and which is never protected as a whole.
const DEFAULT_VRF: &str = "default";

impl Protected {
    /// Of a device reached at `address` on `interface` in `vrf`.
    pub fn new(interface: &str, vrf: &str, address: Ipv4Net) -> Self {
        Self {
            interface: interface.to_owned(),
            vrf: vrf.to_owned(),
            network: address.trunc(),
            routes: Vec::new(),
        }
    }

    /// Also with these destinations, which routes through the management network carry.
    #[must_use]
    pub fn with_routes(mut self, destinations: impl IntoIterator<Item = IpNet>) -> Self {
        self.routes.extend(destinations.into_iter().map(|destination| destination.trunc()));
        self
    }

    /// Why nothing at this path may be sent; none if it may. A path above a protected one
    /// is not protected: what deletes or replaces must ask for each leaf.
    pub fn why(&self, path: &Path) -> Option<&'static str> {
        if let Some((_, what)) = SUBTREES.iter().find(|(subtree, _)| is_below(path, subtree)) {
            return Some(what);
        }
        let entry = path.elems().iter().find_map(|elem| self.why_entry(elem));
        entry.or_else(|| self.is_route(path).then_some("a route that leaves by management"))
    }

    /// Why this leaf may not be sent: by its path, or because it routes into the
    /// management network.
    pub fn why_leaf(&self, path: &Path, value: &Value) -> Option<&'static str> {
        self.why(path).or_else(|| {
            let is_next_hop = path.last().is_some_and(|leaf| leaf.name() == "next-hop")
                && path.elems().iter().any(|elem| elem.name() == "static-routes");
            let Value::Scalar(scalar) = value else { return None };
            let hop: IpAddr = scalar.as_str().parse().ok()?;
            (is_next_hop && self.leaves_by_management(hop)).then_some("a route that leaves by management")
        })
    }

    /// Whether traffic to this next hop leaves by the management interface.
    pub fn leaves_by_management(&self, next_hop: IpAddr) -> bool {
        matches!(next_hop, IpAddr::V4(hop) if self.network.contains(&hop))
    }

    /// Whether the path is at or below one of the routes, in the management's own VRF.
    fn is_route(&self, path: &Path) -> bool {
        let vrf = path.elems().iter().find(|elem| elem.name() == "network-instance");
        let route = path.elems().iter().find(|elem| elem.name() == "static");
        let prefix = route.and_then(|elem| elem.key("prefix")).and_then(|prefix| prefix.parse().ok());
        vrf.and_then(|elem| elem.key("name")) == Some(&self.vrf)
            && prefix.is_some_and(|prefix: IpNet| self.routes.contains(&prefix))
    }

    /// List entries that are the management interface, wherever they stand, or its VRF.
    fn why_entry(&self, elem: &Elem) -> Option<&'static str> {
        let keys = || elem.keys().iter().map(|(_, value)| &**value);
        if keys().any(|value| value == self.interface) {
            return Some("the management interface");
        }
        if elem.name() == "acl-set" && elem.key("name") == Some(CONTROL_PLANE_ACL) {
            return Some("the control-plane ACL");
        }
        let is_vrf = elem.name() == "network-instance" && elem.key("name") == Some(&self.vrf);
        if is_vrf && self.vrf != DEFAULT_VRF {
            return Some("the management VRF");
        }
        // a static route is one entry of several leaves: the index that EOS gives a next
        // hop names its address, so its other leaves are found out too
        let hop = keys().find_map(|value| value.strip_prefix("AUTO_")?.split_once('_'));
        let hop: Option<IpAddr> = hop.and_then(|(_, hop)| hop.replace('-', ".").parse().ok());
        hop.is_some_and(|hop| self.leaves_by_management(hop)).then_some("a route that leaves by management")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang::{Form, Scalar};

    const STATIC: &str = "/network-instances/network-instance[name=default]/protocols/protocol[identifier=STATIC][name=STATIC]/static-routes";

    #[test]
    fn what_carries_the_agent_is_protected_and_nothing_else() {
        let in_default = Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap());
        let in_vrf = Protected::new("Management1", "MGMT", "172.16.0.25/24".parse().unwrap());
        for (who, path, expected) in [
            (
                &in_default,
                "/interfaces/interface[name=Management0]/config/enabled",
                Some("the management interface"),
            ),
            (
                &in_default,
                "/acl/interfaces/interface[id=Management0]/config/id",
                Some("the management interface"),
            ),
            (&in_default, "/interfaces/interface[name=Ethernet1]/config/enabled", None),
            (&in_default, "/network-instances/network-instance[name=default]/config/name", None),
            (&in_vrf, "/network-instances/network-instance[name=default]/config/name", None),
            (
                &in_vrf,
                "/network-instances/network-instance[name=MGMT]/config/name",
                Some("the management VRF"),
            ),
            (
                &in_default,
                "/system/aaa/authentication/users/user[username=admin]/config/role",
                Some("users and AAA"),
            ),
            (
                &in_default,
                "/system/grpc-servers/grpc-server[name=default]/config/port",
                Some("the gNMI server"),
            ),
            (&in_default, "/system/control-plane-traffic/ingress/acl", Some("the control-plane ACL")),
            (
                &in_default,
                "/acl/acl-sets/acl-set[name=default-control-plane-acl][type=ACL_IPV4]/config/name",
                Some("the control-plane ACL"),
            ),
            (&in_default, "/acl/acl-sets/acl-set[name=tenants][type=ACL_IPV4]/config/name", None),
            (&in_default, "/system/config/hostname", None),
            (&in_default, "/system", None),
        ] {
            assert_eq!(who.why(&path.parse().unwrap()), expected, "{path}");
        }
    }

    #[test]
    fn a_route_that_management_needs_is_protected_whole_and_in_its_vrf() {
        let protected = Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap())
            .with_routes(["100.64.0.0/10".parse().unwrap()]);
        for (path, expected) in [
            (format!("{STATIC}/static[prefix=100.64.0.0/10]/config/prefix"), true),
            (format!("{STATIC}/static[prefix=10.0.0.0/8]/config/prefix"), false),
            (
                format!("{STATIC}/static[prefix=100.64.0.0/10]/config/prefix").replace("=default", "=gold"),
                false,
            ),
        ] {
            assert_eq!(protected.why(&path.parse().unwrap()).is_some(), expected, "{path}");
        }
    }

    #[test]
    fn a_route_into_the_management_network_is_protected_by_its_next_hop() {
        let protected = Protected::new("Management0", "default", "172.16.0.25/24".parse().unwrap());
        let hop = |text: &str| Value::Scalar(Scalar::new(text, Form::Text));
        for (index, value, expected) in
            [("0", "172.16.0.254", true), ("0", "10.0.1.0", false), ("AUTO_0_172-16-0-254", "10.0.1.0", true)]
        {
            let path = format!(
                "{STATIC}/static[prefix=100.64.0.0/10]/next-hops/next-hop[index={index}]/config/next-hop"
            );
            let seen = protected.why_leaf(&path.parse().unwrap(), &hop(value));
            assert_eq!(seen.is_some(), expected, "{index} {value}");
        }
    }
}
