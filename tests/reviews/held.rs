//! What people hold by a comment, and let go of.

use gitfabric::forge::Kind;

use crate::lab::fabric_name;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_holds_a_device_once_and_its_answer_says_what_is_held_now() {
    let world = World::new(Kind::GitHub);
    let agent = world.agent().await;
    let number = world.opens(|files| files.rename_vlan("ventas"));
    world.reviewed(number).await;
    let held = || {
        let holds = world.lab.store().holds(&fabric_name(), jiff::Timestamp::now()).unwrap();
        holds.iter().map(|hold| format!("{} {} {}", hold.device, hold.path, hold.by)).collect::<Vec<_>>()
    };

    world.forge.says(number, "mallory", "/gitfabric hold leaf1 for 2h I say so");
    world.comment(number, "a stranger is refused", |body| body.contains("Only people who may write")).await;
    assert!(held().is_empty());

    world.forge.says(number, "ada", "/gitfabric hold laef1 for 2h a broken optic");
    world.comment(number, "a typing error is told", |body| body.contains("did you mean")).await;
    assert!(held().is_empty());

    world.forge.says(number, "ada", "/gitfabric hold leaf1 for 2h a broken optic");
    let says = "Nothing is sent to it until then.";
    let said = world.comment(number, "it is held", |body| body.contains(says)).await;
    assert!(said.body.contains("a broken optic"), "{}", said.body);
    assert_eq!(held(), [format!("leaf1 / ada (#{number})")]);

    // somebody lifts it elsewhere: the comment is read again and holds nothing again
    world.lab.printed(&["hold", "leaf1", "--lift"]);
    world.forge.says(number, "ada", "/gitfabric plan");
    world.comment(number, "the answer is true", |body| body.contains("that was lifted")).await;
    assert!(held().is_empty());

    world.forge.says(number, "ada", "/gitfabric hold leaf1 for 2h again");
    world.comment(number, "another comment holds", |body| body.contains(": again.")).await;
    world.forge.says(number, "ada", "/gitfabric lift leaf1");
    world.comment(number, "it is lifted", |body| body.contains("leaf1 is not held now.")).await;
    assert!(held().is_empty());
    agent.end().await;
}
