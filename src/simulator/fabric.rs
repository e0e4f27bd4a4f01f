//! Many devices under one authority.
//!
//! Here: [`SimulatedFabric`]. Elsewhere: one device (`server`), its start (`device`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::certificates::{Authority, CertificateError};
use super::device::DeviceConfig;
use super::server::{Handle, SimulatedDevice, StartError};
use crate::names::DeviceName;

/// Why a fabric did not start.
#[derive(Debug, thiserror::Error)]
pub enum FabricError {
    /// A certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A device could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There are more devices than ports above the first one.
    #[error("no port left for device {0}: start at a lower port")]
    Ports(DeviceName),
}

/// Running devices, each with a certificate of the same authority. They end with it.
#[derive(Debug)]
pub struct SimulatedFabric {
    authority: Authority,
    devices: BTreeMap<DeviceName, Handle>,
}

impl SimulatedFabric {
    /// Starts devices on 127.0.0.1, each on a free port.
    pub fn start(devices: impl IntoIterator<Item = DeviceConfig>) -> Result<Self, FabricError> {
        Self::start_at(IpAddr::from(Ipv4Addr::LOCALHOST), None, devices)
    }

    /// Starts devices on an address, in the order of their names on the ports from `first`
    /// upwards, or each on a free port.
    pub fn start_at(
        address: IpAddr,
        first: Option<u16>,
        devices: impl IntoIterator<Item = DeviceConfig>,
    ) -> Result<Self, FabricError> {
        let authority = Authority::new()?;
        let by_name: BTreeMap<DeviceName, DeviceConfig> =
            devices.into_iter().map(|device| (device.name.clone(), device)).collect();
        let mut running = BTreeMap::new();
        for (index, (name, device)) in by_name.into_iter().enumerate() {
            let port = match first {
                None => 0,
                Some(first) => u16::try_from(index)
                    .ok()
                    .and_then(|index| first.checked_add(index))
                    .ok_or_else(|| FabricError::Ports(name.clone()))?,
            };
            let identity = authority.issue(name.as_str())?;
            let handle = SimulatedDevice::start(device, SocketAddr::new(address, port), Some(&identity))?;
            running.insert(name, handle);
        }
        Ok(Self { authority, devices: running })
    }

    /// The certificate that a client of these devices has to trust, as PEM.
    pub fn authority_pem(&self) -> String {
        self.authority.pem()
    }

    /// One device.
    pub fn device(&self, name: &str) -> Option<&Handle> {
        self.devices.get(name)
    }

    /// All devices, in the order of their names.
    pub fn devices(&self) -> impl Iterator<Item = &Handle> {
        self.devices.values()
    }

    /// Where each device listens.
    pub fn addresses(&self) -> BTreeMap<DeviceName, SocketAddr> {
        self.devices.iter().map(|(name, handle)| (name.clone(), handle.address())).collect()
    }

    /// How many Sets each device has received, devices without any left out: for assertions
    /// that only those got one that needed it.
    pub fn sets_received(&self) -> BTreeMap<DeviceName, usize> {
        let counts = self.devices.iter().map(|(name, handle)| (name.clone(), handle.sets_received()));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}
