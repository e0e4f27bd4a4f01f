//! Pull requests through the real program: opened, renewed, withdrawn when nothing is left.
//!
//! Here is as much of GitHub as that needs. Elsewhere: the three forges, and what people do to a
//! pull request (beside the code in `src/export` and `src/forge`).

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::desk::{Desk, Git, Ran};

const BRANCH: &str = "netbox-export";

/// The pull requests of `acme/net`, whose Git repository is that of a desk: one whose branch is
/// gone there is closed.
struct GitHub {
    address: String,
    pulls: Arc<Mutex<Vec<Value>>>,
}

impl GitHub {
    fn of(repository: Git) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let pulls = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&pulls);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // a client that went away is none of the test's concern
                let _ = answer(&stream, &repository, &mut shared.lock().unwrap());
            }
        });
        Self { address, pulls }
    }

    fn pull(&self, number: usize) -> Value {
        self.pulls.lock().unwrap()[number - 1].clone()
    }
}

fn answer(mut stream: &TcpStream, repository: &Git, pulls: &mut Vec<Value>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut request, mut length) = (String::new(), 0);
    reader.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut parts = request.split(' ');
    let (method, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (status, answer) = answered(method, path, query, &body, repository, pulls);
    let body = answer.to_string();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn answered(
    method: &str,
    path: &str,
    query: &str,
    body: &[u8],
    repository: &Git,
    pulls: &mut Vec<Value>,
) -> (&'static str, Value) {
    let is_there = !repository.run(&["branch", "--list", BRANCH]).is_empty();
    for pull in pulls.iter_mut().filter(|_| !is_there) {
        pull["state"] = json!("closed");
    }
    let below = path.strip_prefix("/api/v3/repos/acme/net/pulls").unwrap();
    let given: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match method {
        "GET" => {
            let wanted = |pull: &&Value| query.contains("state=all") || pull["state"] == "open";
            ("200 OK", pulls.iter().rev().filter(wanted).cloned().collect())
        }
        "POST" => {
            let number = pulls.len() + 1;
            let branch = |name: &Value| json!({"ref": name, "sha": "a".repeat(40), "repo": {"id": 3}});
            pulls.push(json!({
                "number": number, "html_url": format!("https://forge.test/acme/net/pull/{number}"),
                "state": "open", "merged_at": null, "title": given["title"], "body": given["body"],
                "draft": false, "head": branch(&given["head"]), "base": branch(&given["base"]),
            }));
            ("201 Created", pulls[number - 1].clone())
        }
        _ => {
            let number: usize = below.trim_start_matches('/').parse().unwrap();
            let pull = &mut pulls[number - 1];
            (pull["title"], pull["body"]) = (given["title"].clone(), given["body"].clone());
            ("200 OK", pull.clone())
        }
    }
}

/// An export of the desk's repository by URL, with the forge's token.
fn export(desk: &Desk, forge: &GitHub, arguments: &[&str]) -> Ran {
    desk.write("forge-token", "hunter2");
    let url = format!("file://{}", desk.bare().0.display());
    let repository = format!("{}/acme/net.git", forge.address);
    let forge = ["--forge", "github", "--forge-repository", &repository, "--forge-token-file", "forge-token"];
    desk.export_into(&url, &[&forge, arguments].concat())
}

#[test]
fn a_pull_request_whose_change_netbox_took_back_is_withdrawn() {
    let desk = Desk::exported();
    let forge = GitHub::of(desk.bare());
    let (head, proposing) = (desk.bare().head(), &["--pull-request"]);
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    export(&desk, &forge, proposing).says("pull request opened: https://forge.test/acme/net/pull/1");
    export(&desk, &forge, proposing).says("pull request unchanged");
    assert!(forge.pull(1)["body"].as_str().unwrap().contains("vlan 10 name: shop-web → shop"));

    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop-web"));
    let ran = export(&desk, &forge, &["--pull-request", "--dry-run"]);
    ran.says("nothing to commit");
    assert_eq!(forge.pull(1)["state"], "open", "a dry run leaves it alone");
    let ran = export(&desk, &forge, proposing);
    ran.says("nothing to commit").says("pull request withdrawn: https://forge.test/acme/net/pull/1");
    assert_eq!(desk.bare().run(&["branch", "--format=%(refname:short)"]), "main");
    assert!(forge.pull(1)["body"].as_str().unwrap().starts_with("Withdrawn:"), "{}", forge.pull(1));
    let ran = export(&desk, &forge, proposing);
    ran.says("nothing to commit");
    assert!(!ran.out.contains("withdrawn"), "{}", ran.out);
    assert_eq!(desk.bare().head(), head);
    // nobody declined it
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "shop"));
    export(&desk, &forge, proposing).says("pull request opened: https://forge.test/acme/net/pull/2");
}

#[test]
fn a_commit_to_the_branch_withdraws_the_pull_request_that_would_take_it_back() {
    let desk = Desk::exported();
    let forge = GitHub::of(desk.bare());
    desk.edits("vlans/10.yaml", |text| text.replace("shop-web", "mine"));
    export(&desk, &forge, &[]).says("pull request opened: https://forge.test/acme/net/pull/1");
    // NetBox follows the person
    desk.netbox.edit(|netbox| netbox.rename_vlan(10, "mine"));
    let ran = export(&desk, &forge, &["--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["outcome"], "pushed");
    assert_eq!(value["withdrawn"], "https://forge.test/acme/net/pull/1");
    assert_eq!(desk.bare().run(&["branch", "--format=%(refname:short)"]), "main");
}
