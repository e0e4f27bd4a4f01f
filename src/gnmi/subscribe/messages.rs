//! The messages of a streaming answer, without a buffer that outlives them.
//!
//! tonic reads such an answer into a buffer that keeps the size of the longest message for as
//! long as the call lives, beside one that the request was written from: some 70 KB for each of
//! 1,000 devices, and the whole table of one that sends it in one message (hazard H9). Here:
//! [`open`], and [`Messages`], which reads gRPC's framing off HTTP/2's data as it comes. Elsewhere:
//! what is in messages (`plain`, `subscribe`), what failures mean (`classify`).

use std::convert::Infallible;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body as _, Buf as _, Bytes, Frame};
use prost::Message;
use tonic::codegen::Service as _;
use tonic::codegen::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, TE};
use tonic::codegen::http::{self, StatusCode};
use tonic::transport::Channel;
use tonic::{Request, Response, Status, body::Body};

use super::super::client::MAX_MESSAGE;

/// The gNMI call that answers with a stream.
const SUBSCRIBE: &str = "/gnmi.gNMI/Subscribe";

/// What stands before each message: whether it is compressed, and its length ("gRPC over HTTP/2",
/// Length-Prefixed-Message).
const HEADER: usize = 5;

/// Why there is no next message.
#[derive(Debug)]
pub(super) enum Fault {
    /// The device, or the connection to it, says so.
    Status(Status),
    /// What it sends is no gRPC.
    Broken(String),
}

/// Messages as they come.
#[derive(Debug)]
pub(super) struct Messages {
    body: Body,
    http: StatusCode,
    /// What of the last data was not read yet. Kept no longer, as it keeps all that was received
    /// with it.
    data: Bytes,
    /// A message of which more is to come, from its header on.
    begun: Vec<u8>,
    /// Nothing more is to come.
    ended: bool,
}

/// Subscribes. The request is all that is said, and it does not end: many devices end a
/// subscription whose request side ends.
pub(super) async fn open(
    mut channel: Channel,
    request: Request<impl Message>,
) -> Result<Response<Messages>, Status> {
    let (metadata, _, message) = request.into_parts();
    let mut request = http::Request::new(Body::new(Said(Some(framed(&message)))));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static(SUBSCRIBE);
    *request.headers_mut() = metadata.into_headers();
    request.headers_mut().insert(TE, HeaderValue::from_static("trailers"));
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    let broken = |error: tonic::transport::Error| Status::from_error(error.into());
    poll_fn(|context| channel.poll_ready(context)).await.map_err(broken)?;
    let (head, body) = channel.call(request).await.map_err(broken)?.into_parts();
    let mut messages = Messages::new(body, head.status);
    if let Some(status) = Status::from_header_map(&head.headers) {
        // all of the answer is its header
        messages.ended = true;
        said(status)?;
    }
    Ok(Response::new(messages))
}

impl Messages {
    fn new(body: Body, http: StatusCode) -> Self {
        Self { body, http, data: Bytes::new(), begun: Vec::new(), ended: false }
    }

    /// The next message; none when the device has ended the stream. A call that is dropped while
    /// it waits loses nothing.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Fault> {
        loop {
            if let Some(message) = self.at_hand()? {
                return Ok(Some(message));
            }
            if self.ended {
                return Ok(None);
            }
            match poll_fn(|context| Pin::new(&mut self.body).poll_frame(context)).await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.data = data,
                    Err(frame) => self.end(frame.trailers_ref())?,
                },
                Some(Err(status)) => return Err(Fault::Status(status)),
                None => self.end(None)?,
            }
        }
    }

    /// The next message, if all of it is there. Whoever holds it holds all that was received with
    /// it.
    pub(super) fn at_hand(&mut self) -> Result<Option<Bytes>, Fault> {
        if self.begun.is_empty()
            && let Some(length) = length(&self.data)?
            && self.data.len() >= HEADER + length
        {
            // as nearly always
            self.data.advance(HEADER);
            return Ok(Some(self.data.split_to(length)));
        }
        loop {
            let length = length(&self.begun)?;
            let missing = HEADER + length.unwrap_or_default() - self.begun.len();
            let part = self.data.split_to(missing.min(self.data.len()));
            self.begun.extend_from_slice(&part);
            if part.len() < missing {
                self.data = Bytes::new();
                return Ok(None);
            }
            if length.is_some() {
                return Ok(Some(Bytes::from(mem::take(&mut self.begun)).slice(HEADER..)));
            }
        }
    }

    /// How many bytes are kept of what was received.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.data.len() + self.begun.capacity()
    }

    fn end(&mut self, trailers: Option<&HeaderMap>) -> Result<(), Fault> {
        self.ended = true;
        match trailers.and_then(Status::from_header_map) {
            Some(status) => said(status).map_err(Fault::Status)?,
            None if self.http == StatusCode::OK => {
                return Err(Fault::Status(Status::unknown("the stream ended without a status")));
            }
            None => return Err(Fault::Broken(format!("no gRPC status, but HTTP's {}", self.http.as_u16()))),
        }
        if self.begun.is_empty() {
            Ok(())
        } else {
            Err(Fault::Broken("it ended in the middle of a message".to_owned()))
        }
    }
}

/// A status that is an error is one.
fn said(status: Status) -> Result<(), Status> {
    if status.code() == tonic::Code::Ok { Ok(()) } else { Err(status) }
}

/// The length of the message that begins here; none if not even that is there.
fn length(bytes: &[u8]) -> Result<Option<usize>, Fault> {
    let Some((&[compressed, ref length @ ..], _)) = bytes.split_first_chunk::<HEADER>() else {
        return Ok(None);
    };
    if compressed != 0 {
        // none was offered
        return Err(Fault::Broken("a message that is compressed".to_owned()));
    }
    let length = u32::from_be_bytes(*length) as usize;
    if length > MAX_MESSAGE {
        return Err(Fault::Broken(format!("a message of {length} bytes; the most is {MAX_MESSAGE}")));
    }
    Ok(Some(length))
}

/// A message behind its header.
fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut bytes = Vec::with_capacity(HEADER + length);
    bytes.push(0);
    bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    // a Vec has room for everything
    let _ = message.encode(&mut bytes);
    bytes.into()
}

/// One message, and nothing after it for as long as the call lives.
struct Said(Option<Bytes>);

impl hyper::body::Body for Said {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.take().map_or(Poll::Pending, |said| Poll::Ready(Some(Ok(Frame::data(said)))))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::super::super::proto::PathElem;
    use super::*;

    /// The frames of an answer.
    struct Answer(VecDeque<Frame<Bytes>>);

    impl hyper::body::Body for Answer {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    fn messages(http: u16, frames: impl IntoIterator<Item = Frame<Bytes>>) -> Messages {
        let body = Body::new(Answer(frames.into_iter().collect()));
        Messages::new(body, StatusCode::from_u16(http).unwrap())
    }

    fn named(name: &str) -> PathElem {
        PathElem { name: name.to_owned(), ..PathElem::default() }
    }

    proptest! {
        #[test]
        fn messages_come_whole_however_they_are_cut_and_nothing_stays_of_them(
            lengths in prop::collection::vec(0..300_usize, 0..12),
            cuts in prop::collection::vec(1..200_usize, 1..8),
        ) {
            let sent: Vec<PathElem> = lengths.iter().map(|length| named(&"x".repeat(*length))).collect();
            let mut rest: Bytes = sent.iter().flat_map(framed).collect();
            let (mut messages, mut came) = (messages(200, []), Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                messages.data = rest.split_to((*cut).min(rest.len()));
                while let Some(message) = messages.at_hand().unwrap() {
                    came.push(PathElem::decode(message).unwrap());
                }
                prop_assert!(messages.data.is_empty());
            }
            prop_assert_eq!(came, sent);
            prop_assert_eq!(messages.kept(), 0);
        }

        #[test]
        fn no_bytes_panic(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..6)) {
            let mut messages = messages(200, []);
            for piece in pieces {
                messages.data = piece.into();
                while let Ok(Some(_)) = messages.at_hand() {}
            }
        }
    }

    #[tokio::test]
    async fn an_answer_ends_with_a_status_or_with_what_was_wrong() {
        let data = |bytes: &[u8]| Frame::data(Bytes::copy_from_slice(bytes));
        let whole = || Frame::data(framed(&named("a")));
        let status = |code| {
            let mut trailers = HeaderMap::new();
            trailers.insert("grpc-status", HeaderValue::from_static(code));
            trailers.insert("grpc-message", HeaderValue::from_static("its words"));
            Frame::trailers(trailers)
        };
        for (case, http, frames, count, expected) in [
            ("a message, and the end", 200, vec![whole(), status("0")], 1, None),
            ("an error behind a message", 200, vec![whole(), status("14")], 1, Some("Unavailable")),
            ("no status", 200, vec![whole()], 1, Some("without a status")),
            ("something else than gRPC", 502, vec![], 0, Some("HTTP's 502")),
            (
                "cut off",
                200,
                vec![data(&framed(&named("a"))[..6]), status("0")],
                0,
                Some("middle of a message"),
            ),
            ("compressed", 200, vec![data(&[1, 0, 0, 0, 0])], 0, Some("compressed")),
            ("longer than is read", 200, vec![data(&[0, 4, 0, 0, 1])], 0, Some("67108865 bytes")),
        ] {
            let mut messages = messages(http, frames);
            let mut came = 0;
            let end = loop {
                match messages.next().await {
                    Ok(Some(_)) => came += 1,
                    Ok(None) => break None,
                    Err(fault) => break Some(format!("{fault:?}")),
                }
            };
            assert_eq!(came, count, "{case}");
            match (&end, expected) {
                (None, None) => {}
                (Some(fault), Some(part)) => assert!(fault.contains(part), "{case}: {fault}"),
                _ => panic!("{case}: {end:?}"),
            }
        }
    }
}
