//! Lists that come in pages.
//!
//! Here: lists that are read once, and following `rel="next"` of a `Link` header (RFC 8288; GitHub, GitLab and Gitea all send
//! it) up to a number of pages. Only the query of such a link is taken: behind a proxy some
//! forges name themselves wrongly, and the token goes to the API's own host alone. Elsewhere: lists
//! that are asked for again and again (`cache`).

use reqwest::Url;
use reqwest::header::{HeaderMap, LINK};
use serde::de::DeserializeOwned;

use super::{Call, Http};
use crate::forge::error::ForgeError;

impl Http {
    /// The first item of a list that `wanted` makes something of. Later pages are asked for only
    /// until it is found, and at most `most` pages in all.
    pub(in crate::forge) fn first_of<T: DeserializeOwned, R>(
        &self,
        call: Call,
        most: usize,
        wanted: impl Fn(T) -> Option<R>,
    ) -> Result<Option<R>, ForgeError> {
        let mut found = None;
        self.each_page(call, most, |page: Vec<T>| {
            found = page.into_iter().find_map(&wanted);
            found.is_none()
        })?;
        Ok(found)
    }

    /// All items that `wanted` makes something of, of at most `most` pages.
    pub(in crate::forge) fn all<T: DeserializeOwned, R>(
        &self,
        call: Call,
        most: usize,
        wanted: impl Fn(T) -> Option<R>,
    ) -> Result<Vec<R>, ForgeError> {
        let mut found = Vec::new();
        self.each_page(call, most, |page: Vec<T>| {
            found.extend(page.into_iter().filter_map(&wanted));
            true
        })?;
        Ok(found)
    }

    /// Goes through pages until there is no next one, or `go_on` says that it is enough.
    fn each_page<T: DeserializeOwned>(
        &self,
        mut call: Call,
        most: usize,
        mut go_on: impl FnMut(Vec<T>) -> bool,
    ) -> Result<(), ForgeError> {
        for _ in 0..most {
            let answer = self.send(&call)?;
            if !go_on(self.read(&call, &answer)?) {
                return Ok(());
            }
            match next(&answer.headers, &call.url) {
                Some(query) if call.url.query() != Some(&query) => call.url.set_query(Some(&query)),
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// The query of the next page.
pub(super) fn next(headers: &HeaderMap, base: &Url) -> Option<String> {
    let links = headers.get_all(LINK);
    let target = links.iter().filter_map(|value| value.to_str().ok()).find_map(next_target)?;
    base.join(target).ok()?.query().map(str::to_owned)
}

/// The query of the page after one that is full and has no link. An item that comes later and
/// begins a page changes nothing on the page before: its `ETag` stays, and a 304 has no links.
pub(super) fn after_full(url: &Url, items: usize) -> Option<String> {
    let length = parameter(url, "per_page")?.parse::<usize>().ok()?;
    let page = parameter(url, "page").map_or(Ok(1), |page| page.parse::<u64>()).ok()?;
    (items >= length).then(|| replaced(url, "page", &page.saturating_add(1).to_string()))
}

/// Asks for shorter pages; false if they are as short as can be.
pub(super) fn shorten(url: &mut Url) -> bool {
    for name in ["per_page", "limit"] {
        let length = parameter(url, name).and_then(|length| length.parse().ok());
        let Some(length) = length.filter(|length: &usize| *length > 1) else { continue };
        let query = replaced(url, name, &length.div_ceil(5).to_string());
        url.set_query(Some(&query));
        return true;
    }
    false
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A query with another value of a parameter.
fn replaced(url: &Url, name: &str, value: &str) -> String {
    let mut changed = url.clone();
    let others = url.query_pairs().filter(|(key, _)| key != name);
    changed.query_pairs_mut().clear().extend_pairs(others).append_pair(name, value);
    changed.query().unwrap_or_default().to_owned()
}

/// The target of `<TARGET>; rel="next"` in a list of links. A target may hold commas.
fn next_target(mut links: &str) -> Option<&str> {
    loop {
        let (target, rest) = links.split_once('<')?.1.split_once('>')?;
        let parameters = rest.split_once('<').map_or(rest, |(own, _)| own);
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations = value.trim().trim_matches('"').split(' ');
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|it| it.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target);
        }
        links = rest;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_next_page_is_found_among_the_links() {
        for (case, links, expected) in [
            (
                "GitHub",
                r#"<https://h/p?page=2>; rel="next", <https://h/p?page=9>; rel="last""#,
                Some("https://h/p?page=2"),
            ),
            ("the last page", r#"<https://h/p?page=1>; rel="first""#, None),
            (
                "not the first link",
                r#"<https://h/p?a=1>; rel="prev",<https://h/p?a=3>; rel="next""#,
                Some("https://h/p?a=3"),
            ),
            ("a comma in it", r"<https://h/p?a=1,2>; rel=next", Some("https://h/p?a=1,2")),
            ("other parameters", r#"<p?x>; title="b"; REL="x next""#, Some("p?x")),
            ("broken", "<https://h", None),
            ("nothing", "", None),
        ] {
            assert_eq!(next_target(links), expected, "{case}");
        }
    }

    proptest! {
        #[test]
        fn no_link_panics(links in "[<>;,=\" a-z]{0,60}") {
            let _ = next_target(&links);
        }
    }
}
