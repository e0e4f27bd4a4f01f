//! The last words of a device that wants fewer HTTP/2 pings (hazard H10).
//!
//! gRPC servers end such a connection with a `GOAWAY` frame of the code `ENHANCE_YOUR_CALM`
//! (gRFC A8), which says that the streams under way may go on, and close it. h2 passes on nothing
//! of that to those streams but the end. So the frames that come in are counted through here,
//! below HTTP/2. Here: [`Farewell`] and [`Listening`]. Elsewhere: what follows (`classify`,
//! `drift`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::AsyncRead;
use tokio_util::io::InspectReader;

/// A frame's header (RFC 9113 section 4.1), in bytes.
const HEADER: usize = 9;
/// What stands before the words of a `GOAWAY` (section 6.8): the last stream and the code.
const GOAWAY_HEAD: usize = 8;
const GOAWAY: u8 = 7;
/// Section 7.
const ENHANCE_YOUR_CALM: [u8; 4] = [0, 0, 0, 11];

/// A connection whose end is listened for.
pub(super) type Listening<S> = InspectReader<S, Box<dyn FnMut(&[u8]) + Send>>;

/// Whether the last connection to a device ended because of our pings.
#[derive(Clone, Debug, Default)]
pub(super) struct Farewell(Arc<AtomicBool>);

impl Farewell {
    /// Whether it did.
    pub(super) fn is_too_many_pings(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Listens to a new connection.
    pub(super) fn listen<S: AsyncRead>(&self, stream: S) -> Listening<S> {
        self.0.store(false, Ordering::Relaxed);
        let (heard, mut frames) = (Arc::clone(&self.0), Frames::default());
        let listen = move |bytes: &[u8]| {
            if frames.ask_for_calm(bytes) {
                heard.store(true, Ordering::Relaxed);
            }
        };
        InspectReader::new(stream, Box::new(listen))
    }
}

/// Where the incoming bytes are among their frames.
#[derive(Debug, Default)]
struct Frames {
    /// Bytes of a payload that are of no interest.
    pass: usize,
    head: [u8; HEADER + GOAWAY_HEAD],
    filled: usize,
}

impl Frames {
    /// Takes the next bytes; says whether a frame among them asks for calm.
    fn ask_for_calm(&mut self, mut bytes: &[u8]) -> bool {
        let mut asked = false;
        while !bytes.is_empty() {
            let passed = self.pass.min(bytes.len());
            self.pass -= passed;
            bytes = &bytes[passed..];
            let (taken, rest) = bytes.split_at(bytes.len().min(self.wanted() - self.filled));
            self.head[self.filled..self.filled + taken.len()].copy_from_slice(taken);
            self.filled += taken.len();
            bytes = rest;
            if self.filled == self.wanted() {
                asked |= self.filled > HEADER && self.head.ends_with(&ENHANCE_YOUR_CALM);
                self.pass = self.length() - (self.filled - HEADER);
                self.filled = 0;
            }
        }
        asked
    }

    /// How much of the frame is read: its header, and what a `GOAWAY` has next.
    fn wanted(&self) -> usize {
        let is_goaway = self.filled >= HEADER && self.head[3] == GOAWAY && self.length() >= GOAWAY_HEAD;
        if is_goaway { HEADER + GOAWAY_HEAD } else { HEADER }
    }

    /// How long the payload is.
    fn length(&self) -> usize {
        let [a, b, c, ..] = self.head;
        usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of stream 0.
    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, 0, u8::try_from(payload.len()).unwrap(), kind, 0, 0, 0, 0, 0];
        frame.extend_from_slice(payload);
        frame
    }

    #[test]
    fn a_frame_that_asks_for_calm_is_found_wherever_the_bytes_are_cut() {
        let calm = b"\x7f\xff\xff\xff\0\0\0\x0btoo_many_pings";
        for (case, frames, expected) in [
            ("the words of gRPC", vec![frame(4, &[]), frame(0, &[7; 40]), frame(GOAWAY, calm)], true),
            ("the code alone", vec![frame(GOAWAY, &calm[..8]), frame(6, &[0; 8])], true),
            ("the end for no reason", vec![frame(GOAWAY, b"\0\0\0\x01\0\0\0\0too_many_pings")], false),
            ("data that looks like it", vec![frame(0, &frame(GOAWAY, calm))], false),
            ("too short to say why", vec![frame(GOAWAY, &[0, 0, 0, 11]), frame(6, calm)], false),
        ] {
            let bytes = frames.concat();
            for size in 1..=bytes.len() {
                let mut frames = Frames::default();
                let asked = bytes.chunks(size).fold(false, |asked, bytes| asked | frames.ask_for_calm(bytes));
                assert_eq!(asked, expected, "{case}, in pieces of {size}");
                assert_eq!((frames.pass, frames.filled), (0, 0), "{case}, in pieces of {size}");
            }
        }
    }
}
