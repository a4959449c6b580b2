use std::time::{Duration, Instant};

use eosin_hub::{Hub, Token, Trust};

use crate::fixture::{Fixture, NAME, bytes, hash_only, hashed, message, registry};
use crate::server::{Server, length};

/// A server that answers `status` for `times` requests, and is good then.
fn after(times: usize, status: u16, retry_after: Option<&'static str>) -> Server {
    let bytes = bytes();
    Server::new(move |request, answer| {
        if request.nth >= times {
            return answer.file(request, &bytes, "\"one\"");
        }
        let mut headers = vec![length(0)];
        headers.extend(retry_after.map(|wait| ("Retry-After", wait.to_owned())));
        answer.head(status, &headers)
    })
}

#[test]
fn a_server_that_is_overloaded_is_asked_again() {
    for status in [429, 500, 503] {
        let fixture = Fixture::new();
        let server = after(2, status, None);
        fixture.resolve(&server, &hashed(&bytes())).unwrap();
        assert_eq!(server.requests().len(), 3);
    }
}

#[test]
fn a_server_that_asks_for_a_pause_gets_it() {
    let fixture = Fixture::new();
    let server = after(1, 429, Some("1"));
    let mut settings = fixture.settings(&server);
    settings.limits.longest_wait = Duration::from_secs(2);
    let hub = Hub::new(settings, registry(&hashed(&bytes()))).unwrap();
    let start = Instant::now();
    hub.resolve(NAME, Trust::Registered, &mut |_| ()).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_server_that_asks_for_too_long_a_pause_is_given_up() {
    let fixture = Fixture::new();
    let server = after(1, 429, Some("3600"));
    let message = message(fixture.resolve(&server, &hashed(&bytes())));
    assert!(
        message.contains("answered 429, and asks to wait 3600 s; try again later"),
        "{message}"
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_server_that_stays_down_is_given_up_after_the_attempts_allowed() {
    let fixture = Fixture::new();
    let server = after(99, 503, None);
    let message = message(fixture.resolve(&server, &hashed(&bytes())));
    assert!(
        message.contains("answered 503 (attempt 3 of 3)"),
        "{message}"
    );
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_refusal_is_not_retried_and_names_the_fix() {
    for (status, token, fix) in [
        (401, false, "set HF_TOKEN"),
        (403, true, "the token in HF_TOKEN may not read it"),
        (404, false, "check repository, revision and file"),
        (418, false, "try again later"),
    ] {
        let fixture = Fixture::new();
        let server = after(1, status, None);
        let mut settings = fixture.settings(&server);
        settings.token = token.then(|| Token::new("hf_x").unwrap());
        let hub = Hub::new(settings, registry(&hashed(&bytes()))).unwrap();
        let message = message(hub.resolve(NAME, Trust::Registered, &mut |_| ()));
        assert!(
            message.contains(&format!("answered {status}; ")),
            "{message}"
        );
        assert!(message.contains(fix), "{message}");
        assert_eq!(server.requests().len(), 1);
        assert_eq!(fixture.files(), ["lock"]);
    }
}

#[test]
fn a_length_that_is_never_reached_is_given_up() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |_, answer| {
        answer.head(200, &[length(400_000)])?;
        answer.body(&sent)
    });
    let message = message(fixture.resolve(&server, &hash_only(&bytes)));
    assert!(message.contains("(attempt 3 of 3)"), "{message}");
}

#[test]
fn a_server_that_nobody_listens_at_is_given_up_with_advice() {
    let fixture = Fixture::new();
    let server = Server::good(vec![]);
    let mut settings = fixture.settings(&server);
    // Bound for a moment, so that nothing else has it.
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    settings.endpoint = format!("http://{free}");
    let hub = Hub::new(settings, registry(&hashed(&bytes()))).unwrap();
    let message = message(hub.resolve(NAME, Trust::Registered, &mut |_| ()));
    assert!(
        message.contains("check the network, HTTPS_PROXY"),
        "{message}"
    );
}
