//! People on a forge: who wrote something, whether they may write, and who we are.
//!
//! Elsewhere: what each API says of them (`github::reviewing` and its like).

use super::{Forge, ForgeError};

/// A user, as the forge names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct User {
    /// The name to log in with: `ada`, `gitfabric[bot]`.
    pub name: String,
    /// The forge's own number for them, which stays when they take another name; 0 where it has
    /// none.
    pub id: u64,
}

impl User {
    /// Whether two are the same: by their ids where both have one, else by their names.
    pub fn is(&self, other: &Self) -> bool {
        if self.id != 0 && other.id != 0 {
            return self.id == other.id;
        }
        !self.name.is_empty() && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Forge {
    /// Whether somebody may push to the repository. Somebody who is no member may not. Remembered,
    /// and asked again conditionally.
    pub fn may_write(&self, user: &User) -> Result<bool, ForgeError> {
        // nobody: an account that is gone
        Ok(!user.name.is_empty() && self.reviewing.may_write(&self.http, user)?)
    }

    /// Who we are on this forge: the author of what we write. Asked once.
    pub fn whoami(&self) -> Result<User, ForgeError> {
        self.written.me(|| self.reviewing.whoami(&self.http))
    }
}
