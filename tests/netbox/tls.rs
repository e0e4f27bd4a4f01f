//! NetBox over https: whom the client trusts.
//!
//! Elsewhere: all else about answers, over plain sockets (`reading`).

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gitfabric::netbox::{self, Client, Config, NetBoxError, Wanted};
use gitfabric::secret::SecretText;
use rustls::pki_types::PrivateKeyDer;

use crate::fake::tokens;

/// A server of one host name that says 404 to everybody; its certificate as PEM.
fn server() -> (String, String) {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            // a client that does not trust us leaves here
            if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                let _ = stream
                    .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.flush();
            }
        }
    });
    (url, own.cert.pem())
}

/// A client that must not ask twice; the failure of its first question.
fn fails(case: &str, url: &str, ca: Option<std::path::PathBuf>) -> NetBoxError {
    let slept = Arc::new(AtomicBool::new(false));
    let sleeps = Arc::clone(&slept);
    let mut config = Config::new(url, SecretText::new(tokens::EXPORTER));
    config.sleep = Arc::new(move |_| sleeps.store(true, Ordering::Relaxed));
    config.ca = ca;
    let error = netbox::read(&Client::new(&config).unwrap(), &Wanted::default()).unwrap_err();
    assert!(!slept.load(Ordering::Relaxed), "{case}: asked again: {error:?}");
    error
}

#[test]
fn a_server_without_tls_is_no_untrusted_one() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let error = fails("plain http", &url, None);
    assert!(matches!(error, NetBoxError::Unreachable { .. }), "{error:?}");
}

#[test]
fn only_a_trusted_authority_gets_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let (url, pem) = server();
    let (_, other) = server();
    for (case, authority, is_trusted) in
        [("its own", Some(pem), true), ("another", Some(other), false), ("the system's alone", None, false)]
    {
        let authority = authority.map(|pem| {
            let file = folder.path().join("ca.pem");
            std::fs::write(&file, pem).unwrap();
            file
        });
        let error = fails(case, &url, authority);
        // who is trusted is heard, and is no NetBox
        let is_heard = matches!(error, NetBoxError::NotNetBox { .. });
        assert_eq!(is_heard, is_trusted, "{case}: {error:?}");
        assert!(is_heard || matches!(error, NetBoxError::UntrustedCertificate { .. }), "{case}: {error:?}");
    }
}
