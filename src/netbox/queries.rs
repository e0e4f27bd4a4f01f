//! Questions for many objects at once, in addresses that a server takes.
//!
//! Here: [`queries`]. Elsewhere: what is asked (`changes`, `back`).

use std::collections::BTreeSet;
use std::fmt::Display;

/// Values in one request.
const MOST: usize = 150;
/// Their length; with the rest the address stays below the 4,094 bytes that gunicorn takes.
const LONGEST: usize = 2_500;

/// Values of one filter, which need no escapes, as queries that are short enough: each begins an
/// address's query, and comes with the values in it.
pub(super) fn queries<T: Copy + Ord + Display>(filter: &str, values: &[T]) -> Vec<(String, BTreeSet<T>)> {
    let mut queries: Vec<(String, BTreeSet<T>)> = Vec::new();
    for value in values {
        let part = format!("{filter}={value}&");
        match queries.last_mut() {
            Some((query, asked)) if asked.len() < MOST && query.len() + part.len() <= LONGEST => {
                query.push_str(&part);
                asked.insert(*value);
            }
            _ => queries.push((part, BTreeSet::from([*value]))),
        }
    }
    queries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::netbox::inventory::ENDPOINTS;
    use crate::netbox::lists;
    use crate::netbox::wire::Id;

    #[test]
    fn questions_for_many_objects_stay_short() {
        for (count, first, expected) in
            [(0_u64, 1, 0), (1, 1, 1), (150, 1, 1), (151, 1, 2), (2_000, 1_000_000_000_000_000, 16)]
        {
            let ids: Vec<Id> = (first..first + count).collect();
            let queries = queries("id", &ids);
            assert_eq!(queries.len(), expected, "{count}");
            let asked: Vec<Id> = queries.iter().flat_map(|(_, asked)| asked.iter().copied()).collect();
            assert_eq!(asked, ids);
            for list in ENDPOINTS {
                let longest = queries.iter().map(|(query, _)| query.len() + lists::query(list).len()).max();
                assert!(longest.unwrap_or(0) < 3_500, "{}", list.path);
            }
        }
    }

    #[test]
    fn names_share_requests_that_stay_short() {
        let names: Vec<String> = (0..250).map(|n| format!("leaf{n:03}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let parts = queries("name", &names);
        assert_eq!(parts.iter().map(|(_, asked)| asked.len()).collect::<Vec<_>>(), [150, 100]);
        let long: Vec<String> = (0..100).map(|n| format!("{n:063}")).collect();
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        assert!(queries("name", &long).iter().all(|(query, _)| query.len() <= LONGEST));
        assert_eq!(queries::<&str>("name", &[]), []);
    }
}
