//! A server that wants few pings (hazard H10), as gRPC servers are.
//!
//! Here: [`PingLimit`], and [`Watched`], a connection whose HTTP/2 frames are counted, and
//! which ends with `GOAWAY` when pings come too often: neither hyper nor tonic has a switch
//! for it. Elsewhere: the bytes below (`connection`).

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;

use super::connection::ByteStream;

/// What a client sends before its first frame (RFC 9113 §3.4), in bytes.
const PREFACE: usize = 24;
/// A frame's header (RFC 9113 §4.1), in bytes.
const HEADER: usize = 9;
const PING: u8 = 6;
const ACK: u8 = 1;
/// `GOAWAY` of stream 0 with the highest stream, `ENHANCE_YOUR_CALM` and the words of gRPC.
const FAREWELL: &[u8] = b"\0\0\x16\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\x0btoo_many_pings";

/// The least time between two pings of a client; none if it may ping as it likes.
#[derive(Debug, Default)]
pub(super) struct PingLimit(Mutex<Option<Duration>>);

impl PingLimit {
    pub(super) fn set(&self, least: Option<Duration>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = least;
    }

    fn least(&self) -> Option<Duration> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where one direction of a connection is among its frames.
#[derive(Default)]
struct Frames {
    /// Bytes that are of no frame header.
    pass: usize,
    header: [u8; HEADER],
    filled: usize,
}

impl Frames {
    /// Takes the next bytes; says how many of the frames that begin in them are pings.
    fn pings(&mut self, mut bytes: &[u8]) -> usize {
        let mut pings = 0;
        while !bytes.is_empty() {
            let passed = self.pass.min(bytes.len());
            self.pass -= passed;
            bytes = &bytes[passed..];
            let (taken, rest) = bytes.split_at(bytes.len().min(HEADER - self.filled));
            self.header[self.filled..self.filled + taken.len()].copy_from_slice(taken);
            self.filled += taken.len();
            bytes = rest;
            if self.filled == HEADER {
                let [a, b, c, kind, flags, ..] = self.header;
                self.pass = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                self.filled = 0;
                pings += usize::from(kind == PING && flags & ACK == 0);
            }
        }
        pings
    }

    fn between_frames(&self) -> bool {
        self.pass == 0 && self.filled == 0
    }
}

/// A connection on which HTTP/2 is spoken in the clear.
pub(super) struct Watched {
    stream: Box<dyn ByteStream>,
    limit: Arc<PingLimit>,
    incoming: Frames,
    outgoing: Frames,
    last_ping: Option<Instant>,
    /// What is still to be said before the end; none as long as there is no end.
    farewell: Option<&'static [u8]>,
    reader: Option<Waker>,
}

impl Watched {
    pub(super) fn new(stream: impl ByteStream, limit: Arc<PingLimit>) -> Self {
        Self {
            stream: Box::new(stream),
            limit,
            incoming: Frames { pass: PREFACE, ..Frames::default() },
            outgoing: Frames::default(),
            last_ping: None,
            farewell: None,
            reader: None,
        }
    }

    /// Whether these bytes of the client have one ping too many.
    fn too_many(&mut self, bytes: &[u8]) -> bool {
        if self.incoming.pings(bytes) == 0 {
            return false;
        }
        let now = Instant::now();
        let since = self.last_ping.replace(now).map(|last| now.duration_since(last));
        matches!((since, self.limit.least()), (Some(since), Some(least)) if since < least)
    }

    /// Says farewell, between two frames of what else is written; then the client's side is
    /// at its end.
    fn part(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.outgoing.between_frames() {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        while let Some(left) = self.farewell.filter(|left| !left.is_empty()) {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, left))?;
            self.farewell = left.get(written..);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

impl Connected for Watched {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.farewell.is_none() {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
            if !self.too_many(&buffer.filled()[before..]) {
                return Poll::Ready(Ok(()));
            }
            buffer.set_filled(before);
            self.farewell = Some(FAREWELL);
        }
        self.part(context)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.farewell.is_some() && self.outgoing.between_frames() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.outgoing.pings(&bytes[..written.min(bytes.len())]);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pings_are_counted_wherever_the_bytes_are_cut() {
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        for (kind, flags, length) in [(4, 0, 0_u16), (PING, 0, 8), (0, 0, 300), (PING, ACK, 8), (PING, 0, 8)]
        {
            let [high, low] = length.to_be_bytes();
            bytes.extend_from_slice(&[0, high, low, kind, flags, 0, 0, 0, 0]);
            bytes.extend(std::iter::repeat_n(PING, usize::from(length)));
        }
        for size in 1..=bytes.len() {
            let mut frames = Frames { pass: PREFACE, ..Frames::default() };
            let pings: usize = bytes.chunks(size).map(|chunk| frames.pings(chunk)).sum();
            assert_eq!(pings, 2, "in pieces of {size}");
            assert!(frames.between_frames(), "in pieces of {size}");
        }
    }
}
