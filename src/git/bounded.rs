//! Objects of a repository, as long as not too many of them are asked for.
//!
//! Here: [`Bounded`], which gix reads and writes through while it merges: it has no way to be
//! told to stop but an object that cannot be had. Counted is what is asked, not time, so that
//! the same merge ends alike everywhere. Elsewhere: the merge (`merge`).

use std::cell::Cell;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::{Data, Find, FindHeader, Header, Kind, Write};

/// Objects that one merge may ask for: twice what the largest intent has.
const ASKED_LIMIT: u64 = 1_000_000;
/// Bytes that it may read and write.
const BYTES_LIMIT: u64 = 1 << 30;

/// A repository's objects with a count of what was asked.
pub(super) struct Bounded<'g> {
    gix: &'g gix::Repository,
    asked: Cell<u64>,
    bytes: Cell<u64>,
}

impl<'g> Bounded<'g> {
    /// Nothing was asked yet.
    pub(super) fn new(gix: &'g gix::Repository) -> Self {
        Self { gix, asked: Cell::new(0), bytes: Cell::new(0) }
    }

    /// What was asked too much, if anything: in words, and how much of it may be.
    pub(super) fn exceeded(&self) -> Option<(&'static str, u64)> {
        if self.asked.get() > ASKED_LIMIT {
            return Some(("objects to be looked at", ASKED_LIMIT));
        }
        (self.bytes.get() > BYTES_LIMIT).then_some(("bytes to be looked at", BYTES_LIMIT))
    }

    fn count(&self, bytes: usize) -> gix::Result<()> {
        self.asked.set(self.asked.get() + 1);
        self.bytes.set(self.bytes.get().saturating_add(bytes as u64));
        match self.exceeded() {
            None => Ok(()),
            Some((what, limit)) => {
                Err(gix::Error::from_error(std::io::Error::other(format!("more than {limit} {what}"))))
            }
        }
    }
}

impl Find for Bounded<'_> {
    fn try_find<'a>(&self, id: &oid, buffer: &'a mut Vec<u8>) -> gix::Result<Option<Data<'a>>> {
        let found = self.gix.try_find(id, buffer)?;
        self.count(found.as_ref().map_or(0, |data| data.data.len()))?;
        Ok(found)
    }
}

impl FindHeader for Bounded<'_> {
    fn try_header(&self, id: &oid) -> gix::Result<Option<Header>> {
        self.count(0)?;
        FindHeader::try_header(self.gix, id)
    }
}

impl Write for Bounded<'_> {
    fn write_buf(&self, kind: Kind, bytes: &[u8]) -> gix::Result<ObjectId> {
        self.count(bytes.len())?;
        self.gix.write_buf(kind, bytes)
    }

    fn write_buf_with_known_id(&self, kind: Kind, bytes: &[u8], id: ObjectId) -> gix::Result<ObjectId> {
        self.count(bytes.len())?;
        self.gix.write_buf_with_known_id(kind, bytes, id)
    }

    fn write_stream(&self, kind: Kind, size: u64, from: &mut dyn std::io::Read) -> gix::Result<ObjectId> {
        self.count(usize::try_from(size).unwrap_or(usize::MAX))?;
        self.gix.write_stream(kind, size, from)
    }

    fn write_stream_with_known_id(
        &self,
        kind: Kind,
        size: u64,
        from: &mut dyn std::io::Read,
        id: ObjectId,
    ) -> gix::Result<ObjectId> {
        self.count(usize::try_from(size).unwrap_or(usize::MAX))?;
        self.gix.write_stream_with_known_id(kind, size, from, id)
    }
}
