//! A token, and where it is read again when it was rotated.
//!
//! Elsewhere: the token of a Git remote (`git::remote`), which is read at each push too.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::secret::SecretText;

/// Where a token comes from.
#[derive(Clone, Debug)]
pub enum Token {
    /// A value that the caller has: a process cannot be given other variables.
    Given(SecretText),
    /// The first line of a file, read at each export.
    File(PathBuf),
}

impl Token {
    /// The token as it is now.
    pub fn read(&self) -> anyhow::Result<SecretText> {
        match self {
            Self::Given(token) => Ok(token.clone()),
            Self::File(file) => secret_in(file),
        }
    }
}

/// The first line of a file; an error names the file and nothing of what is in it.
pub fn secret_in(file: &Path) -> anyhow::Result<SecretText> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let line = text.lines().next().unwrap_or_default().to_owned();
    if line.is_empty() {
        bail!("{} is empty", file.display());
    }
    Ok(SecretText::new(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_each_time_and_what_is_wrong_with_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let token = Token::File(file.clone());
        assert!(token.read().unwrap_err().to_string().starts_with("cannot read"));
        for (text, expected) in [("hunter1\n", "hunter1"), ("hunter2\nnot this", "hunter2")] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(token.read().unwrap().expose(), expected);
        }
        std::fs::write(&file, "\nhunter3\n").unwrap();
        let error = token.read().unwrap_err().to_string();
        assert!(error.ends_with("is empty") && !error.contains("hunter"), "{error}");
    }
}
