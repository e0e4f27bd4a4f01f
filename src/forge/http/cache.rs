//! What a list said the last time, so that asking again costs next to nothing.
//!
//! A page that came with an `ETag` is asked for with `If-None-Match`, and 304 brings what it said
//! before (RFC 9110 section 13.1.2). GitHub counts no 304 against its limit (REST API, "Best
//! practices": conditional requests); GitLab gives `ETag`s too. Gitea gives none for its API: there
//! the page is read, and its digest tells whether it is the same.
//!
//! Here: [`Cache`], and the calls of [`Http`] that use it. Elsewhere: lists that are read once
//! (`pages`), when the same answer is news (`pulls`).

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::header::{ETAG, HeaderValue};
use ring::digest::{Context, SHA256, digest};
use serde::de::DeserializeOwned;

use super::{Answer, Call, Http, pages};
use crate::forge::error::{ForgeError, Problem};
use crate::forge::pulls::News;

/// Bytes of answers whose content is kept: some thousand pull requests with their comments.
const MOST_BYTES: usize = 64 << 20;

/// The content of pages by their address. What was used longest ago goes first.
#[derive(Default)]
pub(super) struct Cache {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    pages: BTreeMap<String, Page>,
    /// Which version of a list its asker was told last.
    told: BTreeMap<String, Vec<u8>>,
    bytes: usize,
    uses: u64,
}

/// A page as it was read.
#[derive(Clone)]
struct Page {
    etag: Option<HeaderValue>,
    digest: Vec<u8>,
    /// The query of the page after it.
    next: Option<String>,
    /// What was made of it; a `Vec` of some type, or one value.
    content: Arc<dyn Any + Send + Sync>,
    bytes: usize,
    used: u64,
}

/// A list with all its pages.
pub(in crate::forge) struct Listed<R> {
    pub(in crate::forge) items: Vec<R>,
    /// The address of its first page.
    name: String,
    /// Equal lists, and only they, have equal versions.
    version: Vec<u8>,
}

impl Cache {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, url: &str) -> Option<Page> {
        let mut inside = self.inside();
        inside.uses += 1;
        let uses = inside.uses;
        let page = inside.pages.get_mut(url)?;
        page.used = uses;
        Some(page.clone())
    }

    fn keep(&self, url: &str, mut page: Page) {
        let mut inside = self.inside();
        inside.uses += 1;
        page.used = inside.uses;
        inside.bytes += page.bytes;
        if let Some(old) = inside.pages.insert(url.to_owned(), page) {
            inside.bytes -= old.bytes;
        }
        while inside.bytes > MOST_BYTES {
            let oldest = inside.pages.iter().min_by_key(|(_, page)| page.used).map(|(url, _)| url.clone());
            let Some(old) = oldest.and_then(|url| inside.pages.remove(&url)) else { break };
            inside.bytes -= old.bytes;
        }
        let Inside { pages, told, .. } = &mut *inside;
        told.retain(|url, _| pages.contains_key(url));
    }

    /// Lets every list be news again, without asking for what is known.
    pub(super) fn forget(&self) {
        self.inside().told.clear();
    }
}

impl Http {
    /// All items of a list that `keep` makes something of, of at most `most` pages. Pages that
    /// are too large are asked for with fewer items.
    ///
    /// `keep` has to make the same of the same item each time.
    pub(in crate::forge) fn list<T, R>(
        &self,
        call: &Call,
        most: usize,
        keep: impl Fn(T) -> Option<R>,
    ) -> Result<Listed<R>, ForgeError>
    where
        T: DeserializeOwned,
        R: Clone + Send + Sync + 'static,
    {
        let mut call = call.clone();
        loop {
            let listed = self.list_once(&call, most, &keep);
            let too_large = |error: &ForgeError| matches!(error.problem(), Some(Problem::TooLarge { .. }));
            match listed {
                Err(error) if too_large(&error) && pages::shorten(&mut call.url) => {}
                listed => return listed,
            }
        }
    }

    fn list_once<T, R>(
        &self,
        call: &Call,
        most: usize,
        keep: &impl Fn(T) -> Option<R>,
    ) -> Result<Listed<R>, ForgeError>
    where
        T: DeserializeOwned,
        R: Clone + Send + Sync + 'static,
    {
        let (mut items, mut version) = (Vec::new(), Context::new(&SHA256));
        let mut call = call.clone();
        let name = call.url.to_string();
        for _ in 0..most {
            let page = self.page(&call, |answer| {
                let found: Vec<T> = self.read(&call, answer)?;
                let next = pages::next(&answer.headers, &call.url)
                    .or_else(|| pages::after_full(&call.url, found.len()));
                Ok((found.into_iter().filter_map(keep).collect::<Vec<R>>(), next))
            })?;
            version.update(&page.digest);
            if let Some(found) = page.content.downcast_ref::<Vec<R>>() {
                items.extend(found.iter().cloned());
            }
            match page.next {
                Some(query) if call.url.query() != Some(&query) => call.url.set_query(Some(&query)),
                _ => break,
            }
        }
        Ok(Listed { items, name, version: version.finish().as_ref().to_vec() })
    }

    /// One thing that is asked for again and again.
    pub(in crate::forge) fn remembered<T>(&self, call: &Call) -> Result<T, ForgeError>
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        let page = self.page(call, |answer| Ok((self.read::<T>(call, answer)?, None)))?;
        match page.content.downcast_ref::<T>() {
            Some(value) => Ok(value.clone()),
            None => self.json(call), // another type was made of the same address
        }
    }

    /// Whether a list is another than the one that was told last.
    pub(in crate::forge) fn news<R>(&self, listed: Listed<R>) -> News<Vec<R>> {
        let mut inside = self.cache.inside();
        let is_same = inside.told.get(&listed.name) == Some(&listed.version);
        inside.told.insert(listed.name, listed.version);
        if is_same { News::Same } else { News::New(listed.items) }
    }

    /// A page as it is now: known, if the forge says so.
    fn page<C: Any + Send + Sync>(
        &self,
        call: &Call,
        make: impl Fn(&Answer) -> Result<(C, Option<String>), ForgeError>,
    ) -> Result<Page, ForgeError> {
        let url = call.url.as_str();
        let known = self.cache.find(url).filter(|page| page.content.is::<C>());
        let etag = known.as_ref().and_then(|page| page.etag.clone());
        let answer = self.send(&Call { if_none_match: etag, ..call.clone() })?;
        if let (true, Some(known)) = (answer.is_same, &known) {
            return Ok(known.clone());
        }
        let digest = digest(&SHA256, &answer.body).as_ref().to_vec();
        let etag = answer.headers.get(ETAG).cloned();
        if let Some(known) = known.filter(|known| known.digest == digest && known.next.is_none()) {
            let page = Page { etag, ..known };
            self.cache.keep(url, page.clone());
            return Ok(page);
        }
        let (content, next) = make(&answer)?;
        let bytes = answer.body.len();
        let page = Page { etag, digest, next, content: Arc::new(content), bytes, used: 0 };
        self.cache.keep(url, page.clone());
        Ok(page)
    }
}
