//! What a person can do about each failure.
//!
//! Elsewhere: the failures (`error`).

use std::borrow::Cow;

use super::NetBoxError;

impl NetBoxError {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Unusable { .. } => return None,
            Self::ClearText { .. } => "use https; a lab's NetBox can be allowed to be read without it".into(),
            Self::UntrustedCertificate { .. } => "name the authority that signed it".into(),
            Self::Unreachable { .. } => "check the address, its port and the route to it".into(),
            Self::TimedOut { .. } => {
                "NetBox needs more workers, or the export more time: a page of 1,000 interfaces takes NetBox \
                 seconds"
                    .into()
            }
            Self::Refused { said, .. } => advice(said).into(),
            Self::ReadOnly { needs, .. } => format!(
                "the token must be allowed to write, and its user needs a permission with the action {needs}"
            )
            .into(),
            Self::Doubtful { .. } => "it is not written again, so that it does not stand there twice".into(),
            Self::NotTaken { .. } => {
                "NetBox holds it against the type of each custom field, and against required fields that are \
                 not set; mend those there"
                    .into()
            }
            Self::NotPermitted { lists } => format!(
                "give its user a permission without constraints with the action `view` on {}",
                if lists.len() == 1 { "it" } else { "all of them" }
            )
            .into(),
            Self::Missing { plugin: true, .. } => {
                "the plugin netbox-bgp is not installed there, or its version does not fit NetBox's: then its \
                 addresses are gone while NetBox runs"
                    .into()
            }
            Self::Missing { .. } => "is this address the root of a NetBox from 4.2 on?".into(),
            Self::NotNetBox { .. } => {
                "give the address under which NetBox's web page stands, without `/api`, with its path if it has \
                 one"
                .into()
            }
            Self::Status { status: 400..=499, .. } => "this NetBox does not take a question that it should: \
                 please report it, with NetBox's version"
                .into(),
            Self::Status { .. } => "NetBox's own log says more".into(),
            Self::Busy { wait: Some(wait), .. } => {
                format!("the server wants {} s of rest: export less often, or raise its limit", wait.as_secs())
                    .into()
            }
            Self::Busy { .. } => "NetBox or a proxy before it is overloaded or restarting".into(),
            Self::TooLarge { .. } => "is this address a NetBox?".into(),
            Self::Garbled { .. } => "a proxy may have cut it; if it stays so, look into NetBox's log".into(),
            Self::Redirected { to, .. } if to.contains("/login") => {
                "this is NetBox's page for logging in: a proxy or single sign-on stands before the API".into()
            }
            Self::Redirected { .. } | Self::NextElsewhere { .. } => {
                "a NetBox behind a proxy must know the address that its users see: let the proxy send Host and \
                 X-Forwarded-Proto, or give the address that NetBox itself names"
                    .into()
            }
            Self::FilterIgnored { .. } => {
                "NetBox ignores the names of filters that it does not know; please report it, with its version"
                    .into()
            }
            Self::Uncounted { .. } => {
                "if nobody is changing that list, then NetBox shows some objects twice and others not at all"
                    .into()
            }
            Self::Restless { .. } => "an import or a script may be running; export again after it".into(),
            Self::TooOld { .. } => "the export reads NetBox from 4.2 on".into(),
            Self::PluginGone => {
                "without it all BGP sessions and policies would look deleted; if that is meant, remove \
                 netbox-export.json from the repository and export again"
                    .into()
            }
            Self::Downgraded { .. } => {
                "what it lost would look deleted; if that is meant, remove netbox-export.json from the repository \
                 and export again"
                    .into()
            }
            Self::NoField { .. } => {
                "is it of another version, or does a plugin or a proxy change its answers? please report it, \
                 with NetBox's version"
                    .into()
            }
            Self::NotShown { .. } => {
                "objects that a constraint of the token's permission hides look like this: give the token's \
                 user a permission without constraints"
                    .into()
            }
            Self::Hidden { .. } => {
                "objects that a constraint of the token's permission hides look like this: give the token's \
                 user a permission without constraints; if a script deleted them past the log, remove \
                 netbox-export.json from the repository and export again"
                    .into()
            }
        })
    }
}

/// What each of NetBox's texts for 403 asks for.
fn advice(said: &str) -> &'static str {
    const ADVICE: [(&str, &str); 8] = [
        (
            "credentials were not provided",
            "the token did not arrive: a proxy may drop the header Authorization",
        ),
        ("Invalid v1 token", "NetBox does not know this token: was it deleted, or is it another NetBox's?"),
        (
            "Invalid v2 token",
            "NetBox does not know this token: give it whole, `nbt_`, key, point and secret, as NetBox showed it \
             once",
        ),
        ("expired", "make a new token, or move this one's date of expiry"),
        ("disabled", "switch the token on again"),
        ("Invalid authorization header", "a v2 token is `nbt_`, key, point and secret; give it whole"),
        ("is not permitted to authenticate", "the token's list of allowed addresses lacks this machine"),
        ("do not have permission", "the token's user lacks the permission `view` on this"),
    ];
    ADVICE
        .iter()
        .find(|(text, _)| said.contains(text))
        .map_or("see what NetBox says of this token and its user", |(_, advice)| advice)
}
