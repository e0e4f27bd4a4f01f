//! Comments on a pull request: read, written, edited, deleted.
//!
//! Elsewhere: keeping one comment of ours in place (`sync`), comments on lines (`annotate`).

use super::people::User;
use super::pulls::News;
use super::text::bounded_body;
use super::{Forge, ForgeError};

/// A comment on a pull request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The forge's number for it; later ones are larger.
    pub id: u64,
    /// Who wrote it.
    pub author: User,
    /// Markdown.
    pub body: String,
    /// When it was written, in the forge's words.
    pub created_at: String,
    /// When it was edited last, in the forge's words; when it was written if it never was.
    pub updated_at: String,
    /// Its place on the pull request's page; empty where the forge does not tell.
    pub url: String,
}

/// What became of a comment that was to be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edited {
    /// It says this now.
    Done(Comment),
    /// Somebody deleted it.
    Gone,
}

impl Forge {
    /// All comments on a pull request, oldest first, without those that the forge writes itself.
    /// Conditional.
    pub fn comments(&self, number: u64) -> Result<News<Vec<Comment>>, ForgeError> {
        let listed = self.reviewing.comments(&self.http, number)?;
        Ok(self.http.news(listed))
    }

    /// Writes a comment; a body over the forge's limit is cut with a word about it. It is sent
    /// once: where the answer is lost, nobody knows whether it is there
    /// ([`ForgeError::may_be_done`]). [`sync_comment`](Self::sync_comment) looks.
    pub fn comment(&self, number: u64, body: &str) -> Result<Comment, ForgeError> {
        self.reviewing.comment(&self.http, number, &bounded_body(body, self.kind))
    }

    /// Gives a comment of ours another body.
    pub fn edit_comment(&self, number: u64, id: u64, body: &str) -> Result<Edited, ForgeError> {
        match self.reviewing.edit_comment(&self.http, number, id, &bounded_body(body, self.kind)) {
            Err(error) if error.says_it_is_gone() => Ok(Edited::Gone),
            done => done.map(Edited::Done),
        }
    }

    /// Deletes a comment of ours; one that is gone already is no error.
    pub fn delete_comment(&self, number: u64, id: u64) -> Result<(), ForgeError> {
        match self.reviewing.delete_comment(&self.http, number, id) {
            Err(error) if error.says_it_is_gone() => Ok(()),
            done => done,
        }
    }
}
