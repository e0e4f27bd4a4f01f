//! `gitfabric alerts` and `gitfabric alerts test`.

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
