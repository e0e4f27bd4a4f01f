//! How a device differs from the text of the specification, switch by switch.
//!
//! Here: [`Personality`], whose default is what is known of Arista EOS. Elsewhere: the
//! switches at work (`eos`, `edit`, `view`, `subscribe`), faults that come once (`faults`).

/// What happens to the values of a leaf-list that an update does not name. Upstream has
/// not settled it (openconfig/reference#210).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeafListUpdate {
    /// They stay: the reading of featureprofiles gNMI-1.24, which EOS passes.
    #[default]
    Adds,
    /// They go.
    Overwrites,
}

/// Which configuration leaves are reported that hold the schema's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Defaults {
    /// Those that somebody set.
    #[default]
    AsSet,
    /// None, not even those that somebody set (featureprofiles: `missing_value_for_defaults`).
    Omitted,
}

/// The ways of a device. Each switch is a way that real devices have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way of its own, and any may go with any")]
pub struct Personality {
    /// The reading of an update of a leaf-list. Default: it adds.
    pub leaf_list_update: LeafListUpdate,
    /// Whether defaults are reported. Default: those that were set.
    pub defaults: Defaults,
    /// Interfaces that exist without anybody's doing: a delete resets them. Default:
    /// `Ethernet1` to `Ethernet12` and `Management0`, as in the lab.
    pub ports: Vec<String>,
    /// Whether the default network instance and its VLAN 1 exist by themselves. Default: yes.
    pub system_entries: bool,
    /// Leaves, by name, whose text is read back as a hash (hazard H13). Default: the
    /// passwords and keys of BGP, users, and TACACS+ or RADIUS servers.
    pub hashed_leaves: Vec<String>,
    /// Whether moving an interface to another VRF takes its addresses away, unless the same
    /// Set brings them. Default: yes.
    pub vrf_change_clears_addresses: bool,
    /// Whether `config/name` and its like appear by themselves when an entry is made
    /// without them. Default: yes.
    pub key_leaves_appear: bool,
    /// Whether a LAG loses its `lag-type` unless a member comes in the same Set
    /// (featureprofiles: `aggregate_atomic_update`). Default: no, since it would make every
    /// later change of a LAG a trap; tests switch it on.
    pub lag_needs_members: bool,
    /// Whether deletes are announced for the highest branch that is gone (hazard H19), or
    /// leaf by leaf. Default: branches.
    pub branch_deletes: bool,
    /// Whether subscriptions report the key leaves of list entries, such as
    /// `/interfaces/interface[name=Ethernet1]/name`. Default: yes.
    pub streams_key_leaves: bool,
    /// Whether a subscription goes on when the client closes its side (hazard H27).
    /// Default: yes.
    pub survives_half_close: bool,
    /// Whether a subscription ever says that its initial state is complete (hazard H11).
    /// Default: yes.
    pub syncs: bool,
    /// Whether a Set keeps the metadata annotation. Without, it is taken and forgotten.
    /// Default: yes.
    pub keeps_annotation: bool,
    /// Whether a Set's answer has one result for each operation. Default: yes.
    pub answers_each_operation: bool,
    /// The largest message that is taken, in bytes. Default: 64 MiB. Many servers have 4 MiB
    /// (hazard H8).
    pub largest_message: usize,
}

impl Personality {
    /// Arista EOS, as far as public sources tell.
    pub fn eos() -> Self {
        let ethernet = (1..=12).map(|port| format!("Ethernet{port}"));
        Self {
            leaf_list_update: LeafListUpdate::default(),
            defaults: Defaults::default(),
            ports: ethernet.chain(["Management0".to_owned()]).collect(),
            system_entries: true,
            hashed_leaves: ["auth-password", "password", "secret-key"].map(str::to_owned).to_vec(),
            vrf_change_clears_addresses: true,
            key_leaves_appear: true,
            lag_needs_members: false,
            branch_deletes: true,
            streams_key_leaves: true,
            survives_half_close: true,
            syncs: true,
            keeps_annotation: true,
            answers_each_operation: true,
            largest_message: 64 << 20,
        }
    }

    /// The specification and nothing more: no entries or values but those that were set.
    pub fn plain() -> Self {
        Self {
            leaf_list_update: LeafListUpdate::Overwrites,
            ports: Vec::new(),
            system_entries: false,
            hashed_leaves: Vec::new(),
            vrf_change_clears_addresses: false,
            key_leaves_appear: false,
            branch_deletes: false,
            streams_key_leaves: false,
            ..Self::eos()
        }
    }
}

impl Default for Personality {
    fn default() -> Self {
        Self::eos()
    }
}
