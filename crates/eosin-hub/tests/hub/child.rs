//! Other processes: one that is killed, and two at once.

use std::env;
use std::fs;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::Duration;

use eosin_hub::{Hub, HubSettings, Trust};

use crate::fixture::{Fixture, NAME, bytes, hashed, quick, registry};
use crate::server::Server;

const ENDPOINT: &str = "EOSIN_HUB_TEST_ENDPOINT";
const CACHE: &str = "EOSIN_HUB_TEST_CACHE";

/// This program again, to run the one test that fetches.
fn child(fixture: &Fixture, server: &Server) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "child::fetches_for_its_parent", "--ignored"])
        .env(ENDPOINT, server.endpoint())
        .env(CACHE, fixture.cache())
        // A library that read these would fail.
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:1")))
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "runs in a process of its own, which the other tests start"]
fn fetches_for_its_parent() {
    let mut settings = HubSettings::new(env::var_os(CACHE).unwrap());
    settings.endpoint = env::var(ENDPOINT).unwrap();
    settings.limits = quick();
    settings.limits.stall_timeout = Duration::from_secs(20);
    let hub = Hub::new(settings, registry(&hashed(&bytes()))).unwrap();
    hub.resolve(NAME, Trust::Registered, &mut |_| ()).unwrap();
}

#[test]
fn a_process_killed_in_mid_fetch_leaves_what_the_next_goes_on_with() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| {
        if request.nth > 0 {
            return answer.file(request, &sent, "\"one\"");
        }
        answer.beginning(&sent, "\"one\"", 100_000)?;
        answer.stall();
        Ok(())
    });
    let mut child = child(&fixture, &server);
    let part = fixture.cached("part");
    let here = || fs::metadata(&part).map_or(0, |metadata| metadata.len());
    while here() < 100_000 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child ended by itself"
        );
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let file = fixture.resolve(&server, &hashed(&bytes)).unwrap();
    assert_eq!(fs::read(file.path).unwrap(), bytes);
    let requests = server.requests();
    assert_eq!(requests[1].header("range"), Some("bytes=100000-"));
    assert_eq!(requests[1].sent_bytes, 200_000);
    assert_eq!(fixture.files(), ["lock", "safetensors", "toml"]);
}

#[test]
fn two_processes_that_fetch_one_name_at_once_do_not_harm_each_other() {
    let (bytes, fixture) = (bytes(), Fixture::new());
    let sent = bytes.clone();
    let server = Server::new(move |request, answer| {
        sleep(Duration::from_millis(200));
        answer.file(request, &sent, "\"one\"")
    });
    let mut children = [child(&fixture, &server), child(&fixture, &server)];
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(fs::read(fixture.cached("safetensors")).unwrap(), bytes);
    assert_eq!(server.requests().len(), 1);
}
