//! One attempt to bring the bytes here.

use std::io::Read;

use ureq::http::{HeaderMap, header};

use crate::error::{HashesDiffer, HubError};
use crate::http::{Client, NoReply, Reply, Rest};
use crate::part::{Part, Source};
use crate::progress::Progress;
use crate::range::ContentRange;
use crate::sha256::Sha256;
use crate::trouble::{Trouble, again, no_reply, refusal};

const CHUNK_BYTES: usize = 1 << 16;

/// The hash and length that the bytes must have, and who says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    pub(crate) sha256: Sha256,
    pub(crate) bytes: Option<u64>,
    pub(crate) by: &'static str,
}

impl Expected {
    pub(crate) fn differs_from(self, got: Sha256) -> HashesDiffer {
        HashesDiffer {
            got,
            expected: self.sha256,
            by: self.by,
        }
    }
}

/// What to fetch.
pub(crate) struct Job<'a> {
    pub(crate) client: &'a Client,
    pub(crate) name: &'a str,
    pub(crate) url: &'a str,
    pub(crate) expected: Option<Expected>,
    /// The length that the registry states, also where it states no hash.
    pub(crate) bytes: Option<u64>,
    pub(crate) most_bytes: u64,
    pub(crate) has_token: bool,
}

impl Job<'_> {
    /// Brings the bytes that `part` lacks. On success it has all of them, not yet verified.
    pub(crate) fn attempt(
        &self,
        part: &mut Part,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Trouble> {
        if is_whole(part) {
            return Ok(());
        }
        let rest = rest_of(part);
        if rest.is_none() {
            part.restart()?;
        }
        let mut reply = self
            .client
            .get(self.url, rest.as_ref())
            .map_err(|error| self.no_reply(error))?;
        let total = match reply.response.status().as_u16() {
            200 => self.begin(part, &reply)?,
            206 if rest.is_some() => resume(part, &reply)?,
            416 => {
                part.restart()?;
                return Err(again("the server has no such range; started again"));
            }
            _ => return Err(refusal(&reply, self.has_token)),
        };
        self.check_offer(part, total)?;
        self.copy(part, total, reply.response.body_mut().as_reader(), progress)?;
        match total {
            Some(total) if part.bytes < total => Err(again(format!(
                "the connection ended after {} of {total} bytes",
                part.bytes
            ))),
            _ => Ok(()),
        }
    }

    /// Takes the whole file from the beginning; gives its length.
    fn begin(&self, part: &mut Part, reply: &Reply) -> Result<Option<u64>, Trouble> {
        part.restart()?;
        let headers = reply.response.headers();
        if text(headers, &header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(again(
                "the answer is compressed, though that was not asked for",
            ));
        }
        let length = text(headers, &header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        let source = Source {
            url: self.url.to_owned(),
            etag: strong_etag(headers),
            linked_sha256: reply.linked_sha256,
            commit: reply.commit.clone(),
            total_bytes: length.or(reply.linked_bytes),
        };
        let total = source.total_bytes;
        part.set_source(source)?;
        Ok(total)
    }

    /// Refuses what cannot be right before any of it is taken.
    fn check_offer(&self, part: &Part, total: Option<u64>) -> Result<(), Trouble> {
        let linked = part.source.as_ref().and_then(|source| source.linked_sha256);
        if let (Some(expected), Some(got)) = (self.expected, linked)
            && expected.sha256 != got
        {
            return Err(Trouble::Final(self.wrong_content("offers", got, expected)));
        }
        let most = self.most_bytes;
        match (self.known_bytes(), total) {
            (Some(known), Some(total)) if known != total => {
                Err(self.wrong_size(format!("{total} bytes"), format!("{known}")))
            }
            (None, Some(total)) if total > most => {
                Err(self.wrong_size(format!("{total} bytes"), format!("at most {most}")))
            }
            // Whether the end of the stream is the end of the file, nobody could tell.
            (None, None) if self.expected.is_none() && linked.is_none() => Err(self.wrong_size(
                "neither a length nor a hash".to_owned(),
                "one of them, or a sha256 in the registry".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn copy(
        &self,
        part: &mut Part,
        total: Option<u64>,
        mut body: impl Read,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), Trouble> {
        let total = self.known_bytes().or(total);
        let most = total.unwrap_or(self.most_bytes);
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut tell = |received_bytes| {
            progress(Progress {
                received_bytes,
                total_bytes: total,
            });
        };
        tell(part.bytes);
        loop {
            let count = match body.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) => return Err(self.no_reply(NoReply::Ureq(error.into()))),
            };
            if part.bytes + count as u64 > most {
                return Err(self.wrong_size("more bytes".to_owned(), format!("at most {most}")));
            }
            part.append(&chunk[..count])?;
            tell(part.bytes);
        }
    }

    fn known_bytes(&self) -> Option<u64> {
        self.expected
            .and_then(|expected| expected.bytes)
            .or(self.bytes)
    }

    fn no_reply(&self, error: NoReply) -> Trouble {
        no_reply(self.url, error)
    }

    pub(crate) fn wrong_content(
        &self,
        verb: &'static str,
        got: Sha256,
        expected: Expected,
    ) -> HubError {
        HubError::WrongContent {
            name: self.name.to_owned(),
            url: self.url.to_owned(),
            verb,
            hashes: Box::new(expected.differs_from(got)),
        }
    }

    fn wrong_size(&self, got: String, expected: String) -> Trouble {
        Trouble::Final(HubError::WrongSize {
            url: self.url.to_owned(),
            got,
            expected,
        })
    }
}

/// Whether an earlier process was ended between the last byte and the rename.
fn is_whole(part: &Part) -> bool {
    let total = part.source.as_ref().and_then(|source| source.total_bytes);
    part.bytes > 0 && total == Some(part.bytes)
}

/// What to ask for, when the bytes that are here can be gone on with.
fn rest_of(part: &Part) -> Option<Rest> {
    let source = part.source.as_ref().filter(|_| part.bytes > 0)?;
    // With the hub's own hash the file is known to be the same whatever the server's tag is.
    let same = source.etag.is_some() || source.linked_sha256.is_some();
    same.then(|| Rest {
        first: part.bytes,
        validator: source.etag.clone(),
    })
}

/// Goes on with the bytes that are here, if it is still the same file.
fn resume(part: &mut Part, reply: &Reply) -> Result<Option<u64>, Trouble> {
    let headers = reply.response.headers();
    let range = text(headers, &header::CONTENT_RANGE).and_then(ContentRange::parse);
    let source = part.source.clone().unwrap_or_default();
    let total = range
        .and_then(|range| range.total_bytes)
        .or(source.total_bytes);
    let starts_here = range.is_some_and(|range| range.first == part.bytes);
    let etag = strong_etag(headers);
    let same_tag = etag.is_none() || source.etag.is_none() || etag == source.etag;
    let same_hash = reply.linked_sha256.is_none()
        || source.linked_sha256.is_none()
        || reply.linked_sha256 == source.linked_sha256;
    let same_total = source.total_bytes.is_none() || total == source.total_bytes;
    if starts_here && same_tag && same_hash && same_total {
        return Ok(total);
    }
    let problem = if starts_here {
        "the file on the hub changed between two attempts; started again"
    } else {
        "the server sent another range than was asked for; started again"
    };
    part.restart()?;
    Err(again(problem))
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// A tag that names these very bytes; a weak one names what is as good, and may not resume.
fn strong_etag(headers: &HeaderMap) -> Option<String> {
    let etag = text(headers, &header::ETAG)?;
    (etag.starts_with('"') && etag.len() > 2).then(|| etag.to_owned())
}
