use std::fs;
use std::time::{Duration, Instant};

use crate::fixture::{Fixture, bytes, hash_only, hashed, message};
use crate::server::{Server, length};

#[test]
fn a_connection_that_ends_early_is_gone_on_with() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&sent, "\"one\"", 100_000),
        _ => answer.file(request, &sent, "\"one\""),
    });
    let file = fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(fs::read(file.path).unwrap(), bytes);
    let requests = server.requests();
    assert_eq!(requests[1].header("range"), Some("bytes=100000-"));
    assert_eq!(requests[1].header("if-range"), Some("\"one\""));
    assert_eq!(requests[1].sent_bytes, 200_000);
}

#[test]
fn a_connection_that_stalls_is_given_up_and_gone_on_with() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| {
        if request.nth > 0 {
            return answer.file(request, &sent, "\"one\"");
        }
        answer.beginning(&sent, "\"one\"", 150_000)?;
        answer.stall();
        Ok(())
    });
    let start = Instant::now();
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
    // The server itself would give up only after five seconds.
    assert!(start.elapsed() < Duration::from_secs(4));
    assert_eq!(server.requests()[1].sent_bytes, 150_000);
}

#[test]
fn a_server_that_ignores_ranges_makes_the_fetch_start_again() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&sent, "\"one\"", 100_000),
        _ => answer.whole(&sent, "\"one\""),
    });
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(server.requests()[1].sent_bytes, bytes.len());
}

#[test]
fn a_file_that_changed_between_attempts_is_taken_from_its_beginning() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&vec![0; 300_000], "\"old\"", 100_000),
        _ => answer.file(request, &sent, "\"new\""),
    });
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_range_of_a_changed_file_is_not_joined_to_the_old_one() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    // Without a hash in the registry, only the tag tells the two files apart.
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&vec![0; 300_000], "\"old\"", 100_000),
        1 => answer.rest(&sent, "\"new\"", request.first()),
        _ => answer.file(request, &sent, "\"new\""),
    });
    let file = fixture.first_use(&server, "").unwrap();
    assert_eq!(fs::read(file.path).unwrap(), bytes);
    assert_eq!(server.requests()[2].header("range"), None);
}

#[test]
fn a_range_that_begins_elsewhere_is_not_taken() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&sent, "\"one\"", 100_000),
        1 => answer.rest(&sent, "\"one\"", 90_000),
        _ => answer.file(request, &sent, "\"one\""),
    });
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(server.requests()[2].header("range"), None);
}

#[test]
fn without_a_strong_tag_nothing_is_gone_on_with() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&sent, "W/\"one\"", 100_000),
        _ => answer.file(request, &sent, "W/\"one\""),
    });
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(server.requests()[1].header("range"), None);
}

#[test]
fn a_server_that_no_longer_has_the_range_makes_the_fetch_start_again() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.beginning(&sent, "\"one\"", 100_000),
        1 => answer.head(416, &[length(0)]),
        _ => answer.file(request, &sent, "\"one\""),
    });
    fixture.resolve(&server, &hashed(&bytes)).unwrap();
}

#[test]
fn an_unfinished_file_that_was_damaged_is_fetched_from_its_beginning() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| match request.nth {
        0..3 => answer.beginning(&sent, "\"one\"", 100_000 + request.nth),
        _ => answer.file(request, &sent, "\"one\""),
    });
    // The first call gives up after three attempts, and keeps what it has.
    let message = message(fixture.resolve(&server, &hash_only(&bytes)));
    assert!(message.contains("attempt 3 of 3"), "{message}");
    assert_eq!(fixture.files(), ["lock", "part", "resume"]);
    let part = fixture.cached("part");
    let mut kept = fs::read(&part).unwrap();
    kept[7] ^= 1;
    fs::write(&part, kept).unwrap();
    let file = fixture.resolve(&server, &hash_only(&bytes)).unwrap();
    assert_eq!(fs::read(file.path).unwrap(), bytes);
    let requests = server.requests();
    assert!(requests[3].header("range").is_some());
    assert_eq!(requests[4].header("range"), None);
}
