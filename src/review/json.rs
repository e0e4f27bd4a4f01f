//! A review for machines, `format: 1`, and its seal.
//!
//! The format only ever grows; a field that changes its meaning makes a new number.

use serde::Serialize;

use super::report::Review;
use crate::plan::secret::hex;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Document<'a> {
    format: u8,
    #[serde(flatten)]
    review: &'a Review,
    reverts: bool,
    seal: &'a str,
    reviewed_at: String,
    link: Option<&'a str>,
}

impl Review {
    /// All of it for machines, indented, with a line break at its end.
    pub fn json(&self) -> String {
        let document = Document {
            format: 1,
            review: self,
            reverts: self.reverts(),
            seal: &self.seal,
            reviewed_at: self.now.to_string(),
            link: self.link.as_deref(),
        };
        // no map in it has a key that is not text: serialising does not fail
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// SHA-256 over all that a review says, times and links left out.
pub(super) fn seal(review: &Review) -> String {
    let text = serde_json::to_vec(review).unwrap_or_default();
    hex(ring::digest::digest(&ring::digest::SHA256, &text).as_ref())
}
