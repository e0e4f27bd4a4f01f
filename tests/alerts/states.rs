//! An Alertmanager is told what is wrong, for as long as it is, and when it is over.

use gitfabric::record::Verdict;
use jiff::Timestamp;
use serde_json::Value;

use crate::running::{Running, until};
use crate::world::{Receiver, agent, lab};

/// Whether a body says of an alert that it burns, or that it has ended.
fn says(body: &Value, name: &str, burns: bool) -> bool {
    body.as_array().into_iter().flatten().any(|alert| {
        let time = |key: &str| alert[key].as_str().unwrap().parse::<Timestamp>().unwrap();
        assert!(time("startsAt") < time("endsAt"), "{alert}");
        alert["labels"]["alertname"] == name && (time("endsAt") > Timestamp::now()) == burns
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alertmanager_is_told_what_is_wrong_and_that_it_is_over() {
    let manager = Receiver::start(false);
    let lab = lab("  lost-after: 100ms\n  receivers: [{ name: am, kind: alertmanager, url: secret:am }]\n");
    lab.set_secret("am", &manager.base());
    let mut running = agent(&lab).await;
    lab.device("leaf1").down();
    lab.commit("Rename VLAN 40", |files| files.rename_vlan("ventas"));
    let lost = manager.until("it is lost", |body| says(body, "GitfabricDeviceLost", true)).await;
    let alert = lost.as_array().unwrap().iter().find(|alert| alert["labels"]["device"] == "leaf1").unwrap();
    assert_eq!(alert["labels"]["fabric"], "evpn-lab");
    assert!(manager.told().iter().all(|request| request.target == "/api/v2/alerts"));

    // said again by the next agent, although it is no news: the other side may have forgotten
    running.end().await;
    let before = manager.told().len();
    running = Running::start(&lab);
    until(
        "it is said again",
        || {
            manager
                .told()
                .iter()
                .skip(before)
                .any(|it| says(&it.json(), "GitfabricDeviceLost", true))
                .then_some(())
        },
        String::new,
    )
    .await;

    lab.device("leaf1").up().unwrap();
    manager.until("it is over", |body| says(body, "GitfabricDeviceLost", false)).await;
    let broken = lab.commit("Broken", |files| files.write("vlans/40.yaml", "vni: seven\n"));
    running.judged(&broken, Verdict::Refused).await;
    manager.until("refused", |body| says(body, "GitfabricCommitRefused", true)).await;
    let mended = lab.revert();
    running.settled(&mended).await;
    manager.until("mended", |body| says(body, "GitfabricCommitRefused", false)).await;
    running.end().await;
}
