//! One GET of a file on the hub, redirects followed by hand.
//!
//! By hand for two reasons: the hub states a large file's SHA-256 and commit in the redirect, not
//! in the final answer; and the token must not follow to another host.

use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::proxy::Proxies;
use crate::settings::{HubSettings, Limits, Token};
use crate::sha256::Sha256;

const MOST_REDIRECTS: usize = 8;

/// Asks for the rest of a file: from `first` on, if `validator` still holds.
pub(crate) struct Rest {
    pub(crate) first: u64,
    pub(crate) validator: Option<String>,
}

/// The answer at the end of the redirects.
pub(crate) struct Reply {
    pub(crate) response: Response<Body>,
    /// Who answered, without what may be secret in a query.
    pub(crate) url: String,
    /// What the hub itself said on the way, in headers of its own.
    pub(crate) linked_sha256: Option<Sha256>,
    pub(crate) linked_bytes: Option<u64>,
    pub(crate) commit: Option<String>,
    /// Whether the endpoint itself gave the final answer.
    pub(crate) from_endpoint: bool,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoReply {
    Ureq(ureq::Error),
    /// A redirect that is not followed.
    Redirect(String),
}

pub(crate) struct Client {
    agent: Agent,
    endpoint: Uri,
    token: Option<Token>,
    proxies: Proxies,
}

impl Client {
    pub(crate) fn new(settings: &HubSettings, endpoint: Uri) -> Self {
        Self {
            agent: agent(settings.limits),
            endpoint,
            token: settings.token.clone(),
            proxies: settings.proxies.clone(),
        }
    }

    /// Gets `url`, or the `rest` of it.
    pub(crate) fn get(&self, url: &str, rest: Option<&Rest>) -> Result<Reply, NoReply> {
        let mut at: Uri = url
            .parse()
            .map_err(|_| NoReply::Redirect(format!("'{url}' is no address")))?;
        let mut stated = Stated::default();
        for _ in 0..MOST_REDIRECTS {
            let response = self.get_once(&at, rest).map_err(NoReply::Ureq)?;
            let from_endpoint = same_origin(&at, &self.endpoint);
            if from_endpoint {
                stated.read(response.headers());
            }
            if response.status().is_redirection() {
                at = next(&at, response.headers())?;
                continue;
            }
            return Ok(Reply {
                response,
                url: shown(&at),
                linked_sha256: stated.sha256,
                linked_bytes: stated.bytes,
                commit: stated.commit,
                from_endpoint,
            });
        }
        Err(NoReply::Redirect(format!(
            "more than {MOST_REDIRECTS} redirects"
        )))
    }

    fn get_once(&self, at: &Uri, rest: Option<&Rest>) -> Result<Response<Body>, ureq::Error> {
        let mut request = self.agent.get(at);
        if let Some(rest) = rest {
            request = request.header(header::RANGE, format!("bytes={}-", rest.first));
            if let Some(validator) = &rest.validator {
                request = request.header(header::IF_RANGE, validator);
            }
        }
        if let (Some(token), true) = (&self.token, same_origin(at, &self.endpoint)) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.secret()));
        }
        request.config().proxy(self.proxies.to(at)).build().call()
    }
}

fn agent(limits: Limits) -> Agent {
    // The system's certificates, which hospitals add their proxy's to.
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier);
    Agent::config_builder()
        .tls_config(tls.build())
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("eosin/", env!("CARGO_PKG_VERSION")))
        // A compressed answer has other lengths and ranges than the file.
        .accept_encoding("identity")
        .max_idle_connections(0)
        .timeout_resolve(Some(limits.connect_timeout))
        .timeout_connect(Some(limits.connect_timeout))
        .timeout_per_read(Some(limits.stall_timeout))
        .timeout_per_write(Some(limits.stall_timeout))
        .build()
        .new_agent()
}

/// What the hub says of a file in headers of its own.
#[derive(Default)]
struct Stated {
    sha256: Option<Sha256>,
    bytes: Option<u64>,
    commit: Option<String>,
}

impl Stated {
    fn read(&mut self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        // Small files have a git hash here, which is no SHA-256 and not taken for one.
        let linked =
            text("x-linked-etag").map(|etag| etag.trim_start_matches("W/").trim_matches('"'));
        let commit = text("x-repo-commit").filter(|commit| is_commit(commit));
        self.sha256 = self
            .sha256
            .or_else(|| linked.and_then(|etag| etag.parse().ok()));
        self.bytes = self.bytes.or_else(|| text("x-linked-size")?.parse().ok());
        self.commit = self.commit.take().or_else(|| commit.map(str::to_owned));
    }
}

fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Where the redirect leads.
fn next(at: &Uri, headers: &HeaderMap) -> Result<Uri, NoReply> {
    let refused = |problem: &str| NoReply::Redirect(format!("{} {problem}", shown(at)));
    let location = headers.get(header::LOCATION);
    let location = location
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| refused("redirects to nowhere"))?;
    let scheme = at.scheme_str().unwrap_or("https");
    let host = at.authority().map_or("", |authority| authority.as_str());
    let folder = at.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let absolute = if location.contains("://") {
        location.to_owned()
    } else if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{host}{location}")
    } else {
        format!("{scheme}://{host}{folder}/{location}")
    };
    let next: Uri = absolute
        .parse()
        .map_err(|_| refused("redirects to no address"))?;
    match (scheme, next.scheme_str()) {
        ("https", Some("https")) | ("http", Some("http" | "https")) => Ok(next),
        _ => Err(refused("redirects from https to something less safe")),
    }
}

/// Scheme, host and port: a token for one port is none of another's business.
fn same_origin(one: &Uri, other: &Uri) -> bool {
    let port = |uri: &Uri| {
        let default = if uri.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        uri.port_u16().unwrap_or(default)
    };
    let host = |uri: &Uri| uri.host().unwrap_or_default().to_ascii_lowercase();
    one.scheme_str() == other.scheme_str() && host(one) == host(other) && port(one) == port(other)
}

/// The address without its query, which is where signed addresses have their secret.
fn shown(at: &Uri) -> String {
    at.to_string()
        .split('?')
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(at: &str, location: &str) -> Result<String, NoReply> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().unwrap());
        next(&at.parse().unwrap(), &headers).map(|uri| uri.to_string())
    }

    #[test]
    fn redirects_may_be_relative() {
        let at = "https://hub.example/a/b?x=1";
        assert_eq!(follow(at, "/c").unwrap(), "https://hub.example/c");
        assert_eq!(follow(at, "c?y=2").unwrap(), "https://hub.example/a/c?y=2");
        assert_eq!(
            follow(at, "//cdn.example/c").unwrap(),
            "https://cdn.example/c"
        );
    }

    #[test]
    fn a_redirect_from_https_to_http_is_not_followed() {
        assert!(follow("https://hub.example/a", "http://hub.example/a").is_err());
        assert!(follow("http://hub.example/a", "file:///etc/passwd").is_err());
    }

    #[test]
    fn a_host_that_only_begins_alike_is_another_host() {
        let same = |a: &str, b: &str| same_origin(&a.parse().unwrap(), &b.parse().unwrap());
        assert!(same("https://Hub.example/a", "https://hub.example:443/b"));
        assert!(!same("https://hub.example/a", "https://hub.example.evil/a"));
        assert!(!same("https://hub.example/a", "https://hub.example:444/a"));
        assert!(!same("https://hub.example/a", "http://hub.example/a"));
    }
}
