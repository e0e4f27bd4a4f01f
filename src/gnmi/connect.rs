//! From a [`Target`] to a connection: TCP, TLS, HTTP/2.
//!
//! Here: [`install_crypto`] and [`open`]. Elsewhere: TLS (`tls`), the calls on the connection
//! (`client`), why one did not come about (`classify`).

use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::ring;
use tonic::transport::{Channel, Endpoint};

use super::error::{Action, Error};
use super::farewell::Farewell;
use super::target::{Target, Transport};
use super::{classify, tls};

/// Who we are in a device's log.
const USER_AGENT: &str = concat!("gitfabric/", env!("CARGO_PKG_VERSION"));
/// TCP's own probes: they keep a firewall's state alive and are not seen by gRPC.
const TCP_PROBE: Duration = Duration::from_mins(1);
/// How long a ping may stay unanswered before the connection counts as dead.
const PING_ANSWER: Duration = Duration::from_secs(20);

/// Makes `ring` the process's cryptography. May be called any number of times; the first
/// provider that a process installs stays.
pub fn install_crypto() {
    let _ = ring::default_provider().install_default();
}

/// Opens the connection; gives also what will be known of its end, over TLS. That a device
/// answers on it is only seen at the first call.
pub(super) async fn open(target: &Target) -> Result<(Channel, Farewell), Error> {
    install_crypto();
    let endpoint = endpoint(target)?;
    let farewell = Farewell::default();
    let connect = async {
        let connected = match &target.transport {
            Transport::Plaintext => endpoint.connect_with_connector(tcp(target)).await,
            Transport::Tls(tls) => {
                let connector = tls::Connector::new(target, tls, tcp(target), farewell.clone())?;
                endpoint.connect_with_connector(connector).await
            }
        };
        connected.map_err(|error| classify::connecting(target, &error))
    };
    // TCP and TLS have limits of their own; this one covers looking up the name too.
    let deadline = target.deadlines.connect.saturating_mul(2);
    let late = |_| Err(classify::late(target, Action::Connect, deadline));
    let channel = tokio::time::timeout(deadline, connect).await.unwrap_or_else(late)?;
    Ok((channel, farewell))
}

/// HTTP/2 with our settings. TLS is no matter of the endpoint's, so it is told what to say.
fn endpoint(target: &Target) -> Result<Endpoint, Error> {
    let address = target.address();
    let scheme = match target.transport {
        Transport::Tls(_) => "https",
        Transport::Plaintext => "http",
    };
    let bad_address = || classify::settings(target, format!("{address:?} is no address"));
    let origin = format!("{scheme}://{address}").parse().map_err(|_| bad_address())?;
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .and_then(|endpoint| endpoint.user_agent(USER_AGENT))
        .map_err(|_| bad_address())?
        .origin(origin)
        .http2_keep_alive_interval(target.deadlines.ping)
        .keep_alive_timeout(PING_ANSWER);
    Ok(endpoint)
}

fn tcp(target: &Target) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(TCP_PROBE));
    tcp.set_connect_timeout(Some(target.deadlines.connect));
    tcp
}
