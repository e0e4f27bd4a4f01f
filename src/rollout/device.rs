//! A device as the rollout sees it: something that can be read and set.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::gnmi::{Annotation, Client, DataType, Error, ErrorKind, SetOperations, Target};
use crate::names::DeviceName;
use crate::plan::Operations;
use crate::platform::Profile;
use crate::yang::{Path, Schema, Tree, json};

/// Why a device is not taken for the one that the intent means.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotIdentified {
    /// It did not say what it is.
    #[error(transparent)]
    Unanswered(#[from] Error),
    /// It has another name.
    #[error(
        "{address} answers as {hostname:?}, and the intent means {device}: nothing was sent; check its \
         management address, or its hostname (`gitfabric bootstrap {device}`)"
    )]
    Hostname {
        /// The device that is meant.
        device: DeviceName,
        /// Where it should be.
        address: String,
        /// The name of what is there.
        hostname: String,
    },
    /// It runs another version of its OS, which the schema is not for.
    #[error(
        "{device} runs {version}, and the intent says {expected}: nothing was sent; set `platform` in \
         devices/{device}.yaml to what it runs"
    )]
    Version {
        /// The device.
        device: DeviceName,
        /// What it runs.
        version: String,
        /// What the intent says.
        expected: String,
    },
}

/// A device, how to reach it, and in which terms to read it.
#[derive(Clone, Debug)]
pub struct Device {
    /// Name, address, credentials.
    pub target: Arc<Target>,
    /// What is known of its network OS.
    pub profile: &'static Profile,
    /// What its YANG allows.
    pub schema: Arc<Schema>,
}

/// One connection to a device.
#[derive(Clone, Debug)]
pub struct Session {
    device: Device,
    client: Client,
}

/// The configuration that a device reported.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Every leaf that the schema knows.
    pub tree: Tree,
    /// What the schema lacks: foreign, not a fault (promise 9).
    pub unknown: BTreeSet<Path>,
    /// Leaves whose value does not fit their type, in words and without the value: the
    /// device and the schema disagree.
    pub misfits: Vec<String>,
}

impl Device {
    /// The device's name.
    pub fn name(&self) -> &DeviceName {
        &self.target.device
    }

    /// Connects anew, and proves that a gNMI device answers and knows us.
    pub async fn connect(&self) -> Result<Session, Error> {
        let client = Client::connect(&self.target).await?;
        Ok(Session { device: self.clone(), client })
    }
}

impl Session {
    /// Reads all configuration that the platform's profile names.
    pub async fn read(&self) -> Result<Reading, Error> {
        self.read_at(&self.device.profile.read_paths()).await
    }

    /// Reads the configuration at and below some paths. A device may answer with more.
    pub async fn read_at(&self, paths: &[Path]) -> Result<Reading, Error> {
        let answers = self.client.get(paths, DataType::Config).await?;
        let mut reading = Reading::default();
        for answer in answers {
            let read = json::read(&self.device.schema, &answer.path, &answer.json);
            reading.tree.extend(read.tree);
            reading.unknown.extend(read.foreign.into_iter().map(|(path, _)| path));
            reading.misfits.extend(read.faults.iter().map(json::JsonFault::without_value));
        }
        Ok(reading)
    }

    /// The connection itself.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Refuses a device that is another than the intent means: a wrong host name, or a
    /// version of its OS that the schema is not for. Nothing is sent to a device that was
    /// not identified (section 3 of the design: before the first Set of a connection), and
    /// nothing of it is told as drift.
    pub async fn identify(&self) -> Result<(), NotIdentified> {
        let state: [Path; 2] = ["/system/state/hostname", "/system/state/software-version"].map(known_path);
        let answers = match self.client.get(&state, DataType::State).await {
            Ok(answers) => answers,
            // A device that keeps its state to itself cannot be compared.
            Err(Error { kind: ErrorKind::Refused { .. }, .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let found = |path: &Path| {
            answers
                .iter()
                .find(|answer| answer.path == *path)
                .and_then(|answer| answer.json.as_str().map(str::to_owned))
        };
        let device = self.device.name().clone();
        if let Some(hostname) = found(&state[0]).filter(|hostname| hostname != device.as_str()) {
            let address = self.device.target.address();
            return Err(NotIdentified::Hostname { device, address, hostname });
        }
        let expected = self.device.profile.version;
        match found(&state[1]).filter(|version| !same_version(version, expected)) {
            Some(version) => Err(NotIdentified::Version { device, version, expected: expected.to_owned() }),
            None => Ok(()),
        }
    }

    /// Changes the device in one transaction.
    pub async fn set(&self, operations: &Operations, annotation: Annotation) -> Result<(), Error> {
        let set = SetOperations::from_plan(operations, Some(annotation));
        // A device that reports fewer results than operations may have dropped some: the
        // read-back, which always follows, tells.
        self.client.set(&set).await.map(|_| ())
    }

    /// The mark that the last Set left on the device.
    pub async fn annotation(&self) -> Result<Option<Annotation>, Error> {
        self.client.read_annotation().await
    }
}

/// EOS reports `4.35.0F-41234567.4350F (engineering build)` for 4.35.0F.
fn same_version(reported: &str, expected: &str) -> bool {
    reported
        .strip_prefix(expected)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '.'))
}

/// A path written in this file.
fn known_path(text: &str) -> Path {
    text.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_of_the_version_is_the_version() {
        for (reported, same) in [
            ("4.35.0F", true),
            ("4.35.0F-41234567.4350F (engineering build)", true),
            ("4.35.0FX", false),
            ("4.35.0F.1", false),
            ("4.36.0F", false),
            ("", false),
        ] {
            assert_eq!(same_version(reported, "4.35.0F"), same, "{reported}");
        }
    }
}
