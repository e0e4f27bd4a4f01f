//! What watching a thousand devices costs, beside the bare loop, in one run:
//! `cargo bench --bench drift`.
//!
//! One process serves (`server`), one process after the other watches (`watchers`) and measures
//! itself (`process`): a bare loop over the generated client, a naive client that keeps what it
//! hears, the bare loop over our own connection, and the watcher. `table` runs them and
//! prints what came of it beside the aims of the issue; nothing is asserted, as a clock is no
//! judge. A run takes some three minutes; `GITFABRIC_BENCH_DEVICES=20`, `-- --test` and
//! `cargo test --benches` make it half a minute.

mod clients;
mod load;
mod process;
mod proto;
mod server;
mod table;
mod watchers;

use self::process::Role;

fn main() {
    match Role::of_this_process() {
        Role::Table => table::run(),
        Role::Server => server::run(),
        Role::Watchers(kind) => watchers::run(kind),
    }
}
