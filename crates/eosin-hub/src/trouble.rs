//! Why an attempt failed, and whether another may help.

use std::io::ErrorKind;
use std::time::Duration;

use eosin_store::FileError;
use ureq::http::header;

use crate::error::HubError;
use crate::http::{NoReply, Reply};

/// Why an attempt failed.
pub(crate) enum Trouble {
    /// Another attempt may help.
    Again(Failure),
    /// It would not.
    Final(HubError),
}

/// Why an attempt failed, when another may help.
pub(crate) struct Failure {
    pub(crate) problem: String,
    /// What to do, where known.
    pub(crate) hint: &'static str,
    /// How long the server wants to be left alone.
    pub(crate) wait: Option<Duration>,
}

impl From<FileError> for Trouble {
    fn from(error: FileError) -> Self {
        Self::Final(error.into())
    }
}

/// Another attempt may help.
pub(crate) fn again(problem: impl Into<String>) -> Trouble {
    Trouble::Again(Failure {
        problem: problem.into(),
        hint: "",
        wait: None,
    })
}

/// What a status other than success means.
pub(crate) fn refusal(reply: &Reply, has_token: bool) -> Trouble {
    let status = reply.response.status().as_u16();
    if matches!(status, 408 | 425 | 429) || status >= 500 {
        let asked = reply.response.headers().get(header::RETRY_AFTER);
        let asked = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        return Trouble::Again(Failure {
            problem: format!("{} answered {status}", reply.url),
            hint: if status == 429 {
                "too many requests: try again later"
            } else {
                ""
            },
            wait: asked.map(Duration::from_secs),
        });
    }
    let fix = match (status, reply.from_endpoint, has_token) {
        (401 | 403, true, false) => {
            "the repository is gated, private or not there: check the name, accept its terms on \
             the hub, and set HF_TOKEN"
        }
        (401 | 403, true, true) => {
            "the token in HF_TOKEN may not read it: accept the repository's terms on the hub, \
             or make a token that may read it"
        }
        (404 | 410, ..) => "check repository, revision and file of its registry entry",
        _ => "try again later",
    };
    Trouble::Final(HubError::Refused {
        url: reply.url.clone(),
        status,
        fix: fix.to_owned(),
    })
}

const CERTIFICATES: &str = "behind a proxy with a certificate of its own, add that to the \
                            system's certificates or name its file in SSL_CERT_FILE";
const NETWORK: &str = "check the network, HTTPS_PROXY and HF_ENDPOINT, or put the file into the \
                       folder that EOSIN_WEIGHTS names";

/// What it means that no answer came, or that one broke off.
pub(crate) fn no_reply(url: &str, error: NoReply) -> Trouble {
    let last = |problem: String, hint| {
        Trouble::Final(HubError::Fetch {
            url: url.to_owned(),
            problem,
            hint,
        })
    };
    let error = match error {
        NoReply::Redirect(problem) => return last(problem, ""),
        NoReply::Ureq(error) => error,
    };
    let problem = error.to_string();
    match error {
        ureq::Error::Timeout(ureq::Timeout::PerRead) => {
            again("the server sent nothing for too long")
        }
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::InvalidData => {
            last(problem, CERTIFICATES)
        }
        ureq::Error::ConnectProxyFailed(reason) if reason.contains(" 4") => {
            last(problem, "check the user, password and host in HTTPS_PROXY")
        }
        ureq::Error::Timeout(_)
        | ureq::Error::Io(_)
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_) => Trouble::Again(Failure {
            problem,
            hint: NETWORK,
            wait: None,
        }),
        ureq::Error::Protocol(_) => again(problem),
        ureq::Error::HostNotFound => last(problem, NETWORK),
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) => last(problem, CERTIFICATES),
        _ => last(problem, ""),
    }
}
