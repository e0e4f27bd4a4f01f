//! What the agent serves over HTTP: pages of plans, the forge's webhooks, how devices stand.
//!
//! Here: putting the parts together as `web` of the configuration says. An address that cannot
//! be listened on, or a certificate that cannot be used, is told in the log: the network follows
//! Git all the same. Elsewhere: the parts (`web`), what is served (`reviews`, `stands`).

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::sync::Notify;

use super::config::{Readers, Web};
use super::secrets::Secrets;
use super::stands::stands;
use super::{Agent, StoreHandle};
use crate::forge::Kind;
use crate::web::{
    Access, BearerToken, Debounce, ForgeHook, Limits, PageLimits, Pages, Server, Signing, StandsEndpoint,
    Tls, Wakeups, routes,
};

/// A push is several deliveries at once; nobody wants to wait for them.
const QUIET: Duration = Duration::from_millis(100);
const MOST: Duration = Duration::from_secs(1);

/// The parts that are served.
#[derive(Debug, Default)]
pub(super) struct Served {
    pub(super) pages: Option<Pages>,
    stands: Option<StandsEndpoint>,
    /// What was published last.
    published: String,
}

impl Served {
    /// Serves how the devices stand now.
    pub(super) async fn publish_stands(&mut self, store: &StoreHandle) {
        let Some(endpoint) = &self.stands else { return };
        let json = store.with(|store| stands(store)).await.and_then(|stands| {
            stands.map(|stands| serde_json::to_string(&stands).context("stands are JSON")).transpose()
        });
        match json {
            Ok(Some(json)) if json != self.published => {
                endpoint.publish(json.clone());
                self.published = json;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!("how the devices stand is not served anew: {error:#}"),
        }
    }
}

impl Agent {
    /// Starts serving, if that is switched on. Deliveries of the forge wake all of `wakes`.
    pub(super) async fn serve(&self, wakes: Vec<Arc<Notify>>) -> Served {
        let Some(web) = &self.config.web else { return Served::default() };
        match self.start_serving(web, wakes).await {
            Ok(served) => served,
            Err(error) => {
                tracing::error!("nothing is served: {error:#}");
                Served::default()
            }
        }
    }

    async fn start_serving(&self, web: &Web, wakes: Vec<Arc<Notify>>) -> anyhow::Result<Served> {
        let tls = match (&web.certificate, &web.key) {
            (Some(certificate), Some(key)) => {
                Some(Tls::from_pem(&read(certificate, "web.certificate")?, &read(key, "web.key")?)?)
            }
            _ => None,
        };
        let pages = match &web.url {
            Some(_) => Some(Pages::open(&self.config.pages(), PageLimits::default())?),
            None => None,
        };
        let stands = access(&web.stands, &self.secret_values)?.map(StandsEndpoint::new);
        let hook = self.hook(web)?;
        let server = Server::listen(web.listen, tls, Limits::default()).await?;
        tracing::info!(address = %server.address(), "serving");
        let parts = [
            pages.as_ref().map(Pages::routes),
            stands.as_ref().map(StandsEndpoint::routes),
            hook.as_ref().map(|(hook, _)| hook.routes()),
        ];
        tokio::spawn(server.serve(routes(parts.into_iter().flatten()), self.stop.clone()));
        if let Some((_, wakeups)) = hook {
            tokio::spawn(pass_on(wakeups, wakes));
        }
        Ok(Served { pages, stands, published: String::new() })
    }

    fn hook(&self, web: &Web) -> anyhow::Result<Option<(ForgeHook, Wakeups)>> {
        let (Some(name), Some(forge)) = (&web.hook_secret, &self.config.forge) else { return Ok(None) };
        let signing = match forge.kind_of(&self.config.repository.url) {
            Some(Kind::GitLab) => Signing::GitLab,
            Some(Kind::Gitea) => Signing::Gitea,
            Some(Kind::GitHub) | None => Signing::GitHub,
        };
        let secret = self.secret_values.get(name).context("web.hook-secret")?;
        Ok(Some(ForgeHook::new(signing, &secret, Debounce::new(QUIET, MOST))?))
    }
}

fn access(readers: &Readers, secrets: &Secrets) -> anyhow::Result<Option<Access>> {
    Ok(match readers {
        Readers::Nobody => None,
        Readers::Open => Some(Access::Open),
        Readers::Token(name) => {
            let token = secrets.get(name).context("web.stands")?;
            Some(Access::Bearer(BearerToken::new(&token).context("web.stands")?))
        }
    })
}

async fn pass_on(mut wakeups: Wakeups, wakes: Vec<Arc<Notify>>) {
    while let Some(burst) = wakeups.next().await {
        tracing::debug!("the forge says: {burst}");
        for wake in &wakes {
            wake.notify_one();
        }
    }
}

fn read(file: &Path, key: &str) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("cannot read {key}, {}", file.display()))
}
