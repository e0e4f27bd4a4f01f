//! One device, watched for as long as it is in service.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::settings::Settings;
use super::standard::Standard;
use super::told::Told;
use crate::rollout::Device;

/// One device, watched for as long as it is in service.
#[derive(Debug)]
pub struct Watcher {
    /// The device.
    pub device: Device,
    /// How patient it is.
    pub settings: Arc<Settings>,
    /// What the device is held against.
    pub standard: watch::Receiver<Standard>,
    /// Who is told.
    pub told: mpsc::Sender<Told>,
    /// So many devices are looked at as wholes at the same time.
    pub limits: Arc<Semaphore>,
}

impl Watcher {
    /// Watches until `stop` is cancelled.
    pub async fn run(self, stop: CancellationToken) {
        stop.cancelled().await;
    }
}
