//! The lab compiled: whole devices, each feature by an edit, states, the cache.

mod drift;
mod features;
mod fixture;
mod hostile;
mod incremental;
mod lab;
mod watched;
