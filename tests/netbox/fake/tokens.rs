//! The tokens that a fake NetBox knows, and what it says to those that it does not.
//!
//! The kinds are those of the recording's README. Texts: as recorded.

/// A v1 token that may view everything: what an exporter has.
pub(crate) const EXPORTER: &str = "0123456789abcdef0123456789abcdef01234567";
/// A v2 token of the same user.
pub(crate) const EXPORTER_V2: &str = "nbt_ABCDEFabcdef.0123456789abcdef0123456789abcdef01234567";
/// May write.
pub(crate) const ADMIN: &str = "admin456789abcdef0123456789abcdef0123456";
/// May view sites and nothing else.
pub(crate) const LIMITED: &str = "limited6789abcdef0123456789abcdef0123456";
/// May view interfaces, and devices of the role leaf only.
pub(crate) const CONSTRAINED: &str = "constrained9abcdef0123456789abcdef012345";
/// Was good once.
pub(crate) const EXPIRED: &str = "expired6789abcdef0123456789abcdef0123456";
/// Was switched off.
pub(crate) const DISABLED: &str = "disabled789abcdef0123456789abcdef0123456";

/// Whose token a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Auth {
    Exporter,
    ExporterV2,
    Admin,
    Limited,
    Constrained,
    Expired,
    Disabled,
    None,
    BadV1,
    BadV2,
    /// `nbt_` with no dot after the key.
    BadV2Form,
}

impl Auth {
    /// The name in a recording's manifest.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Exporter => "exporter",
            Self::ExporterV2 => "exporter-v2",
            Self::Admin => "admin",
            Self::Limited => "limited",
            Self::Constrained => "constrained",
            Self::Expired => "expired",
            Self::Disabled => "disabled",
            Self::None => "none",
            Self::BadV1 => "bad-v1",
            Self::BadV2 => "bad-v2",
            Self::BadV2Form => "bad-v2-form",
        }
    }

    /// The detail of the 403 for a token that does not log in.
    pub(super) fn refusal(self) -> Option<&'static str> {
        Some(match self {
            Self::None => "Authentication credentials were not provided.",
            Self::BadV1 => "Invalid v1 token",
            Self::BadV2 => "Invalid v2 token",
            Self::BadV2Form => {
                "Invalid authorization header: Could not parse key from v2 token. Did you mean to use \
                 'Token' instead of 'Bearer'?"
            }
            Self::Expired => "Token expired",
            Self::Disabled => "Token disabled",
            _ => return None,
        })
    }

    /// Whether this user may view objects of an endpoint.
    pub(super) fn may_view(self, endpoint: &str) -> bool {
        match self {
            Self::Exporter | Self::ExporterV2 | Self::Admin => true,
            Self::Limited => endpoint == "dcim/sites",
            Self::Constrained => ["dcim/devices", "dcim/interfaces"].contains(&endpoint),
            _ => false,
        }
    }

    /// The name of the user in NetBox.
    pub(super) fn user(self) -> &'static str {
        if self == Self::Admin { "admin" } else { "fabric-exporter" }
    }
}

/// Reads an `Authorization` header. NetBox goes by the token's prefix, not by the word
/// before it; a word that it does not know is as good as no header.
pub(super) fn who(header: Option<&str>) -> Auth {
    let Some((word, token)) = header.and_then(|header| header.split_once(' ')) else { return Auth::None };
    if !["token", "bearer"].contains(&word.to_ascii_lowercase().as_str()) {
        return Auth::None;
    }
    match token {
        EXPORTER => Auth::Exporter,
        EXPORTER_V2 => Auth::ExporterV2,
        ADMIN => Auth::Admin,
        LIMITED => Auth::Limited,
        CONSTRAINED => Auth::Constrained,
        EXPIRED => Auth::Expired,
        DISABLED => Auth::Disabled,
        _ if !token.starts_with("nbt_") => Auth::BadV1,
        _ if token.contains('.') => Auth::BadV2,
        _ => Auth::BadV2Form,
    }
}
