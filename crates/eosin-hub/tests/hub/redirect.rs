use eosin_hub::{Hub, Sha256, Token, Trust};

use crate::fixture::{Fixture, NAME, bytes, hashed, message, registry};
use crate::server::{Server, length};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A hub that sends everyone on to `target`.
fn sends_to(target: String) -> Server {
    Server::new(move |_, answer| {
        let linked = ("X-Linked-ETag", format!("\"{}\"", Sha256::of(&bytes())));
        let commit = ("X-Repo-Commit", COMMIT.to_owned());
        let location = ("Location", target.clone());
        answer.head(302, &[length(0), linked, commit, location])
    })
}

fn with_token(fixture: &Fixture, server: &Server) -> Hub {
    let mut settings = fixture.settings(server);
    settings.token = Some(Token::new("hf_secret").unwrap());
    Hub::new(settings, registry("")).unwrap()
}

#[test]
fn the_token_goes_to_the_hub_and_not_to_where_the_hub_sends_us() {
    let fixture = Fixture::new();
    let store = Server::good(bytes());
    let server = sends_to(format!("{}/blob?signature=x", store.endpoint()));
    let hub = with_token(&fixture, &server);
    let file = hub.resolve(NAME, Trust::FirstUse, &mut |_| ()).unwrap();
    assert_eq!(file.record.unwrap().commit.as_deref(), Some(COMMIT));
    let asked = &server.requests()[0];
    assert_eq!(asked.header("authorization"), Some("Bearer hf_secret"));
    let stored = &store.requests()[0];
    assert_eq!(stored.path, "/blob?signature=x");
    assert_eq!(stored.header("authorization"), None);
}

#[test]
fn a_redirect_to_another_path_of_the_hub_keeps_the_token() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let server = Server::new(move |request, answer| match request.nth {
        0 => answer.head(
            307,
            &[
                length(0),
                ("Location", "/moved/model.safetensors".to_owned()),
            ],
        ),
        _ => answer.file(request, &bytes, "\"one\""),
    });
    let hub = with_token(&fixture, &server);
    hub.resolve(NAME, Trust::FirstUse, &mut |_| ()).unwrap();
    let asked = &server.requests()[1];
    assert_eq!(asked.path, "/moved/model.safetensors");
    assert_eq!(asked.header("authorization"), Some("Bearer hf_secret"));
}

#[test]
fn a_store_cannot_speak_for_the_hub() {
    let fixture = Fixture::new();
    let store = Server::new(|_, answer| {
        let commit = ("X-Repo-Commit", "f".repeat(40));
        answer.head(200, &[length(3), commit])?;
        answer.body(b"abc")
    });
    let target = store.endpoint();
    let server =
        Server::new(move |_, answer| answer.head(302, &[length(0), ("Location", target.clone())]));
    let record = fixture.first_use(&server, "").unwrap().record.unwrap();
    assert_eq!(record.commit, None);
}

#[test]
fn a_redirected_fetch_goes_on_where_it_broke_off() {
    let fixture = Fixture::new();
    let store = Server::new(|request, answer| match request.nth {
        0 => answer.beginning(&bytes(), "\"one\"", 100_000),
        _ => answer.file(request, &bytes(), "\"one\""),
    });
    let server = sends_to(store.endpoint());
    fixture.resolve(&server, &hashed(&bytes())).unwrap();
    assert_eq!(server.requests().len(), 2);
    assert_eq!(store.requests()[1].sent_bytes, 200_000);
}

#[test]
fn a_circle_of_redirects_ends() {
    let fixture = Fixture::new();
    let server = sends_to("/again".to_owned());
    let message = message(fixture.resolve(&server, &hashed(&bytes())));
    assert!(message.ends_with("more than 8 redirects"), "{message}");
}

#[test]
fn a_refusal_of_the_store_hides_the_signature() {
    let fixture = Fixture::new();
    let store = Server::new(|_, answer| answer.head(403, &[length(0)]));
    let server = sends_to(format!("{}/blob?signature=secret", store.endpoint()));
    let message = message(fixture.resolve(&server, &hashed(&bytes())));
    assert!(
        message.contains("/blob answered 403") && !message.contains("secret"),
        "{message}"
    );
}
