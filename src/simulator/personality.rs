//! How a device differs from the text of the specification, switch by switch.
//!
//! Here: [`Personality`], whose default is what is known of Arista EOS. Elsewhere: the
//! switches at work (`eos`, `edit`, `view`, `shape`, `subscribe`), faults that come once
//! (`faults`). Hazards (H1 to H28) are those of the gnmi fact sheet.

use tonic::Code;

use crate::yang::Path;

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
    /// All of them, in every container that stands in an entry that is there: going back to a
    /// default is told as an update.
    All,
}

/// Where a subscription on change is taken. What is refused is refused as a whole, with all
/// paths of its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnChange {
    /// For every path.
    #[default]
    Everywhere,
    /// For none: the code is `INVALID_ARGUMENT` on some devices and `UNIMPLEMENTED` on others.
    Nowhere(Code),
    /// For none that is, holds or stands below one of these.
    NotAt(Code, Vec<Path>),
}

/// How much of its data a subscription puts into one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// The first state in messages of 64 leaves; each change by itself, what is gone and what
    /// is new in one message.
    #[default]
    Some,
    /// One leaf a message, also of a change: gNMI without aggregation.
    Leaf,
    /// The first state, and after each change all of the state again, each in one message
    /// (hazard H9).
    Table,
}

/// Which time a subscription's notifications carry (hazard H20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// Nanoseconds since 1970, as the specification wants.
    #[default]
    Nanoseconds,
    /// Seconds since 1970.
    Seconds,
    /// Zero.
    None,
}

/// Which members of a JSON object say their module (hazard H21).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberNames {
    /// Those of the first level, and those of another module than their parent's.
    #[default]
    Rfc7951,
    /// All of them.
    Prefixed,
    /// None of them.
    Bare,
}

/// What path the updates of a Get have (hazard H22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GetPaths {
    /// What was asked for, or each match of it.
    #[default]
    AsAsked,
    /// One step less: the value is wrapped in its member.
    Shorter,
    /// Each leaf by itself.
    Leaves,
    /// What was asked for, all but the last step of it in the prefix.
    InPrefix,
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
    /// Whether such a hash has a new salt each time it is read, in a Get or on a
    /// subscription. Default: no.
    pub resalts: bool,
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
    /// Where a subscription on change is taken. Default: everywhere.
    pub on_change: OnChange,
    /// How much one message of a subscription holds. Default: some.
    pub packing: Packing,
    /// Containers and lists whose every change is told as one atomic notification of all that
    /// is left in them, or in the entry (hazard H19; gNMI specification §2.1.1). Keys are left
    /// out. Default: none.
    pub atomic: Vec<Path>,
    /// Whether a subscription tells the last of its first state once more behind the sync
    /// (hazard H28). Default: no.
    pub replays_last: bool,
    /// Which time notifications carry. Default: nanoseconds.
    pub timestamps: Timestamps,
    /// Whether the extension `ConfigSubscription` is known: nothing but configuration is told
    /// then, and the end of each commit. Default: no, it is passed over.
    pub config_subscriptions: bool,
    /// How many changes of a subscription wait for a client that is slow; beyond it they
    /// become one, in which each leaf says how often it changed (`duplicates`). Default: 16,384.
    pub waiting_changes: usize,
    /// Which JSON members say their module. Default: as RFC 7951 has it.
    pub member_names: MemberNames,
    /// What path the updates of a Get have. Default: what was asked for.
    pub get_paths: GetPaths,
    /// Whether values are written in another way than the canonical one: MAC addresses in
    /// capitals, IPv6 addresses in full (hazard H15). Default: no.
    pub odd_spelling: bool,
    /// Whether the values of leaf-lists that have no order come in the opposite one (hazard
    /// H16). Default: no.
    pub reverses_leaf_lists: bool,
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
            resalts: false,
            vrf_change_clears_addresses: true,
            key_leaves_appear: true,
            lag_needs_members: false,
            branch_deletes: true,
            streams_key_leaves: true,
            survives_half_close: true,
            syncs: true,
            on_change: OnChange::default(),
            packing: Packing::default(),
            atomic: Vec::new(),
            replays_last: false,
            timestamps: Timestamps::default(),
            config_subscriptions: false,
            waiting_changes: 16_384,
            member_names: MemberNames::default(),
            get_paths: GetPaths::default(),
            odd_spelling: false,
            reverses_leaf_lists: false,
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
