//! The kinds of objects that the netbox-bgp plugin lists (0.15 to 0.20).
//!
//! Elsewhere: NetBox's own (`objects`).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind;
use crate::netbox::wire::{Choice, CustomFields, Id, Ref, Refs, or_default};

kind! {
    /// `plugins/bgp/session`: one end of a session, as one device has it.
    Session {
        /// Its name.
        name: String,
        /// What a person wrote.
        description: String,
        /// Whose it is.
        device: Option<Ref>,
        /// `active`, `planned`, `offline`, `failed`.
        status: Choice,
        /// This end's address.
        local_address: Option<Ref>,
        /// The other end's address.
        remote_address: Option<Ref>,
        /// This end's AS.
        local_as: Option<Ref>,
        /// The other end's AS.
        remote_as: Option<Ref>,
        /// Its peer group.
        peer_group: Option<Ref>,
        /// Policies in.
        import_policies: Refs,
        /// Policies out.
        export_policies: Refs,
        /// Prefix list in.
        prefix_list_in: Option<Ref>,
        /// Prefix list out.
        prefix_list_out: Option<Ref>,
        /// Most routes that are taken (netbox-bgp 0.18).
        max_prefixes: Option<u32>,
        /// Free JSON (netbox-bgp 0.19).
        extra_attributes: Value,
        /// Custom fields.
        custom_fields: CustomFields,
    }
}
kind! {
    /// `plugins/bgp/peer-group`.
    PeerGroup {
        /// Its name.
        name: String,
        /// What a person wrote.
        description: String,
        /// Policies in.
        import_policies: Refs,
        /// Policies out.
        export_policies: Refs,
        /// Prefix list in.
        prefix_list_in: Option<Ref>,
        /// Prefix list out.
        prefix_list_out: Option<Ref>,
        /// Free JSON (netbox-bgp 0.19).
        extra_attributes: Value,
        /// Custom fields.
        custom_fields: CustomFields,
    }
}
kind! {
    /// `plugins/bgp/routing-policy`.
    Policy {
        /// Its name, unique only together with its description.
        name: String,
        /// What a person wrote.
        description: String,
    }
}
kind! {
    /// `plugins/bgp/routing-policy-rule`.
    PolicyRule {
        /// The policy.
        routing_policy: Option<Ref>,
        /// Its place in the policy.
        index: u32,
        /// `permit` or `deny`.
        action: Choice,
        /// What a person wrote.
        description: String,
        /// The rule that is gone on with.
        continue_entry: Option<u32>,
        /// Communities.
        match_community: Refs,
        /// Community lists.
        match_community_list: Refs,
        /// AS path lists.
        match_aspath_list: Refs,
        /// Prefix lists, IPv4.
        match_ip_address: Refs,
        /// Prefix lists, IPv6.
        match_ipv6_address: Refs,
        /// Free JSON.
        match_custom: Value,
        /// Free JSON.
        set_actions: Value,
    }
}
kind! {
    /// `plugins/bgp/prefix-list`.
    PrefixList {
        /// Its name, unique only together with its description.
        name: String,
        /// What a person wrote.
        description: String,
        /// `ipv4` or `ipv6`.
        family: Choice,
    }
}
kind! {
    /// `plugins/bgp/prefix-list-rule`.
    PrefixRule {
        /// The list.
        prefix_list: Option<Ref>,
        /// Its place in the list.
        index: u32,
        /// `permit` or `deny`.
        action: Choice,
        /// A prefix of `ipam/prefixes`.
        prefix: Option<Ref>,
        /// A prefix as text.
        prefix_custom: Option<String>,
        /// Shortest length.
        ge: Option<u8>,
        /// Longest length.
        le: Option<u8>,
    }
}
kind! {
    /// `plugins/bgp/community`.
    Community {
        /// `65000:100`.
        value: String,
        /// What a person wrote.
        description: String,
        /// `active`, `reserved`, `deprecated`.
        status: Choice,
    }
}
kind! {
    /// `plugins/bgp/community-list`.
    CommunityList {
        /// Its name.
        name: String,
        /// What a person wrote.
        description: String,
    }
}
kind! {
    /// `plugins/bgp/community-list-rule`.
    CommunityRule {
        /// The list.
        community_list: Option<Ref>,
        /// `permit` or `deny`.
        action: Choice,
        /// The community.
        community: Option<Ref>,
        /// A community as text (netbox-bgp 0.20).
        community_custom: Option<String>,
    }
}
kind! {
    /// `plugins/bgp/aspath-list`.
    AsPathList {
        /// Its name.
        name: String,
        /// What a person wrote.
        description: String,
    }
}
kind! {
    /// `plugins/bgp/aspath-list-rule`.
    AsPathRule {
        /// The list.
        aspath_list: Option<Ref>,
        /// Its place in the list.
        index: u32,
        /// `permit` or `deny`.
        action: Choice,
        /// A regular expression over AS paths.
        pattern: String,
    }
}
