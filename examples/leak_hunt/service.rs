//! The service: three pools, and handlers, some of which leak if asked to.

use crate::input::Request;
use crate::load::Random;
use millpond::track::Tracking;
use millpond::{OwnedPooled, Pool, Retention, StringMap};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Leaks {
    pub(crate) guard: bool,
    pub(crate) map: bool,
    pub(crate) giants: bool,
}

/// Sessions and searches that a service in order remembers.
const SESSIONS: usize = 100;
const SEARCHES: usize = 1_000;

/// An export is built of so many parts at once. One of them holds a picture of so many
/// bytes.
const PARTS: usize = 8;
const PICTURE: usize = 1 << 20;

pub(crate) struct Service {
    pub(crate) headers: Arc<Pool<StringMap>>,
    pub(crate) params: Arc<Pool<StringMap>>,
    pub(crate) body: Arc<Pool<Vec<u8>>>,
    sessions: Mutex<VecDeque<OwnedPooled<StringMap>>>,
    searches: Mutex<Searches>,
    leaks: Leaks,
}

/// How often what was searched for.
struct Searches(OwnedPooled<StringMap>);

impl Searches {
    fn new(params: &Arc<Pool<StringMap>>) -> Self {
        Self(params.get_owned())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a request wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Page,
    Search,
    Login,
    Export,
}

impl Route {
    /// Of a thousand requests, 20 log in, 300 search, and one exports.
    pub(crate) fn draw(random: &mut Random) -> Self {
        match random.below(1_000) {
            0 => Self::Export,
            1..=20 => Self::Login,
            21..=320 => Self::Search,
            _ => Self::Page,
        }
    }
}

impl Service {
    pub(crate) fn new(leaks: Leaks, tracking: Tracking) -> Self {
        let strings = |name: &'static str| {
            let pool = Pool::from_fn(StringMap::new).with_name(name);
            Arc::new(pool.with_tracking(tracking).with_backtraces(true))
        };
        let mut body = Pool::from_fn(|| Vec::with_capacity(4 << 10))
            .with_name("body")
            .with_tracking(tracking)
            .with_backtraces(true);
        if leaks.giants {
            body = body
                .with_retention(Retention::keep_all())
                .with_trim_interval(None);
        }
        let params = strings("params");
        Self {
            headers: strings("headers"),
            searches: Mutex::new(Searches::new(&params)),
            params,
            body: Arc::new(body),
            sessions: Mutex::default(),
            leaks,
        }
    }

    /// Answers a request; the length of the answer.
    pub(crate) fn handle(&self, route: Route, request: &Request, user: u64) -> usize {
        let mut headers = self.headers.get();
        for (name, value) in &request.headers {
            headers.append(name, value);
        }
        match route {
            Route::Page => self.page(request),
            Route::Search => self.search(request, user),
            Route::Login => self.login(request, user),
            Route::Export => self.export(request, user),
        }
    }

    fn page(&self, request: &Request) -> usize {
        let mut body = self.body.get();
        for segment in &request.segments {
            body.extend_from_slice(segment.as_bytes());
        }
        body.len()
    }

    fn search(&self, request: &Request, user: u64) -> usize {
        let mut params = self.params.get();
        for (name, value) in &request.query {
            params.append(name, value);
        }
        let searches = &mut lock(&self.searches).0;
        let what = request.segments.last().map_or("", String::as_str);
        searches.append(&format!("{what} for user {user}"), "1");
        // Leaks: a map that grows with its users, because nobody empties it.
        if !self.leaks.map && searches.len() > SEARCHES {
            searches.clear();
        }
        params.len()
    }

    fn login(&self, request: &Request, user: u64) -> usize {
        let mut session = self.headers.get_owned();
        for (name, value) in &request.headers {
            session.append(name, value);
        }
        session.set("user", &user.to_string());
        let mut sessions = lock(&self.sessions);
        sessions.push_back(session);
        // Leaks: guards in a global cache that forgets nobody.
        let forgotten = match self.leaks.guard {
            false if sessions.len() > SESSIONS => sessions.pop_front(),
            _ => None,
        };
        drop(sessions);
        forgotten.map_or(0, |session| session.len())
    }

    /// Leaks: giants that idle caches hold, if the pool keeps all that comes back.
    fn export(&self, request: &Request, user: u64) -> usize {
        let mut parts = Vec::with_capacity(PARTS);
        for _ in 0..PARTS {
            let mut part = self.body.get();
            for segment in &request.segments {
                part.extend_from_slice(segment.as_bytes());
            }
            parts.push(part);
        }
        let with_picture = user as usize % PARTS;
        parts[with_picture].resize(PICTURE, 0xff);
        parts.iter().map(|part| part.len()).sum()
    }
}
