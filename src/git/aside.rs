//! A repository of one's own beside another, whose objects it reads.
//!
//! For commands of people: what they write is in nobody's way, and goes with its folder.
//! Elsewhere: the same for the heads of pull requests (`pulls`).

use std::fs;
use std::path::Path;

use super::error::GitError;
use super::program::Program;
use super::repository::Repository;
use super::write::init;

impl Repository {
    /// Makes a bare repository in an empty folder that reads the objects of the one in `of`,
    /// which is not written to and need not be there.
    pub fn aside(folder: &Path, of: &Path) -> Result<Self, GitError> {
        init(folder, "main")?;
        let objects = of.join("objects");
        if objects.is_dir() {
            let io = |cause| GitError::Folder { path: folder.to_owned(), cause };
            let objects = objects.canonicalize().map_err(io)?;
            fs::create_dir_all(folder.join("objects/info")).map_err(io)?;
            fs::write(folder.join("objects/info/alternates"), format!("{}\n", objects.display()))
                .map_err(io)?;
        }
        Self::open(folder)
    }
}

/// The person at work in a folder, as Git knows them: name and address; none where Git was
/// never told.
pub fn person(folder: &Path) -> Result<Option<(String, String)>, GitError> {
    let ask = |variable: &str, key: &str| {
        if let Some(value) = std::env::var(variable).ok().filter(|value| !value.trim().is_empty()) {
            return Ok(Some(value));
        }
        let output = Program::of_the_user(folder).run(["config", "--get", key])?;
        let value = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok((output.status.success() && !value.is_empty()).then_some(value))
    };
    let name: Option<String> = ask("GIT_AUTHOR_NAME", "user.name")?;
    let email = ask("GIT_AUTHOR_EMAIL", "user.email")?;
    Ok(name.zip(email))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Way;
    use crate::git::fixture::TestRepo;

    #[test]
    fn what_the_other_one_has_is_read_and_only_what_it_lacks_is_fetched() {
        let repo = TestRepo::new();
        let first = repo.write("a", "1").commit("one");
        let bare = repo.bare_clone();
        let folder = tempfile::tempdir().unwrap();
        let aside = Repository::aside(&folder.path().join("x"), bare.path()).unwrap();
        assert!(aside.holds(&first));
        let second = repo.write("a", "2").commit("two");
        let remote = crate::git::Remote::new(&repo.url(), "main").unwrap();
        let head = aside.fetch_branch(Way::Remote(&remote), "main").unwrap();
        assert_eq!(head, Some(second.clone()));
        assert!(aside.holds(&second) && !Repository::open(bare.path()).unwrap().holds(&second));
        let alone = Repository::aside(&folder.path().join("y"), &folder.path().join("absent")).unwrap();
        assert!(!alone.holds(&first));
    }

    #[test]
    fn the_person_is_the_one_whom_git_knows() {
        let repo = TestRepo::new();
        repo.git(&["config", "user.name", "Ada L"]);
        repo.git(&["config", "user.email", "ada@example.net"]);
        if std::env::var_os("GIT_AUTHOR_NAME").is_none() && std::env::var_os("GIT_AUTHOR_EMAIL").is_none() {
            let known = person(repo.path()).unwrap();
            assert_eq!(known, Some(("Ada L".to_owned(), "ada@example.net".to_owned())));
        }
    }
}
