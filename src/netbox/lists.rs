//! Lists read to their end, several pages at a time, and counted.
//!
//! A list is whole when as many distinct objects came as it says it has; else it is read
//! again, the second time page after page. Elsewhere: whether it changed meanwhile
//! (`changes`), fields that its objects lack (`absent`).

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use super::absent;
use super::answer::Body;
use super::client::Client;
use super::error::NetBoxError;
use super::inventory::{Endpoint, Inventory, PageEnd};
use super::reading::Progress;
use super::status::Status;
use super::wire::Id;

/// Objects of a page. NetBox cuts it to its own limit without a word.
const PAGE: usize = 1000;
/// How often a list may be read before its count must be right.
const TRIES: u32 = 3;
/// More pages than this are not asked for on a count's word alone.
const MOST_PAGES: u64 = 10_000;

/// What was read.
pub(super) struct Lists {
    pub(super) inventory: Inventory,
    /// The lists that took more than one page: they are no snapshot, since rows shift when one
    /// before them is deleted.
    pub(super) paged: BTreeSet<&'static str>,
}

/// Reads lists whole.
pub(super) fn whole(
    client: &Client,
    status: &Status,
    lists: &[&'static Endpoint],
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Lists, NetBoxError> {
    let parts = lists.iter().map(|list| Part::of(list)).collect();
    let tasks = (0..lists.len()).map(|list| Task { list, page: Page::First }).collect();
    let state = State { tasks, parts, ..State::default() };
    let work = Work { client, status, progress, state: Mutex::new(state), changed: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 0..client.parallel().min(lists.len()) {
            scope.spawn(|| work.run());
        }
    });
    let state = work.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = state.failure {
        return Err(failure);
    }
    if !state.refused.is_empty() {
        return Err(NetBoxError::NotPermitted { lists: state.refused });
    }
    let mut read = Lists { inventory: Inventory::default(), paged: BTreeSet::new() };
    for part in state.parts {
        if part.pages > 1 {
            read.paged.insert(part.list.path);
        }
        read.inventory.absorb(part.inventory);
    }
    Ok(read)
}

/// The query of a list's first page.
pub(super) fn query(list: &Endpoint) -> String {
    // ordered by id: equal addresses came twice or not at all before 4.6.8
    format!("limit={PAGE}&ordering=id&fields={}", list.fields.join(","))
}

struct Task {
    /// Its place among the parts.
    list: usize,
    page: Page,
}

enum Page {
    First,
    At(Url),
}

/// A list as far as it is read.
struct Part {
    list: &'static Endpoint,
    inventory: Inventory,
    ids: BTreeSet<Id>,
    /// What its first page said.
    count: u64,
    /// A later page said something else.
    uneven: bool,
    /// Pages that are still to come.
    open: usize,
    pages: usize,
    tries: u32,
}

impl Part {
    fn of(list: &'static Endpoint) -> Self {
        Self {
            list,
            inventory: Inventory::default(),
            ids: BTreeSet::new(),
            count: 0,
            uneven: false,
            open: 1,
            pages: 0,
            tries: 1,
        }
    }

    fn is_whole(&self) -> bool {
        !self.uneven && self.ids.len() as u64 == self.count
    }
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    parts: Vec<Part>,
    running: usize,
    objects: usize,
    done: usize,
    /// Types that the token may not view.
    refused: Vec<String>,
    failure: Option<NetBoxError>,
}

struct Work<'a> {
    client: &'a Client,
    status: &'a Status,
    progress: &'a (dyn Fn(Progress) + Sync),
    state: Mutex<State>,
    changed: Condvar,
}

/// A page that is being read: also a worker that panics must not be waited for.
struct Underway<'a, 'b>(&'a Work<'b>);

impl Drop for Underway<'_, '_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.running -= 1;
        if std::thread::panicking() {
            // the whole read panics when all are done: the rest is in vain
            state.tasks.clear();
        }
        drop(state);
        self.0.changed.notify_all();
    }
}

impl Work<'_> {
    fn run(&self) {
        while let Some((task, list)) = self.next() {
            let underway = Underway(self);
            let page = self.read(list, &task.page);
            let told = self.state().take(self.client, &task, page);
            // only now: who sees nothing to do and nobody at work goes home
            drop(underway);
            if let Some(told) = told {
                (self.progress)(told);
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next page to ask for; none when all is read, or one has failed.
    fn next(&self) -> Option<(Task, &'static Endpoint)> {
        let mut state = self.state();
        loop {
            if state.failure.is_some() {
                return None;
            }
            if let Some(task) = state.tasks.pop_front() {
                let list = state.parts.get(task.list)?.list;
                state.running += 1;
                return Some((task, list));
            }
            if state.running == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn read(&self, list: &Endpoint, page: &Page) -> Result<(Body, Inventory, PageEnd), NetBoxError> {
        let body = match page {
            Page::First => self.client.get(list.path, &query(list))?,
            Page::At(url) => self.client.fetch(url.clone())?,
        };
        let (inventory, end) = parse(list, self.status, &body)?;
        Ok((body, inventory, end))
    }
}

/// The objects of one page of a list.
pub(super) fn parse(
    list: &Endpoint,
    status: &Status,
    body: &Body,
) -> Result<(Inventory, PageEnd), NetBoxError> {
    let mut inventory = Inventory::default();
    match inventory.put_page(list.path, &body.bytes) {
        Some(Ok(end)) => {
            absent::check(list, status, body)?;
            Ok((inventory, end))
        }
        Some(Err(error)) => Err(body.garbled(&error)),
        None => Err(NetBoxError::Missing { url: body.url.clone(), html: false, plugin: list.plugin }),
    }
}

/// How many objects the whole list has, as a page of it says.
pub(super) fn count(end: &PageEnd, body: &Body) -> Result<u64, NetBoxError> {
    end.count.ok_or_else(|| NetBoxError::Garbled {
        url: body.url.clone(),
        what: "it does not say how many objects the list has".to_owned(),
    })
}

impl State {
    /// Takes over a page, and says what is to be read next.
    fn take(
        &mut self,
        client: &Client,
        task: &Task,
        page: Result<(Body, Inventory, PageEnd), NetBoxError>,
    ) -> Option<Progress> {
        let of = self.parts.len();
        let part = self.parts.get_mut(task.list)?;
        match page {
            Ok((body, inventory, end)) => {
                let before = part.ids.len();
                match part.take(client, task, &body, inventory, end) {
                    Ok(pages) => {
                        part.open += pages.len();
                        self.tasks.extend(
                            pages.into_iter().map(|url| Task { list: task.list, page: Page::At(url) }),
                        );
                    }
                    Err(error) => self.failure = Some(error),
                }
                self.objects += part.ids.len() - before;
            }
            // missing rights are told all at once
            Err(NetBoxError::Refused { said, .. }) if said.contains("do not have permission") => {
                self.refused.push(part.list.object_type.to_owned());
            }
            Err(error) => self.failure = Some(error),
        }
        part.open -= 1;
        if self.failure.is_none() && part.open == 0 {
            if part.is_whole() {
                self.done += 1;
            } else if part.tries == TRIES {
                let (list, count, ids) = (part.list.path.to_owned(), part.count, part.ids.len());
                self.failure = Some(NetBoxError::Uncounted { list, count, ids, tries: TRIES });
            } else {
                self.objects -= part.ids.len();
                *part = Part { tries: part.tries + 1, ..Part::of(part.list) };
                self.tasks.push_front(Task { list: task.list, page: Page::First });
            }
        }
        Some(Progress { list: part.list.path, objects: self.objects, lists: self.done, of })
    }
}

impl Part {
    /// Takes over a page; gives the addresses of the pages that are to be read after it.
    fn take(
        &mut self,
        client: &Client,
        task: &Task,
        body: &Body,
        inventory: Inventory,
        end: PageEnd,
    ) -> Result<Vec<Url>, NetBoxError> {
        let is_first = matches!(task.page, Page::First);
        let count = count(&end, body)?;
        if is_first {
            self.count = count;
        }
        self.uneven |= self.count != count;
        self.pages += 1;
        let before = self.ids.len();
        self.ids.extend(end.ids);
        self.inventory.absorb(inventory);
        let Some(next) = end.next else { return Ok(Vec::new()) };
        let next = client.next(body, &next)?;
        if self.tries == 1 {
            return Ok(if is_first { pages(&next, count) } else { Vec::new() });
        }
        // a next page that never brings anything new would have no end
        Ok(if self.ids.len() > before { vec![next] } else { Vec::new() })
    }
}

/// All pages from the second on, made from the second's address; that one alone if it is not
/// of the form that we know.
fn pages(second: &Url, count: u64) -> Vec<Url> {
    let number = |name: &str| {
        let found = second.query_pairs().find(|(key, _)| key == name);
        found.and_then(|(_, value)| value.parse::<u64>().ok()).filter(|number| *number > 0)
    };
    let (Some(limit), Some(offset)) = (number("limit"), number("offset")) else {
        return vec![second.clone()];
    };
    if count / limit > MOST_PAGES {
        return vec![second.clone()];
    }
    let step = usize::try_from(limit).unwrap_or(usize::MAX);
    (offset..count.max(offset + 1))
        .step_by(step)
        .map(|offset| {
            let parts = second.query().unwrap_or_default().split('&');
            let moved = |part: &str| {
                if part.starts_with("offset=") { format!("offset={offset}") } else { part.to_owned() }
            };
            let mut url = second.clone();
            url.set_query(Some(&parts.map(moved).collect::<Vec<_>>().join("&")));
            url
        })
        .collect()
}
