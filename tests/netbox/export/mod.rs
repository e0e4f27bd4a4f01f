//! `gitfabric export` as people run it: the real program, real repositories, NetBox over a
//! socket.
//!
//! `commits` (what is committed, and what is not), `told` (how it is told), `fabrics` (several in
//! one repository), `people` (their edits, files and reverts), `pushing` (other sides, races, what
//! is killed), `proposing` (pull requests), `incomplete` (answers that are not whole), `watching`
//! (again and again). Elsewhere: reading alone (`reading`, `refreshing`), what people do to pull
//! requests (beside the code in `src/export`).

mod commits;
mod desk;
mod fabrics;
mod incomplete;
mod people;
mod proposing;
mod pushing;
mod told;
mod watching;
