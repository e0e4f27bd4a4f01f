//! `GET /plans/NAME`: pages of plans, as they were given.
//!
//! Here: [`Pages`], kept in a folder so that the links of open pull requests outlive a
//! restart, bounded in number and bytes. A page's name is its only key: whoever knows it may
//! read, nobody can list them. Elsewhere: what stands on a page (`review`), when it is
//! published (`agent`).
//!
//! A page may hold what a stranger wrote: it is served so that nothing in it can run, load,
//! or be sent anywhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use axum::Router;
use axum::extract::Path as Asked;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

/// Where they are served.
const PREFIX: &str = "/plans/";
/// How the files are named, after the page's name.
const ENDING: &str = ".html";

/// Styles within the page, and nothing else: no script, no image, no font, no form, no frame.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'; sandbox";

/// What all pages together may cost.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    /// How many pages are kept; of more the oldest goes.
    pub pages: usize,
    /// Bytes of one page.
    pub page: u64,
    /// Bytes of all pages; of more the oldest goes.
    pub bytes: u64,
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
        size: u64,
        /// The limit in bytes.
        limit: u64,
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
pub struct Pages(Arc<Shelf>);

#[derive(Debug)]
struct Shelf {
    folder: PathBuf,
    limits: PageLimits,
    kept: Mutex<Kept>,
}

/// What is in the folder.
#[derive(Debug, Default)]
struct Kept {
    /// A page's place in the order of publishing, and its bytes.
    pages: BTreeMap<String, (u64, u64)>,
    last: u64,
    bytes: u64,
}

impl Pages {
    /// The pages of a folder, which is made if it is absent. What else is in it is left alone.
    /// Blocking.
    pub fn open(folder: &Path, limits: PageLimits) -> Result<Self, PageError> {
        let shelf = Shelf { folder: folder.to_owned(), limits, kept: Mutex::default() };
        let failed = |cause| PageError::Folder { folder: folder.to_owned(), cause };
        fs::create_dir_all(folder).map_err(failed)?;
        let mut found: Vec<(SystemTime, String, u64)> = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let file = entry.file_name().to_string_lossy().into_owned();
            if let Some(name) = file.strip_suffix(ENDING).filter(|name| is_name(name)) {
                let about = entry.metadata().map_err(failed)?;
                let written = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                found.push((written, name.to_owned(), about.len()));
            }
        }
        found.sort();
        let pages = Self(Arc::new(shelf));
        let mut kept = pages.kept();
        for (_, name, bytes) in found {
            kept.add(name, bytes);
        }
        pages.0.shrink(&mut kept)?;
        drop(kept);
        Ok(pages)
    }

    /// Publishes a page; one of the same name is replaced, and counts as new. The oldest go if
    /// there are too many. Blocking: it writes a file.
    pub fn publish(&self, name: &str, html: &str) -> Result<(), PageError> {
        let (size, limit) = (html.len() as u64, self.0.limits.page);
        let file = self.0.file(name)?;
        if size > limit {
            return Err(PageError::TooLarge { size, limit });
        }
        // whoever reads meanwhile gets the page before, as a whole
        let mut kept = self.kept();
        let write = || {
            let draft = file.with_extension("draft");
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.open(&draft)?.write_all(html.as_bytes())?;
            fs::rename(&draft, &file)
        };
        write().map_err(|cause| self.0.failed(cause))?;
        kept.add(name.to_owned(), size);
        self.0.shrink(&mut kept)
    }

    /// Takes a page back; that there is none is no error. Blocking.
    pub fn withdraw(&self, name: &str) -> Result<(), PageError> {
        self.0.file(name)?;
        self.0.remove(&mut self.kept(), name)
    }

    /// Whether there is a page of this name.
    pub fn holds(&self, name: &str) -> bool {
        self.kept().pages.contains_key(name)
    }

    /// Where a page of this name is served, from the server's root.
    pub fn path(name: &str) -> String {
        format!("{PREFIX}{name}")
    }

    /// Its part of the server.
    pub fn routes(&self) -> Router {
        let pages = self.clone();
        let read = async move |Asked(name): Asked<String>| {
            let read = tokio::task::spawn_blocking(move || pages.read(&name)).await;
            match read.ok().flatten() {
                Some(html) => page(html),
                None => (StatusCode::NOT_FOUND, "there is no such plan, or it is too old\n").into_response(),
            }
        };
        Router::new().route(&format!("{PREFIX}{{name}}"), get(read))
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        // only what was published: the name of a request names no file of its own
        if !self.holds(name) {
            return None;
        }
        fs::read(self.0.file(name).ok()?).ok()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, name: String, bytes: u64) {
        self.last += 1;
        let before = self.pages.insert(name, (self.last, bytes));
        self.bytes = self.bytes.saturating_sub(before.map_or(0, |(_, bytes)| bytes)).saturating_add(bytes);
    }
}

impl Shelf {
    fn file(&self, name: &str) -> Result<PathBuf, PageError> {
        if !is_name(name) {
            return Err(PageError::BadName(name.chars().take(80).collect()));
        }
        Ok(self.folder.join(format!("{name}{ENDING}")))
    }

    fn failed(&self, cause: io::Error) -> PageError {
        PageError::Folder { folder: self.folder.clone(), cause }
    }

    /// Lets the oldest go until the others fit.
    fn shrink(&self, kept: &mut Kept) -> Result<(), PageError> {
        while kept.pages.len() > self.limits.pages || kept.bytes > self.limits.bytes {
            let oldest = kept.pages.iter().min_by_key(|(_, (place, _))| *place);
            let Some(name) = oldest.map(|(name, _)| name.clone()) else { break };
            self.remove(kept, &name)?;
        }
        Ok(())
    }

    fn remove(&self, kept: &mut Kept, name: &str) -> Result<(), PageError> {
        match fs::remove_file(self.file(name)?) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(self.failed(cause)),
            _ => {}
        }
        if let Some((_, bytes)) = kept.pages.remove(name) {
            kept.bytes = kept.bytes.saturating_sub(bytes);
        }
        Ok(())
    }
}

/// Whether it is a SHA-256 in lower-case hex: nothing that can be guessed, and no path.
fn is_name(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn page(html: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // the address is the key: it goes nowhere with a click
        (header::REFERRER_POLICY, "no-referrer"),
        // a plan tells of a network, and is renewed under its name
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::tests::{Lab, brief};

    fn name(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    fn open(folder: &tempfile::TempDir, limits: PageLimits) -> Pages {
        Pages::open(&folder.path().join("plans"), limits).unwrap()
    }

    #[tokio::test]
    async fn a_page_is_served_to_whoever_knows_its_name_and_nothing_in_it_can_run() {
        let folder = tempfile::tempdir().unwrap();
        let pages = open(&folder, PageLimits::default());
        pages.publish(&name('a'), "<p>é</p>").unwrap();
        fs::write(folder.path().join("plans").join("secret.html"), "no page").unwrap();
        fs::write(folder.path().join(name('b') + ".html"), "outside").unwrap();
        let lab = Lab::with(pages.routes()).await;
        let ask =
            async |path: &str| lab.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await;
        let answer = ask(&Pages::path(&name('a'))).await;
        assert_eq!(brief(&answer), "200 <p>é</p>");
        for line in [
            "content-type: text/html; charset=utf-8",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(answer.contains(line), "{line}: {answer}");
        }
        let policy = answer.lines().find(|line| line.starts_with("content-security-policy: ")).unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("script"), "{policy}");
        for path in [
            "/plans/",
            "/plans",
            &Pages::path(&name('b')),
            &format!("/plans/..%2f{}", name('b')),
            "/plans/secret",
            "/plans/%ff",
            &Pages::path(&name('A')),
        ] {
            let said = brief(&ask(path).await);
            assert!(said.starts_with('4') && !said.contains("outside"), "{path}: {said}");
        }
    }

    #[test]
    fn pages_outlive_a_restart_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let limits = PageLimits { pages: 3, page: 10, bytes: 20 };
        let held =
            |pages: &Pages| -> String { "abcdef".chars().filter(|c| pages.holds(&name(*c))).collect() };
        let pages = open(&folder, limits);
        for (digit, html, expected) in [
            ('a', "1234", "a"),
            ('b', "1234", "ab"),
            ('c', "1234", "abc"),
            ('a', "12345", "abc"),      // renewed: now the newest
            ('d', "1234", "acd"),       // too many
            ('e', "1234567890", "ade"), // the same
            ('f', "1234567890", "ef"),  // too many bytes
        ] {
            pages.publish(&name(digit), html).unwrap();
            assert_eq!(held(&pages), expected, "{digit}");
        }
        assert!(matches!(
            pages.publish(&name('b'), "12345678901"),
            Err(PageError::TooLarge { size: 11, .. })
        ));
        for bad in ["", "..", "../x", &name('g'), &name('A'), &name('a')[1..]] {
            assert!(matches!(pages.publish(bad, "x"), Err(PageError::BadName(_))), "{bad}");
        }
        pages.withdraw(&name('e')).unwrap();
        pages.withdraw(&name('e')).unwrap();
        assert_eq!(held(&open(&folder, limits)), "f");
        assert_eq!(fs::read_dir(folder.path().join("plans")).unwrap().count(), 1);
        assert_eq!(held(&open(&folder, PageLimits { pages: 0, ..limits })), "");
    }
}
