//! Sockets, and what a client may cost.
//!
//! Here: [`Server`], [`Limits`]. Plain HTTP/1.1, or over TLS. A connection carries one
//! request and has one deadline, the TLS handshake included: whoever is slow, silent or
//! half gone holds one place for that long and no longer. When all places are taken, new
//! connections wait in the system's queue. Elsewhere: what is answered (`routes`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::tls::Tls;

/// How long to wait when the system gives no connection, for want of files for example.
const ACCEPT_AGAIN: Duration = Duration::from_millis(500);

/// What a client may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a body; more is answered with 413. Deliveries of NetBox have some 10 kB.
    pub body: usize,
    /// Bytes of the request line and the headers together; more is answered with 431.
    pub head: usize,
    /// Lines of headers; more is answered with 431.
    pub headers: usize,
    /// Until the headers have come.
    pub head_deadline: Duration,
    /// For the whole connection, from the handshake to the end of the answer.
    pub deadline: Duration,
    /// Connections at a time.
    pub connections: usize,
    /// What requests under way get when the server is to stop.
    pub farewell: Duration,
}

impl Default for Limits {
    /// 1 MiB, 16 KiB in 64 headers, 10 s for these, 30 s in all, 64 connections, 5 s at the end.
    fn default() -> Self {
        Self {
            body: 1 << 20,
            head: 16 << 10,
            headers: 64,
            head_deadline: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            connections: 64,
            farewell: Duration::from_secs(5),
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    address: SocketAddr,
    #[source]
    cause: io::Error,
}

/// A server that listens, and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    limits: Limits,
}

impl Server {
    /// Listens on an address, with port 0 on any free port; with no certificate in plain HTTP.
    pub async fn listen(address: SocketAddr, tls: Option<Tls>, limits: Limits) -> Result<Self, ListenError> {
        let unusable = |cause| ListenError { address, cause };
        let listener = TcpListener::bind(address).await.map_err(unusable)?;
        let address = listener.local_addr().map_err(unusable)?;
        Ok(Self { listener, address, tls, limits })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is cancelled; then lets requests under way come to their end.
    pub async fn serve(self, routes: Router, stop: CancellationToken) {
        let Self { listener, tls, limits, .. } = self;
        let visit = Visit { routes: routes.layer(DefaultBodyLimit::max(limits.body)), limits, stop };
        let places = Arc::new(Semaphore::new(limits.connections));
        let mut open = JoinSet::new();
        // ends when the server is to stop
        while let Some((stream, place)) = visit.next(&listener, &places).await {
            while let Some(ended) = open.try_join_next() {
                if let Err(error) = ended {
                    tracing::error!("a connection ended badly: {error}");
                }
            }
            let (visit, tls) = (visit.clone(), tls.clone());
            open.spawn(async move {
                let _place = place;
                visit.whole(stream, tls).await;
            });
        }
        drop(listener);
        // whoever is not done by then is cut off, by the set's end
        let _ = timeout(limits.farewell, async { while open.join_next().await.is_some() {} }).await;
    }
}

/// What every connection is served with.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) routes: Router,
    pub(super) limits: Limits,
    pub(super) stop: CancellationToken,
}

impl Visit {
    /// The next connection, with its place; `None` when the server is to stop.
    async fn next(
        &self,
        listener: &TcpListener,
        places: &Arc<Semaphore>,
    ) -> Option<(tokio::net::TcpStream, OwnedSemaphorePermit)> {
        let accepting = async {
            // fails only if the semaphore is closed, which nobody does
            let place = Arc::clone(places).acquire_owned().await.ok()?;
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => return Some((stream, place)),
                    Err(error) => {
                        tracing::warn!("cannot take a connection: {error}");
                        sleep(ACCEPT_AGAIN).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => None,
            next = accepting => next,
        }
    }

    /// One connection from its handshake to its end. Why it ended early is the client's matter.
    pub(super) async fn whole<S>(&self, stream: S, tls: Option<Tls>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let ended = timeout(self.limits.deadline, async {
            match tls {
                None => self.request(stream).await,
                Some(Tls(acceptor)) => match acceptor.accept(stream).await {
                    Ok(stream) => self.request(stream).await,
                    Err(error) => tracing::debug!("no TLS connection: {error}"),
                },
            }
        });
        if ended.await.is_err() {
            tracing::debug!("a connection was cut off at its deadline");
        }
    }

    async fn request<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let service = TowerToHyperService::new(self.routes.clone());
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.head_deadline)
                .max_headers(self.limits.headers)
                .max_header_size(self.limits.head)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!("a connection ended early: {error}");
        }
    }
}
