//! `gitfabric alerts` and `gitfabric alerts test`.

use crate::running::{Process, soon};
use crate::world::{KEY, Receiver, lab};

#[tokio::test(flavor = "multi_thread")]
async fn a_test_reaches_each_receiver_now_and_says_what_it_answers() {
    let (noc, flows) = (Receiver::start(true), Receiver::start(false));
    let both = "{ name: noc, kind: slack, url: secret:noc, ca: ca-noc.pem }, \
        { name: flows, kind: webhook, url: secret:flows, sign: secret:sign }";
    let lab = lab(&format!("  receivers: [{both}]\n"));
    lab.set_secret("noc", &noc.url());
    lab.set_secret("flows", &flows.url());
    std::fs::write(lab.path("ca-noc.pem"), noc.authority()).unwrap();
    let said = lab.printed(&["alerts", "test"]);
    assert_eq!(said, "noc    slack    took it (200)\nflows  webhook  took it (200)\n");
    assert_eq!(flows.told()[0].json()["kind"], "test");
    assert_eq!(flows.told()[0].json()["device"], "", "it is about none");

    noc.always(403, "invalid_token");
    let output = lab.gitfabric(&["alerts", "test", "noc"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(said, "noc  slack  refuses it: it answers 403: invalid_token\n");
    assert_eq!(flows.told().len(), 1);

    // a certificate that nobody vouches for
    std::fs::write(lab.path("ca-noc.pem"), Receiver::start(true).authority()).unwrap();
    let output = lab.gitfabric(&["alerts", "test", "noc"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("certificate") && !said.contains(KEY), "{said}");

    let output = lab.gitfabric(&["alerts", "test", "nok"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("did you mean `noc`?"), "{error}");
    let listed = lab.printed(&["alerts"]);
    assert_eq!(
        listed,
        "receiver  kind     waiting  given up\nnoc       slack    0        0\nflows     webhook  0        0\n"
    );
}

/// A receiver that would be told nothing, for want of its secret or of the devices that it is for,
/// is not listed as if all were well.
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_told_nothing_is_said_to_be_in_trouble() {
    let both = "{ name: noc, kind: slack, url: secret:noc, devices: [leaf1, leaf21] }, \
        { name: flows, kind: webhook, url: secret:flows, sign: secret:absent, devices: ['role:spin'] }, \
        { name: well, kind: slack, url: secret:noc, devices: [leaf1, 'role:spine'] }";
    let lab = lab(&format!("  receivers: [{both}]\n"));
    let noc = Receiver::start(false);
    lab.set_secret("noc", &noc.url());
    lab.set_secret("flows", &noc.url());
    let before = lab.printed(&["alerts"]);
    assert!(before.contains("secret:absent has no value") && !before.contains("leaf21"), "{before}");
    let process = Process::start(&lab);
    process.logs("the intent has no role spin; did you mean `spine`?").await;
    process.logs("the intent has no device leaf21").await;
    process.terminate();
    let (_, log) = soon("its end", process.ended()).await;
    let of_well = |line: &str| line.contains("the intent has no") && line.contains("well");
    assert!(!log.lines().any(of_well), "{log}");

    let listed = lab.printed(&["alerts"]);
    let of = |name: &str| listed.lines().find(|line| line.starts_with(name)).unwrap();
    assert!(of("noc").contains("the intent has no device leaf21"), "{listed}");
    assert!(!of("noc").contains("has no value"), "{listed}");
    assert!(of("flows").contains("not told from here: secret:absent has no value; looked for"), "{listed}");
    assert!(of("flows").contains("the intent has no role spin"), "{listed}");
    assert!(of("well").trim_end().ends_with('0'), "{listed}");
    assert!(!listed.contains(KEY), "{listed}");
    let json: serde_json::Value = serde_json::from_str(&lab.printed(&["alerts", "--json"])).unwrap();
    assert_eq!(json["receivers"][1]["trouble"].as_array().unwrap().len(), 2, "{json:#}");
    assert_eq!(json["receivers"][2]["trouble"], serde_json::json!([]), "{json:#}");
}
