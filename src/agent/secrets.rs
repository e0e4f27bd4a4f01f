//! Values of secrets, by name: environment, systemd credential, file.
//!
//! Here: looking them up. The intent and the configuration hold names only
//! (`names::SecretName`); values are `plan::SecretText`, which does not show.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::names::SecretName;
use crate::rollout::SecretLookup;
use crate::secret::SecretText;

/// Variables of the environment, by name.
type Environment = Box<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// Where secrets are looked for, in this order.
pub struct Secrets {
    environment: Environment,
    credentials: Option<PathBuf>,
    directory: Option<PathBuf>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("credentials", &self.credentials)
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// Why a secret has no value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is nowhere.
    #[error("secret:{name} has no value; looked for {looked}")]
    Missing {
        /// Its name.
        name: SecretName,
        /// The places, in words.
        looked: String,
    },
    /// Its file cannot be read.
    #[error("secret:{name}: cannot read {file}", file = file.display())]
    Read {
        /// Its name.
        name: SecretName,
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It is empty, or not text.
    #[error("secret:{name} is {what}")]
    Unusable {
        /// Its name.
        name: SecretName,
        /// What is wrong with it; never the value.
        what: &'static str,
    },
}

impl Secrets {
    /// This process's environment, its systemd credentials, and a folder.
    pub fn of_system(directory: Option<PathBuf>) -> Self {
        let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
        Self { environment: Box::new(|name| std::env::var_os(name)), credentials, directory }
    }

    /// The value of a secret. One line's end behind it is not part of it: editors add it.
    pub fn get(&self, name: &SecretName) -> Result<SecretText, SecretError> {
        let variable = variable(name);
        if let Some(value) = (self.environment)(&variable) {
            let text = value.into_string().map_err(|_| unusable(name, "not UTF-8 text"))?;
            return usable(name, text);
        }
        let credential = self.credentials.as_ref().map(|folder| folder.join(name.as_str().replace('/', "_")));
        let file = self.directory.as_ref().map(|folder| folder.join(name.as_str()));
        for file in credential.iter().chain(&file) {
            match std::fs::read(file) {
                Ok(bytes) => {
                    let text = String::from_utf8(bytes).map_err(|_| unusable(name, "not UTF-8 text"))?;
                    return usable(name, text);
                }
                Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
                Err(cause) => {
                    return Err(SecretError::Read { name: name.clone(), file: file.clone(), cause });
                }
            }
        }
        let files = credential.iter().chain(&file).map(|file| format!(", {}", file.display()));
        let looked = format!("the environment variable {variable}{}", files.collect::<String>());
        Err(SecretError::Missing { name: name.clone(), looked })
    }
}

/// A lookup that asks another once for each name. What a pass plans with, sends and writes
/// down must be one value, also when somebody changes the secret meanwhile: or else the
/// record says that the new one was sent.
pub(super) fn remembering(lookup: SecretLookup) -> SecretLookup {
    let known: Mutex<BTreeMap<SecretName, Option<SecretText>>> = Mutex::default();
    Arc::new(move |name| {
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name.clone()).or_insert_with(|| lookup(name)).clone()
    })
}

/// `bgp/fw` is `GITFABRIC_SECRET_BGP_FW`.
fn variable(name: &SecretName) -> String {
    let word: String = name
        .as_str()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    format!("GITFABRIC_SECRET_{word}")
}

fn usable(name: &SecretName, mut text: String) -> Result<SecretText, SecretError> {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(unusable(name, "empty"));
    }
    Ok(SecretText::new(text))
}

fn unusable(name: &SecretName, what: &'static str) -> SecretError {
    SecretError::Unusable { name: name.clone(), what }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(environment: &'static [(&str, &str)], folder: &std::path::Path) -> Secrets {
        let find = move |name: &str| {
            environment.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        };
        Secrets {
            environment: Box::new(find),
            credentials: Some(folder.join("credentials")),
            directory: Some(folder.join("secrets")),
        }
    }

    #[test]
    fn a_secret_is_found_in_environment_credential_and_file_in_this_order() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("secrets/bgp/fw", "from-file\n");
        write("secrets/empty", "\n");
        let name: SecretName = "bgp/fw".parse().unwrap();
        let seen = |environment| secrets(environment, folder.path()).get(&name).unwrap().expose().to_owned();
        assert_eq!(seen(&[]), "from-file");
        write("credentials/bgp_fw", "from-credential");
        assert_eq!(seen(&[]), "from-credential");
        assert_eq!(seen(&[("GITFABRIC_SECRET_BGP_FW", "from-environment")]), "from-environment");

        let secrets = secrets(&[], folder.path());
        let missing = secrets.get(&"no/such".parse().unwrap()).unwrap_err().to_string();
        assert!(
            missing.contains("GITFABRIC_SECRET_NO_SUCH") && missing.contains("secrets/no/such"),
            "{missing}"
        );
        assert!(matches!(secrets.get(&"empty".parse().unwrap()), Err(SecretError::Unusable { .. })));
    }

    #[test]
    fn a_secret_that_changes_during_a_pass_changes_for_the_next() {
        let now = Arc::new(Mutex::new("old"));
        let source = Arc::clone(&now);
        let lookup: SecretLookup = Arc::new(move |_| Some(SecretText::new(*source.lock().unwrap())));
        let name: SecretName = "bgp/fw".parse().unwrap();
        let pass = remembering(Arc::clone(&lookup));
        let seen = |lookup: &SecretLookup| lookup(&name).unwrap().expose().to_owned();
        assert_eq!(seen(&pass), "old");
        *now.lock().unwrap() = "new";
        assert_eq!(seen(&pass), "old");
        assert_eq!(seen(&remembering(lookup)), "new");
    }
}
