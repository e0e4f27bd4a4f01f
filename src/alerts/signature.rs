//! Whose word a webhook is: HMAC-SHA256 (RFC 2104) over the time and the body.
//!
//! The time is signed too, so that who recorded a delivery cannot play it again later: the
//! other side refuses what is older than some minutes, and knows by the event's id what it had.

use ring::hmac::{self, HMAC_SHA256};

use crate::secret::SecretText;

/// The header that holds it.
pub const HEADER: &str = "x-gitfabric-signature";

/// The header's value, `t=SECONDS,v1=HEX`: the HMAC of `SECONDS.BODY`, SECONDS of the epoch.
pub fn sign(secret: &SecretText, seconds: i64, body: &[u8]) -> String {
    let key = hmac::Key::new(HMAC_SHA256, secret.expose().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("{seconds}.").as_bytes());
    context.update(body);
    let mut value = format!("t={seconds},v1=");
    for byte in context.sign().as_ref() {
        value.push_str(&format!("{byte:02x}"));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_other_programs_compute() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac test-secret
        let signed = sign(&SecretText::new("test-secret"), 1_700_000_000, br#"{"a":1}"#);
        assert_eq!(
            signed,
            "t=1700000000,v1=8cb2c3355fca388e9ac2caec004f4d5d7045d74937ab5faad61dc11682247a9f"
        );
    }
}
