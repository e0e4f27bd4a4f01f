//! How the devices stand, from the agent's endpoint.
//!
//! Elsewhere: serving it (`web`), what it says (`review::Stands`).

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::blocking::Client;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Url};

use crate::review::Stands;
use crate::secret::SecretText;

/// How long the endpoint may take.
const ANSWER: Duration = Duration::from_secs(20);
/// The most bytes: a thousand devices with much drift fit.
const LARGEST: u64 = 32 << 20;

/// Asks the endpoint. The token goes nowhere else, and never in clear to another machine.
pub(super) fn fetch(url: &str, token: Option<&SecretText>, ca: Option<&Path>) -> anyhow::Result<Stands> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
    let Some(parsed) = parsed.filter(|url| url.username().is_empty() && url.password().is_none()) else {
        bail!("--stands: an address such as https://gitfabric.example.net/v1/stands.json is expected")
    };
    if token.is_some() && parsed.scheme() == "http" && !is_loopback(&parsed) {
        bail!("--stands: no token is sent to {parsed}: http is not encrypted")
    }
    // reqwest is built without a provider of its own; one that is installed already stays
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder().timeout(ANSWER).redirect(Policy::none());
    if let Some(file) = ca {
        let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        for certificate in Certificate::from_pem_bundle(&pem).context("--ca holds no certificates")? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    let mut request = builder.build()?.get(parsed.clone());
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let answer = request.send().with_context(|| format!("{parsed} does not answer"))?;
    let status = answer.status();
    if !status.is_success() {
        let hint = match status.as_u16() {
            401 | 403 => "; is it the token of `web.stands` in the agent's configuration?",
            404 => "; is `web.stands` set in the agent's configuration?",
            503 => "; the agent has read no commit yet",
            _ => "",
        };
        bail!("{parsed} answers {status}{hint}")
    }
    let mut text = String::new();
    answer.take(LARGEST).read_to_string(&mut text).with_context(|| format!("cannot read {parsed}"))?;
    let stands: Stands =
        serde_json::from_str(&text).with_context(|| format!("{parsed} is no agent's endpoint"))?;
    if stands.format != Stands::FORMAT {
        bail!("{parsed} has format {}, and this gitfabric knows {}", stands.format, Stands::FORMAT)
    }
    Ok(stands)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
