//! Every rule, as an edit to the example repository and what is found then.

use crate::intent::fixture::Repo;

#[test]
fn the_example_has_no_error_and_the_warnings_of_the_lab() {
    let repo = Repo::example();
    insta::assert_snapshot!(repo.report(&repo.load().findings));
}
