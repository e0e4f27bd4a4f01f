//! A connection that can be cut or frozen from outside, and the port that comes back.
//!
//! Here: [`Connection`] (any byte stream with a wire cutter), [`Scissors`] and [`Ice`] (what
//! all connections of a device share), [`Port`] (a TCP port kept while nobody listens on it).
//! Elsewhere: what is spoken over them (`server`), too many pings (`pings`).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Whatever carries bytes both ways: a TCP stream, or a pipe in memory.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> ByteStream for T {}

/// All connections of a device, cut together.
#[derive(Debug, Default)]
pub(super) struct Scissors(Mutex<CancellationToken>);

impl Scissors {
    /// What a new connection listens to.
    pub(super) fn token(&self) -> CancellationToken {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Cuts every connection that there is. New ones are not concerned.
    pub(super) fn cut(&self) {
        let mut token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *token).cancel();
    }
}

/// All connections of a device, frozen together: they stay open, and neither a byte is read
/// from them nor one written. So is every connection that comes meanwhile.
#[derive(Debug, Default)]
pub(super) struct Ice {
    frozen: AtomicBool,
    waiting: Mutex<Vec<Waker>>,
}

impl Ice {
    pub(super) fn freeze(&self) {
        let _waiting = self.waiting();
        self.frozen.store(true, Ordering::Release);
    }

    pub(super) fn thaw(&self) {
        let mut waiting = self.waiting();
        self.frozen.store(false, Ordering::Release);
        waiting.drain(..).for_each(Waker::wake);
    }

    /// Whether the caller has to wait; it is woken when the ice melts.
    fn holds(&self, context: &Context<'_>) -> bool {
        if !self.frozen.load(Ordering::Acquire) {
            return false;
        }
        let mut waiting = self.waiting();
        let frozen = self.frozen.load(Ordering::Acquire);
        if frozen && !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            waiting.push(context.waker().clone());
        }
        frozen
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A byte stream which fails with "connection reset" from the moment it is cut.
pub(super) struct Connection {
    stream: Box<dyn ByteStream>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    ice: Arc<Ice>,
}

impl Connection {
    pub(super) fn new(stream: impl ByteStream, cut: CancellationToken, ice: Arc<Ice>) -> Self {
        Self { stream: Box::new(stream), cut: Box::pin(cut.cancelled_owned()), ice }
    }

    /// Fails if the connection is cut; pending while it is frozen. Registers to be woken when
    /// either changes.
    fn intact(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.cut.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Poll::Pending if self.ice.holds(context) => Poll::Pending,
            Poll::Pending => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.intact(context))?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.intact(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.intact(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A TCP port that stays ours while it refuses connections.
///
/// A second socket is bound to it and never listens: with `SO_REUSEADDR` that lets us
/// listen again later, and keeps the system from giving the port to somebody else.
pub(super) struct Port {
    address: SocketAddr,
    _reservation: TcpSocket,
}

impl Port {
    /// Takes the port; with port 0 a free one.
    pub(super) fn reserve(address: SocketAddr) -> io::Result<Self> {
        let reservation = reusable(address)?;
        Ok(Self { address: reservation.local_addr()?, _reservation: reservation })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn listen(&self) -> io::Result<TcpListener> {
        reusable(self.address)?.listen(1024)
    }
}

fn reusable(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
