//! Just enough HTTP/1.1 for one client under test: requests in, answers out, keep-alive.
//!
//! What a real server in front of NetBox does and tests lean on: the request line ends at
//! 4094 bytes. Elsewhere: what is answered (`server`), what goes wrong (`faults`).

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::query::Query;
use super::tokens::{self, Auth};

/// The longest request line that gunicorn takes, in bytes.
const LINE_LIMIT: usize = 4094;

/// A request as it came, without its token.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With both slashes: `/api/dcim/devices/`.
    pub(crate) path: String,
    /// Exactly as sent, without the question mark.
    pub(crate) query: String,
    /// Names in lower case; `authorization` is left out.
    pub(crate) headers: BTreeMap<String, String>,
    /// Whose token came.
    pub(crate) auth: Auth,
    pub(crate) body: Vec<u8>,
    /// Which TCP connection of the server it came by, from 0.
    pub(crate) connection: usize,
}

impl Request {
    /// The path below `/api/` without its last slash: `dcim/devices`.
    pub(crate) fn endpoint(&self) -> &str {
        self.path.strip_prefix("/api/").unwrap_or(&self.path).trim_end_matches('/')
    }

    /// The query, decoded.
    pub(crate) fn query(&self) -> Query {
        Query::parse(&self.query)
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// What a connection gave.
pub(super) enum Incoming {
    Request(Request),
    /// The request line is longer than gunicorn takes.
    TooLong(usize),
    /// The client is gone.
    End,
}

/// Reads the next request.
pub(super) fn read(reader: &mut BufReader<TcpStream>, connection: usize) -> io::Result<Incoming> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(Incoming::End);
    }
    let line = line.trim_end();
    if line.len() > LINE_LIMIT {
        return Ok(Incoming::TooLong(line.len()));
    }
    let mut parts = line.split(' ');
    let method = parts.next().unwrap_or_default().to_owned();
    let target = parts.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(Incoming::End);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let auth = tokens::who(headers.remove("authorization").as_deref());
    let (path, query) = (path.to_owned(), query.to_owned());
    Ok(Incoming::Request(Request { method, path, query, headers, auth, body, connection }))
}

/// An answer before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without `Content-Length`.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// Bodies of pages are shared with the cache.
pub(crate) type Body = std::sync::Arc<Vec<u8>>;

impl Answer {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = [("Content-Type", kind), ("Vary", "HX-Request, Accept-Language, Cookie, origin")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { status, headers, body: Body::new(body.into()) }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// An HTML page as Django, gunicorn or a proxy writes it.
    pub(crate) fn html(status: u16) -> Self {
        let reason = reason(status);
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{reason}</title></head><body><h1>{reason}</h1></body></html>"
        );
        Self::new(status, "text/html; charset=utf-8", page)
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Writes the head, and then as many bytes of the body as `upto` says.
pub(super) fn write(stream: &mut TcpStream, answer: &Answer, upto: usize) -> io::Result<()> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", answer.body.len()));
    // one write: small answers should not wait for the client's acknowledgement
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(&answer.body[..upto.min(answer.body.len())]);
    stream.write_all(&bytes)?;
    stream.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Page Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Answer",
    }
}
