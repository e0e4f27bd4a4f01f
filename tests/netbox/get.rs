//! A client of a few lines, for tests of the fake itself: what the exporter's own client
//! makes of answers must not decide whether the fake is right.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::fake::Fake;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The ids of the rows, in order.
    pub(crate) fn ids(&self) -> Vec<u64> {
        self.json()["results"].as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// `GET` of a path with its query, with an `Authorization` header.
pub(crate) fn get_as(netbox: &Fake, authorization: &str, target: &str) -> Got {
    send(netbox, authorization, "GET", target, "")
}

/// `GET` as the exporter.
pub(crate) fn get(netbox: &Fake, target: &str) -> Got {
    get_as(netbox, &format!("Token {}", crate::fake::tokens::EXPORTER), target)
}

/// One request on a connection of its own.
pub(crate) fn send(netbox: &Fake, authorization: &str, method: &str, target: &str, body: &str) -> Got {
    send_to(&netbox.url(), authorization, method, target, body)
}

/// The same to an address, for a thread of its own.
pub(crate) fn send_to(url: &str, authorization: &str, method: &str, target: &str, body: &str) -> Got {
    let host = url.trim_start_matches("http://");
    let host = host.split_once('/').map_or(host, |(host, _)| host);
    let mut stream = TcpStream::connect(host).unwrap();
    let authorization =
        if authorization.is_empty() { String::new() } else { format!("Authorization: {authorization}\r\n") };
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\n{authorization}Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    // a fake that ends the connection early is seen as a body that is too short
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Got { status, headers, body: body.to_owned() }
}
