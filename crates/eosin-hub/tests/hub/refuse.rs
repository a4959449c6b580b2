use crate::fixture::{Fixture, bytes, hash_only, hashed, message};
use crate::server::{Server, length};

#[test]
fn a_corrupted_byte_is_refused_and_nothing_is_kept() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let mut wrong = bytes.clone();
    wrong[123_456] ^= 1;
    let server = Server::good(wrong);
    let message = message(fixture.resolve(&server, &hashed(&bytes)));
    assert!(
        message.contains("sends is not 'net.one_in1k': its sha256 is "),
        "{message}"
    );
    assert!(message.contains("the registry says"), "{message}");
    assert_eq!(fixture.files(), ["lock"]);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_endless_body_is_cut_at_the_length_of_the_registry() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let message = message(fixture.resolve(&endless(), &hashed(&bytes)));
    assert!(
        message.ends_with("sends more bytes, expected at most 300000; nothing was kept"),
        "{message}"
    );
    assert_eq!(fixture.files(), ["lock"]);
}

#[test]
fn an_endless_body_of_unknown_length_is_cut_at_the_limit() {
    let fixture = Fixture::new();
    let message = message(fixture.resolve(&endless(), &hash_only(b"x")));
    assert!(
        message.contains("sends more bytes, expected at most 1048576"),
        "{message}"
    );
}

#[test]
fn a_body_that_tells_neither_length_nor_hash_is_refused_on_first_use() {
    let fixture = Fixture::new();
    let message = message(fixture.first_use(&endless(), ""));
    assert!(
        message.contains("sends neither a length nor a hash"),
        "{message}"
    );
}

#[test]
fn a_length_other_than_the_registrys_is_refused_before_a_byte_is_taken() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let server = Server::good(bytes[..1000].to_vec());
    let message = message(fixture.resolve(&server, &hashed(&bytes)));
    assert!(
        message.contains("sends 1000 bytes, expected 300000"),
        "{message}"
    );
}

#[test]
fn a_length_above_the_limit_is_refused() {
    let fixture = Fixture::new();
    let server = Server::new(|_, answer| answer.head(200, &[length(1 << 30)]));
    let message = message(fixture.first_use(&server, ""));
    assert!(
        message.contains("sends 1073741824 bytes, expected at most 1048576"),
        "{message}"
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_named_with_its_path() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    std::fs::create_dir(fixture.cache()).unwrap();
    std::os::unix::fs::symlink("/dev/full", fixture.cached("part")).unwrap();
    let message = message(fixture.resolve(&Server::good(bytes.clone()), &hashed(&bytes)));
    assert!(message.starts_with("cannot write "), "{message}");
    assert!(message.contains(".part: No space left"), "{message}");
    assert!(message.contains("free some space"), "{message}");
}

#[test]
fn a_cache_that_cannot_be_made_is_named_with_its_path() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    std::fs::write(fixture.cache(), b"a file, not a folder").unwrap();
    let message = message(fixture.resolve(&Server::good(bytes.clone()), &hashed(&bytes)));
    assert!(
        message.starts_with("cannot create cache folder "),
        "{message}"
    );
}

/// Sends zeros for as long as somebody takes them.
fn endless() -> Server {
    Server::new(|_, answer| {
        answer.head(200, &[])?;
        loop {
            answer.body(&[0; 10_000])?;
        }
    })
}
