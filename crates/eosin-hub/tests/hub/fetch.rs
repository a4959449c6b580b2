use std::fs;
use std::thread::sleep;
use std::time::Duration;

use eosin_hub::{Hub, Origin, Progress, Record, Sha256, Trust};

use crate::fixture::{Fixture, NAME, bytes, hash_only, hashed, message, registry};
use crate::server::{Server, length};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn a_registered_name_is_fetched_once_and_then_found_in_the_cache() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let server = Server::good(bytes.clone());
    let fetched = fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(
        (fetched.origin, fetched.sha256),
        (Origin::Hub, Sha256::of(&bytes))
    );
    assert_eq!(fs::read(&fetched.path).unwrap(), bytes);
    let found = fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(
        (found.origin, found.record),
        (Origin::Cache, fetched.record)
    );
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(
        requests[0].path,
        format!("/timm/{NAME}/resolve/main/model.safetensors")
    );
    assert_eq!(requests[0].header("authorization"), None);
    assert_eq!(fixture.files(), ["lock", "safetensors", "toml"]);
}

#[test]
fn progress_ends_with_every_byte() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let server = Server::good(bytes.clone());
    let mut told: Vec<Progress> = vec![];
    let hub = fixture.hub(&server, &hash_only(&bytes));
    hub.resolve(NAME, Trust::Registered, &mut |now| told.push(now))
        .unwrap();
    assert!(told.is_sorted_by_key(|progress| progress.received_bytes));
    let whole = bytes.len() as u64;
    let last = Progress {
        received_bytes: whole,
        total_bytes: Some(whole),
    };
    assert_eq!(told.last(), Some(&last));
}

#[test]
fn without_a_hash_a_fetch_needs_trust_in_its_first_use() {
    let fixture = Fixture::new();
    let server = Server::good(bytes());
    let message = message(fixture.resolve(&server, ""));
    assert!(
        message.starts_with("no sha256 is known for 'net.one_in1k'"),
        "{message}"
    );
    assert!(server.requests().is_empty());
}

#[test]
fn a_first_use_pins_the_hash_and_the_commit_for_every_later_fetch() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |_, answer| {
        let linked = format!("\"{}\"", Sha256::of(&sent));
        let commit = ("X-Repo-Commit", COMMIT.to_owned());
        answer.head(
            200,
            &[length(sent.len()), ("X-Linked-ETag", linked), commit],
        )?;
        answer.body(&sent)
    });
    let record = fixture.first_use(&server, "").unwrap().record.unwrap();
    assert_eq!(record.commit.as_deref(), Some(COMMIT));
    let paste = format!(
        "revision = \"{COMMIT}\"\nsha256 = \"{}\"\nbytes = 300000\n",
        record.sha256
    );
    assert_eq!(record.to_toml(), paste);
    // The pin vouches for the cached file, and for fetching it again.
    assert_eq!(fixture.resolve(&server, "").unwrap().origin, Origin::Cache);
    fs::remove_file(fixture.cached("safetensors")).unwrap();
    assert_eq!(fixture.resolve(&server, "").unwrap().origin, Origin::Hub);

    fs::remove_file(fixture.cached("safetensors")).unwrap();
    let other = Server::good(vec![1; bytes.len()]);
    let message = message(fixture.first_use(&other, ""));
    assert!(
        message.contains("the record of its first fetch says"),
        "{message}"
    );
    assert_eq!(fixture.files(), ["lock", "toml"]);
}

#[test]
fn a_record_can_be_pasted_into_a_registry() {
    let fixture = Fixture::new();
    let server = Server::good(bytes());
    let record: Record = fixture.first_use(&server, "").unwrap().record.unwrap();
    let lines = record.to_toml().replace("revision = \"main\"\n", "");
    let entry = registry(&lines).get(NAME).unwrap().clone();
    assert_eq!(
        (entry.sha256, entry.bytes),
        (Some(record.sha256), Some(record.bytes))
    );
}

#[test]
fn a_first_use_checks_what_the_hub_itself_says_the_hash_is() {
    let fixture = Fixture::new();
    let server = Server::new(|_, answer| {
        let linked = Sha256::of(b"something else").to_string();
        answer.head(
            200,
            &[length(3), ("X-Linked-ETag", format!("\"{linked}\""))],
        )?;
        answer.body(b"abc")
    });
    let message = message(fixture.first_use(&server, ""));
    assert!(
        message.contains("the hub's X-Linked-ETag says"),
        "{message}"
    );
    assert_eq!(fixture.files(), ["lock"]);
}

#[test]
fn a_hub_that_offers_another_file_than_the_registrys_is_not_listened_to_further() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |_, answer| {
        let linked = format!("\"{}\"", Sha256::of(b"new"));
        answer.head(200, &[length(sent.len()), ("X-Linked-ETag", linked)])?;
        answer.stall();
        Ok(())
    });
    let message = message(fixture.resolve(&server, &hashed(&bytes)));
    assert!(
        message.contains(" offers is not 'net.one_in1k'"),
        "{message}"
    );
}

#[test]
fn a_slow_server_that_never_stalls_is_waited_for() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |_, answer| {
        answer.head(200, &[length(sent.len())])?;
        for piece in sent.chunks(30_000) {
            sleep(Duration::from_millis(60));
            answer.body(piece)?;
        }
        Ok(())
    });
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_chunked_answer_without_a_length_is_taken() {
    let fixture = Fixture::new();
    let server = Server::new(|_, answer| {
        answer.head(200, &[("Transfer-Encoding", "chunked".to_owned())])?;
        answer.body(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
    });
    let file = fixture.resolve(&server, &hash_only(b"abcdef")).unwrap();
    assert_eq!(fs::read(file.path).unwrap(), b"abcdef");
}

#[test]
fn two_hubs_that_fetch_one_name_at_once_fetch_it_once() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| {
        sleep(Duration::from_millis(100));
        answer.file(request, &sent, "\"one\"")
    });
    let hub = || Hub::new(fixture.settings(&server), registry(&hashed(&bytes))).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| hub().resolve(NAME, Trust::Registered, &mut |_| ()).unwrap());
        }
    });
    assert_eq!(server.requests().len(), 1);
}
