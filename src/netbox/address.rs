//! Where a NetBox is: the configured address, and whether another one is part of it.
//!
//! Whatever NetBox itself says of addresses (`next`, redirects) is held against this, so that
//! the token goes nowhere else. Elsewhere: asking (`client`).

use std::net::IpAddr;

use reqwest::Url;

use super::error::NetBoxError;

/// The root of a NetBox's API; ends with `/api/`.
#[derive(Clone, Debug)]
pub(super) struct Address(Url);

impl Address {
    /// Reads what a person gave: where the web page stands, with a path if it has one.
    pub(super) fn of(given: &str) -> Result<Self, NetBoxError> {
        let bad = |what: String, reason: &str| NetBoxError::Unusable { what, reason: reason.to_owned() };
        let mut url = match Url::parse(given.trim()) {
            Ok(url) if matches!(url.scheme(), "https" | "http") => url,
            // what cannot be taken apart may hold a credential: it is not repeated
            _ => return Err(bad("the address of NetBox".to_owned(), "it does not begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            let what = format!("the address `{}` of NetBox", shown(&url));
            return Err(bad(what, "a user or a password in it is not used; give a token"));
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/');
        let path = format!("{}/api/", path.strip_suffix("/api").unwrap_or(path));
        url.set_path(&path);
        Ok(Self(url))
    }

    /// Where the web page stands, with a slash at the end.
    pub(super) fn web(&self) -> &str {
        self.0.as_str().strip_suffix("api/").unwrap_or(self.0.as_str())
    }

    /// The address of a list or object below `/api/`, with a query in wire form.
    pub(super) fn at(&self, path: &str, query: &str) -> Url {
        let mut url = self.0.clone();
        // without the slash at its end NetBox redirects
        url.set_path(&format!("{}{path}/", self.0.path()));
        url.set_query((!query.is_empty()).then_some(query));
        url
    }

    /// Whether an address is part of this NetBox's API: same scheme, host, port and path.
    pub(super) fn holds(&self, url: &Url) -> bool {
        url.scheme() == self.0.scheme()
            && url.host_str() == self.0.host_str()
            && url.port_or_known_default() == self.0.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path().starts_with(self.0.path())
    }

    /// Whether what is sent can be read by others on the way.
    pub(super) fn is_clear_text(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        self.0.scheme() == "http"
            && host != "localhost"
            && !address.is_ok_and(|address| address.is_loopback())
    }
}

/// An address as it may be shown; a query can be long, so it is cut.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // fails for addresses that have no user to begin with
    let _ = (url.set_password(None), url.set_username(""));
    cut(url.as_str())
}

/// The beginning of a text that others wrote, on one line.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 300;
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if one_line.chars().count() <= MOST {
        return one_line;
    }
    one_line.chars().take(MOST).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_give_it() {
        for (given, web, list) in [
            (
                "https://netbox.example",
                "https://netbox.example/",
                "https://netbox.example/api/ipam/vlans/?id=1",
            ),
            (
                "https://n.example:8443/",
                "https://n.example:8443/",
                "https://n.example:8443/api/ipam/vlans/?id=1",
            ),
            ("https://n.example/nb/ ", "https://n.example/nb/", "https://n.example/nb/api/ipam/vlans/?id=1"),
            (
                "https://n.example/nb/api/",
                "https://n.example/nb/",
                "https://n.example/nb/api/ipam/vlans/?id=1",
            ),
            ("https://n.example/?a=b#c", "https://n.example/", "https://n.example/api/ipam/vlans/?id=1"),
        ] {
            let address = Address::of(given).unwrap();
            assert_eq!(address.web(), web, "{given}");
            assert_eq!(address.at("ipam/vlans", "id=1").as_str(), list, "{given}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_told_why_without_its_credential() {
        for (given, expected) in [
            ("netbox.example", "does not begin with https://"),
            ("ftp://netbox.example", "does not begin with https://"),
            ("https://u:hunter2@netbox.example", "give a token"),
            ("u:hunter2@netbox.example:x/", "does not begin with https://"),
            ("https://u:hunter2@[netbox", "does not begin with https://"),
        ] {
            let error = Address::of(given).unwrap_err().to_string();
            assert!(error.contains(expected) && !error.contains("hunter2"), "{given}: {error}");
        }
    }

    #[test]
    fn another_scheme_host_port_or_path_is_not_this_netbox() {
        let address = Address::of("https://netbox.example/nb").unwrap();
        for (url, expected) in [
            ("https://netbox.example/nb/api/dcim/devices/?offset=50", true),
            ("https://netbox.example:443/nb/api/dcim/devices/", true),
            ("http://netbox.example/nb/api/dcim/devices/", false),
            ("https://netbox.internal/nb/api/dcim/devices/", false),
            ("https://netbox.example:8443/nb/api/dcim/devices/", false),
            ("https://netbox.example/api/dcim/devices/", false),
            ("https://netbox.example/nb/api/../../x/", false),
            ("https://u@netbox.example/nb/api/dcim/devices/", false),
            ("https://netbox.example.evil/nb/api/", false),
        ] {
            assert_eq!(address.holds(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn only_http_to_other_machines_is_clear_text() {
        for (url, expected) in [
            ("https://netbox.example", false),
            ("http://netbox.example", true),
            ("http://127.0.0.1:8000", false),
            ("http://[::1]:8000", false),
            ("http://localhost:8000", false),
            ("http://127.0.0.1.example", true),
        ] {
            assert_eq!(Address::of(url).unwrap().is_clear_text(), expected, "{url}");
        }
    }
}
