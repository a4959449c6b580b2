use std::fs;

use eosin_hub::{Hub, Origin, Registry, Trust};

use crate::fixture::{Fixture, NAME, bytes, hashed, message, registry};
use crate::server::Server;

fn with_folder(fixture: &Fixture, server: &Server, more: &str) -> Hub {
    let folder = fixture.cache().join("mine");
    fs::create_dir_all(&folder).unwrap();
    let mut settings = fixture.settings(server);
    settings.weights_folder = Some(folder);
    Hub::new(settings, registry(more)).unwrap()
}

#[test]
fn the_users_folder_comes_first_with_any_ending() {
    let server = Server::good(bytes());
    for ending in ["safetensors", "pth", "pt", "bin"] {
        let fixture = Fixture::new();
        let hub = with_folder(&fixture, &server, &hashed(b"mine"));
        fs::write(
            fixture.cache().join(format!("mine/{NAME}.{ending}")),
            b"mine",
        )
        .unwrap();
        let file = hub.resolve(NAME, Trust::Registered, &mut |_| ()).unwrap();
        assert_eq!((file.origin, file.bytes), (Origin::Folder, 4));
    }
    assert!(server.requests().is_empty());
}

#[test]
fn a_file_in_the_users_folder_that_is_not_the_registered_one_is_refused() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    let hub = with_folder(&fixture, &server, &hashed(&bytes()));
    fs::write(fixture.cache().join(format!("mine/{NAME}.pth")), b"other").unwrap();
    let message = message(hub.resolve(NAME, Trust::Registered, &mut |_| ()));
    assert!(message.contains("a name of their own"), "{message}");
}

#[test]
fn two_files_of_one_name_in_the_users_folder_are_ambiguous() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    let hub = with_folder(&fixture, &server, "");
    for ending in ["pth", "bin"] {
        fs::write(fixture.cache().join(format!("mine/{NAME}.{ending}")), b"x").unwrap();
    }
    let message = hub.locate(NAME).unwrap_err().to_string();
    assert!(
        message.ends_with("net.one_in1k.pth, net.one_in1k.bin; keep one"),
        "{message}"
    );
}

#[test]
fn a_name_that_only_the_users_folder_has_is_found_there() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    let hub = with_folder(&fixture, &server, "");
    fs::write(fixture.cache().join("mine/ours.pt"), b"ours").unwrap();
    let file = hub.locate("ours").unwrap().unwrap();
    assert!(file.entry.is_none());
}

#[test]
fn a_cached_file_that_was_tampered_with_is_refused() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let server = Server::good(bytes.clone());
    for more in [hashed(&bytes), String::new()] {
        let path = fixture.first_use(&server, &more).unwrap().path;
        let mut changed = bytes.clone();
        changed[5] ^= 1;
        fs::write(&path, &changed).unwrap();
        let message = message(fixture.resolve(&server, &more));
        assert!(
            message.contains("net.one_in1k.safetensors is not the file of"),
            "{message}"
        );
        assert!(
            message.ends_with("remove it to fetch it again"),
            "{message}"
        );
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_cached_file_that_nothing_vouches_for_is_refused() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    fs::create_dir(fixture.cache()).unwrap();
    fs::write(fixture.cached("safetensors"), b"x").unwrap();
    let message = message(fixture.first_use(&server, ""));
    assert!(message.contains("cannot be verified"), "{message}");
}

#[test]
fn a_cached_file_from_another_repository_is_refused() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    fixture.first_use(&server, "").unwrap();
    let record = fixture.cached("toml");
    let text = fs::read_to_string(&record)
        .unwrap()
        .replace("timm/", "other/");
    fs::write(&record, text).unwrap();
    let message = message(fixture.first_use(&server, ""));
    assert!(
        message.contains("was fetched from other/net.one_in1k/model.safetensors"),
        "{message}"
    );
}

#[test]
fn offline_says_what_would_have_been_fetched_and_where_to_put_it() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    let mut settings = fixture.settings(&server);
    settings.offline = true;
    let hub = Hub::new(settings, registry(&hashed(&bytes()))).unwrap();
    let message = message(hub.resolve(NAME, Trust::Registered, &mut |_| ()));
    let url = format!(
        "{}/timm/{NAME}/resolve/main/model.safetensors",
        server.endpoint()
    );
    assert!(
        message.contains(&format!("would have fetched {url} (300000 bytes)")),
        "{message}"
    );
    assert!(
        message.contains("a folder that EOSIN_WEIGHTS names"),
        "{message}"
    );
    assert!(
        message.contains(&fixture.cached("safetensors").display().to_string()),
        "{message}"
    );
    assert!(server.requests().is_empty());
    // What the message says helps.
    fs::create_dir_all(fixture.cache()).unwrap();
    fs::write(fixture.cached("safetensors"), bytes()).unwrap();
    assert_eq!(hub.locate(NAME).unwrap().unwrap().origin, Origin::Cache);
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let (server, fixture) = (Server::good(bytes()), Fixture::new());
    let hub = Hub::new(fixture.settings(&server), Registry::built_in().unwrap()).unwrap();
    let message = hub.locate("resnet18.a1_in").unwrap_err().to_string();
    let expected = "no weights are named 'resnet18.a1_in'; did you mean resnet18.a1_in1k or ";
    assert!(message.starts_with(expected), "{message}");
    for name in ["../resnet18", "/etc/passwd", ""] {
        assert!(
            hub.locate(name)
                .unwrap_err()
                .to_string()
                .contains("not a name of weights")
        );
    }
}

#[test]
fn an_endpoint_that_is_no_address_is_refused_without_its_password() {
    let fixture = Fixture::new();
    for endpoint in [
        "huggingface.co",
        "ftp://hub",
        "https://",
        "https://me:secret@hub",
        "https://h?x",
    ] {
        let mut settings = fixture.settings(&Server::good(vec![]));
        settings.endpoint = endpoint.to_owned();
        let error = Hub::new(settings, registry("")).err().unwrap().to_string();
        assert!(
            error.starts_with("HF_ENDPOINT is '") && !error.contains("secret"),
            "{error}"
        );
    }
}
