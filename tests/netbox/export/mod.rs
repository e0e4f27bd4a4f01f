//! `gitfabric export` as people run it: the real program, real repositories, NetBox over a
//! socket.
//!
//! `commits` (what is committed, and what is not), `people` (their edits, files and reverts),
//! `pushing` (other sides, races, what is killed), `incomplete` (answers that are not whole),
//! `watching` (again and again). Elsewhere: reading alone (`reading`, `refreshing`), pull
//! requests (beside the code in `src/export`).

mod commits;
mod desk;
mod incomplete;
mod people;
mod pushing;
mod watching;
