//! Lists that come in pages.
//!
//! Here: following `rel="next"` of a `Link` header (RFC 8288; GitHub, GitLab and Gitea all send
//! it) up to a number of pages. Only the query of such a link is taken: behind a proxy some
//! forges name themselves wrongly, and the token goes to the API's own host alone.

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
        mut call: Call,
        most: usize,
        wanted: impl Fn(T) -> Option<R>,
    ) -> Result<Option<R>, ForgeError> {
        for _ in 0..most {
            let answer = self.send(&call)?;
            let page: Vec<T> = self.read(&call, &answer)?;
            if let Some(found) = page.into_iter().find_map(&wanted) {
                return Ok(Some(found));
            }
            match next(&answer.headers, &call.url) {
                Some(query) if call.url.query() != Some(&query) => call.url.set_query(Some(&query)),
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// The query of the next page.
fn next(headers: &HeaderMap, base: &Url) -> Option<String> {
    let links = headers.get_all(LINK);
    let target = links.iter().filter_map(|value| value.to_str().ok()).find_map(next_target)?;
    base.join(target).ok()?.query().map(str::to_owned)
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
