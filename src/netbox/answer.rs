//! What NetBox answered: whole bytes, and what they say.
//!
//! Elsewhere: asking (`client`), the lists' own objects (`lists`).

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::address::cut;
use super::error::NetBoxError;

/// An answer that came whole, with status 200.
pub(super) struct Body {
    /// What was asked, as errors show it.
    pub(super) url: String,
    pub(super) bytes: Vec<u8>,
    pub(super) html: bool,
}

impl Body {
    /// Its content, typed.
    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, NetBoxError> {
        serde_json::from_slice(&self.bytes).map_err(|error| self.garbled(&error))
    }

    /// The same, where anything else than NetBox may answer.
    pub(super) fn of_netbox<T: DeserializeOwned>(&self) -> Result<T, NetBoxError> {
        self.parse().map_err(|error| match error {
            NetBoxError::Garbled { url, what } => NetBoxError::NotNetBox { url, said: what },
            other => other,
        })
    }

    /// Says that its content is not of NetBox's form.
    pub(super) fn garbled(&self, error: &serde_json::Error) -> NetBoxError {
        let what = if self.html { "a web page came instead of JSON".to_owned() } else { error.to_string() };
        NetBoxError::Garbled { url: self.url.clone(), what }
    }

    /// What it says about a failure: `detail` of JSON, else its beginning.
    pub(super) fn said(&self) -> String {
        #[derive(Deserialize)]
        struct Detail {
            detail: String,
        }
        if let Ok(Detail { detail }) = serde_json::from_slice(&self.bytes) {
            return cut(&detail);
        }
        if self.html {
            return "a web page".to_owned();
        }
        cut(String::from_utf8_lossy(self.bytes.get(..400).unwrap_or(&self.bytes)).trim())
    }
}
