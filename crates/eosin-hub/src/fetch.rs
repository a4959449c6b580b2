//! Attempt after attempt, until the bytes are here and are the right ones.

use std::thread::sleep;
use std::time::Duration;

use crate::error::HubError;
use crate::part::Part;
use crate::progress::Progress;
use crate::settings::Limits;
use crate::transfer::{Expected, Job};
use crate::trouble::{Failure, Trouble, again};

/// An attempt that brought this much more than any before does not count as failed.
const WORTH_BYTES: u64 = 1 << 20;

/// Fetches until `part` holds the whole, verified file.
pub(crate) fn fetch(
    job: &Job<'_>,
    part: &mut Part,
    limits: Limits,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), HubError> {
    let mut failed = 0;
    let mut furthest_bytes = part.bytes;
    loop {
        let tried = job.attempt(part, progress);
        let failure = match tried.and_then(|()| verify(job, part)) {
            Ok(()) => return Ok(()),
            Err(Trouble::Final(error)) => {
                spoil(&error, part)?;
                return Err(error);
            }
            Err(Trouble::Again(failure)) => failure,
        };
        part.resumed = part.bytes > 0;
        if part.bytes >= furthest_bytes + WORTH_BYTES {
            furthest_bytes = part.bytes;
            failed = 0;
        }
        failed += 1;
        sleep(pause(job.url, failure, failed, limits)?);
    }
}

/// How long to wait after the `failed`-th attempt in a row that failed, or why to give up.
fn pause(url: &str, failure: Failure, failed: u32, limits: Limits) -> Result<Duration, HubError> {
    let Failure {
        problem,
        hint,
        wait,
    } = failure;
    let give_up = |problem: String, hint| HubError::Fetch {
        url: url.to_owned(),
        problem,
        hint,
    };
    if failed >= limits.attempts {
        let problem = format!("{problem} (attempt {failed} of {})", limits.attempts);
        return Err(give_up(problem, hint));
    }
    let asked = wait.unwrap_or_default();
    if asked > limits.longest_wait {
        let problem = format!("{problem}, and asks to wait {} s", asked.as_secs());
        return Err(give_up(problem, "try again later"));
    }
    Ok(wait_after(failed, limits).max(asked))
}

fn wait_after(failed: u32, limits: Limits) -> Duration {
    let doubled = limits.first_wait * 2_u32.saturating_pow(failed.saturating_sub(1)).min(1 << 16);
    doubled.min(limits.longest_wait)
}

/// Checks the hash of the whole file: against what is expected, else against the hub's own word.
fn verify(job: &Job<'_>, part: &mut Part) -> Result<(), Trouble> {
    let linked = part.source.as_ref().and_then(|source| source.linked_sha256);
    let linked = linked.map(|sha256| Expected {
        sha256,
        bytes: None,
        by: "the hub's X-Linked-ETag",
    });
    let got = part.digest();
    let wrong = [job.expected, linked]
        .into_iter()
        .flatten()
        .find(|known| known.sha256 != got);
    let Some(expected) = wrong else {
        return Ok(());
    };
    if part.resumed {
        // The bytes of an earlier attempt may be to blame: a power cut, or another file.
        part.restart()?;
        return Err(again(
            "the resumed file had the wrong sha256; started again",
        ));
    }
    Err(Trouble::Final(job.wrong_content("sends", got, expected)))
}

/// Bytes that turned out to be wrong are not the beginning of anything.
fn spoil(error: &HubError, part: &mut Part) -> Result<(), HubError> {
    if matches!(
        error,
        HubError::WrongContent { .. } | HubError::WrongSize { .. }
    ) {
        part.restart()?;
    }
    Ok(())
}
