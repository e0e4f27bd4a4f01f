//! Where devices are and who we are to them: the configuration file's `devices`, as targets.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::config::{Config, Verify};
use crate::compile::DeviceBuild;
use crate::gnmi::{Credentials, Deadlines, Identity, Target, Tls, Transport, Trust};
use crate::intent::model;
use crate::names::DeviceName;
use crate::rollout::Device;
use crate::secret::SecretText;

/// Makes targets. Certificates are read once, when the agent starts.
#[derive(Debug)]
pub struct Inventory {
    config: Arc<Config>,
    transport: Transport,
    credentials: Credentials,
    deadlines: Deadlines,
}

impl Inventory {
    /// Reads what the configuration names. `password` is the value of `devices.password`.
    pub fn new(config: Arc<Config>, password: SecretText) -> anyhow::Result<Self> {
        let devices = &config.devices;
        let tls = &devices.tls;
        let transport = match tls.verify {
            Verify::Plaintext => Transport::Plaintext,
            verify => {
                let trust = match (&tls.ca, verify) {
                    (Some(ca), Verify::Full) => Trust::Authority(read(ca, "devices.tls.ca")?),
                    _ => Trust::Anything,
                };
                let identity = match (&tls.certificate, &tls.key) {
                    (Some(certificate), Some(key)) => Some(Identity {
                        certificate: read(certificate, "devices.tls.certificate")?,
                        key: read(key, "devices.tls.key")?,
                    }),
                    _ => None,
                };
                Transport::Tls(Tls { trust, server_name: None, identity })
            }
        };
        let credentials = Credentials { username: devices.username.clone(), password };
        let deadlines = Deadlines {
            get: devices.get_deadline,
            set: devices.set_deadline,
            ping: config.drift.ping,
            ..Deadlines::default()
        };
        Ok(Self { config, transport, credentials, deadlines })
    }

    /// Takes the password for connections from now on.
    pub(super) fn renew_password(&mut self, password: SecretText) {
        self.credentials.password = password;
    }

    /// A device of the intent as something that can be called.
    pub fn device(
        &self,
        device: &model::Device,
        gnmi_port: u16,
        build: &DeviceBuild,
    ) -> anyhow::Result<Device> {
        let target = self.target(device, gnmi_port)?;
        Ok(Device { target: Arc::new(target), profile: build.profile, schema: Arc::clone(&build.schema) })
    }

    /// Where a device of the intent is called: at the address that the configuration names, or
    /// else at its management address.
    pub(super) fn target(&self, device: &model::Device, gnmi_port: u16) -> anyhow::Result<Target> {
        let (host, port) = match self.config.address_of(&device.name) {
            Some(address) => split(&device.name, address, gnmi_port)?,
            None => (device.management.addr().to_string(), gnmi_port),
        };
        Ok(Target {
            device: device.name.clone(),
            host,
            port,
            transport: self.transport.clone(),
            credentials: Some(self.credentials.clone()),
            deadlines: self.deadlines.clone(),
        })
    }
}

fn read(file: &Path, key: &str) -> anyhow::Result<Arc<[u8]>> {
    let text = std::fs::read(file).with_context(|| format!("cannot read {key}, {}", file.display()))?;
    Ok(text.into())
}

/// `host`, `host:port`, `[2001:db8::1]:port` or a bare IPv6 address.
pub(super) fn split(device: &DeviceName, address: &str, default_port: u16) -> anyhow::Result<(String, u16)> {
    if address.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok((address.to_owned(), default_port));
    }
    let Some((host, port)) = address.rsplit_once(':') else {
        return Ok((address.to_owned(), default_port));
    };
    let port = port
        .parse()
        .with_context(|| format!("devices.addresses.{device}: {address:?} does not end in a port"))?;
    Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_leave_out_the_port() {
        let device = "leaf1".parse().unwrap();
        for (address, expected) in [
            ("leaf1.lab", Some(("leaf1.lab", 6030))),
            ("127.0.0.1:50001", Some(("127.0.0.1", 50_001))),
            ("[2001:db8::1]:9339", Some(("2001:db8::1", 9339))),
            ("2001:db8::1", Some(("2001:db8::1", 6030))),
            ("leaf1:gnmi", None),
        ] {
            let seen = split(&device, address, 6030).ok();
            assert_eq!(seen, expected.map(|(host, port)| (host.to_owned(), port)), "{address}");
        }
    }
}
