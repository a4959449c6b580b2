//! Who may ask.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, Uri, header};

/// A wrong token is answered after this.
pub const WRONG_TOKEN_DELAY: Duration = Duration::from_millis(500);
/// Cookie that holds the token of a browser.
const COOKIE: &str = "eosin_token";
/// Shorter ones can be guessed.
const LEAST_TOKEN: usize = 16;

/// Why nobody is listened to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardError {
    /// The address is not this machine's alone, and no token was set.
    NoToken(SocketAddr),
    /// The token is too short.
    ShortToken,
    /// The token has characters that no header or address carries.
    OddToken,
}

impl std::fmt::Display for GuardError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoToken(address) => write!(
                f,
                "{address} can be reached from other machines; set a secret with '--token', or listen on 127.0.0.1"
            ),
            Self::ShortToken => write!(
                f,
                "'--token' has fewer than {LEAST_TOKEN} characters, which can be guessed; take a longer one"
            ),
            Self::OddToken => {
                f.write_str("'--token' may have letters, digits, '-', '_', '.' and '~' only")
            }
        }
    }
}

impl std::error::Error for GuardError {}

/// Decides who may ask.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Hash of the token; hashes are compared in constant time.
    token: Option<blake3::Hash>,
    is_loopback: bool,
}

/// What becomes of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is answered.
    Admitted,
    /// It brought the token in its address: it is kept as a cookie, and asked for again without it.
    Enter {
        /// `Set-Cookie`.
        cookie: String,
        /// Where to go.
        to: String,
    },
    /// It has no token, or a wrong one.
    WrongToken,
    /// It was sent by another site's page, or under a name that is not this machine's.
    Foreign(&'static str),
}

impl Guard {
    /// The guard of a server on `address`.
    ///
    /// # Errors
    /// When others can reach the address and there is no token; or the token is a bad one.
    pub fn new(address: SocketAddr, token: Option<&str>) -> Result<Self, GuardError> {
        let is_loopback = address.ip().is_loopback();
        let Some(token) = token else {
            return if is_loopback {
                Ok(Self {
                    token: None,
                    is_loopback,
                })
            } else {
                Err(GuardError::NoToken(address))
            };
        };
        if token.len() < LEAST_TOKEN {
            return Err(GuardError::ShortToken);
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
        if !token.bytes().all(plain) {
            return Err(GuardError::OddToken);
        }
        Ok(Self {
            token: Some(blake3::hash(token.as_bytes())),
            is_loopback,
        })
    }

    /// What becomes of a request; `writes` when it asks for more than to be shown something.
    pub fn admit(&self, uri: &Uri, headers: &HeaderMap, writes: bool) -> Admission {
        // A page of another site may not speak through the browser of somebody who may ask: not to this address
        // by a name that it has made point here, and not by sending forms.
        if self.is_loopback && !host_of(headers).is_none_or(is_this_machine) {
            return Admission::Foreign(
                "the server is asked for by a name that is not this machine's",
            );
        }
        if writes && !is_same_origin(headers) {
            return Admission::Foreign("the request was sent by a page of another site");
        }
        let Some(token) = self.token else {
            return Admission::Admitted;
        };
        let is_token = |given: &str| blake3::hash(given.as_bytes()) == token;
        if bearer(headers).is_some_and(is_token) || cookie(headers).is_some_and(is_token) {
            return Admission::Admitted;
        }
        let Some(given) = token_of_query(uri) else {
            return Admission::WrongToken;
        };
        if !is_token(given) {
            return Admission::WrongToken;
        }
        Admission::Enter {
            cookie: format!("{COOKIE}={given}; HttpOnly; SameSite=Strict; Path=/"),
            to: uri.path().to_owned(),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, &header::AUTHORIZATION)?.strip_prefix("Bearer ")
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let mut cookies = text(headers, &header::COOKIE)?.split(';');
    cookies.find_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn token_of_query(uri: &Uri) -> Option<&str> {
    let mut pairs = uri.query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("token="))
}

/// The name, without a port, that the server is asked for by.
fn host_of(headers: &HeaderMap) -> Option<&str> {
    let host = text(headers, &header::HOST)?;
    Some(without_port(host))
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    }
}

fn is_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a request comes from a page of this server, or from no page.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = text(headers, &header::ORIGIN) else {
        return true;
    };
    let Some((_, host)) = origin.split_once("://") else {
        return false;
    };
    text(headers, &header::HOST).is_some_and(|own| own.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "a-token-of-20-letters";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, value.parse().expect("a header"));
        }
        headers
    }

    fn guard(address: &str, token: Option<&str>) -> Result<Guard, GuardError> {
        Guard::new(address.parse().expect("an address"), token)
    }

    fn admit(guard: &Guard, uri: &str, pairs: &[(&'static str, &str)]) -> Admission {
        guard.admit(&uri.parse().expect("an address"), &headers(pairs), true)
    }

    #[test]
    fn what_others_can_reach_wants_a_token_that_cannot_be_guessed() {
        assert!(matches!(
            guard("0.0.0.0:8000", None),
            Err(GuardError::NoToken(_))
        ));
        assert_eq!(
            guard("0.0.0.0:8000", Some("short")).unwrap_err(),
            GuardError::ShortToken
        );
        assert_eq!(
            guard("[::]:1", Some("a token with white space")).unwrap_err(),
            GuardError::OddToken
        );
        assert!(guard("127.0.0.1:8000", None).is_ok());
        assert!(guard("0.0.0.0:8000", Some(TOKEN)).is_ok());
    }

    #[test]
    fn a_token_is_taken_as_a_header_a_cookie_or_once_in_the_address() {
        let guard = guard("0.0.0.0:8000", Some(TOKEN)).unwrap();
        let bearer = format!("Bearer {TOKEN}");
        let cookie = format!("a=b; {COOKIE}={TOKEN}");
        assert_eq!(
            admit(&guard, "/predict", &[("authorization", &bearer)]),
            Admission::Admitted
        );
        assert_eq!(
            admit(&guard, "/predict", &[("cookie", &cookie)]),
            Admission::Admitted
        );
        let entered = admit(&guard, &format!("/?token={TOKEN}"), &[]);
        let Admission::Enter { cookie, to } = entered else {
            panic!("{entered:?}");
        };
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        assert_eq!(to, "/");
        for (uri, given) in [
            ("/", ""),
            ("/?token=", ""),
            ("/?token=a-token-of-20-letter", ""),
            ("/", "Bearer x"),
        ] {
            let pairs: &[(&'static str, &str)] = &[("authorization", given)];
            assert_eq!(
                admit(&guard, uri, pairs),
                Admission::WrongToken,
                "{uri} {given}"
            );
        }
    }

    #[test]
    fn pages_of_other_sites_cannot_ask_through_somebodys_browser() {
        let guard = guard("127.0.0.1:8000", None).unwrap();
        let host = ("host", "127.0.0.1:8000");
        for allowed in [
            &[host][..],
            &[("host", "localhost:8000")],
            &[("host", "[::1]:8000")],
            &[host, ("origin", "http://127.0.0.1:8000")],
            &[host, ("sec-fetch-site", "same-origin")],
        ] {
            assert_eq!(
                admit(&guard, "/predict", allowed),
                Admission::Admitted,
                "{allowed:?}"
            );
        }
        for refused in [
            &[("host", "evil.example:8000")][..],
            &[host, ("origin", "http://evil.example")],
            &[host, ("origin", "null")],
            &[host, ("sec-fetch-site", "cross-site")],
            &[host, ("sec-fetch-site", "same-site")],
        ] {
            let admission = admit(&guard, "/predict", refused);
            assert!(matches!(admission, Admission::Foreign(_)), "{refused:?}");
        }
    }
}
