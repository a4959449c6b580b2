use std::ffi::OsString;
use std::io::{Write as _, copy};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use eosin_hub::{Hub, HubError, Proxies, Trust, WeightFile};

use crate::fixture::{Fixture, NAME, bytes, hashed, message, registry};
use crate::server::{Server, read_request};

type Asked = Arc<Mutex<Vec<(String, Option<String>)>>>;

/// A proxy that leads every host to `target`, or refuses when there is none.
fn proxy(target: Option<SocketAddr>) -> (SocketAddr, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Asked::default());
    let kept = Arc::clone(&asked);
    spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let request = read_request(&stream).unwrap();
            let user = request.header("proxy-authorization").map(str::to_owned);
            kept.lock().unwrap().push((request.path, user));
            match target {
                Some(target) => {
                    let server = TcpStream::connect(target).unwrap();
                    stream.write_all(b"HTTP/1.1 200 ok\r\n\r\n").unwrap();
                    tunnel(stream, server);
                }
                None => stream
                    .write_all(b"HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n")
                    .unwrap(),
            }
        }
    });
    (address, asked)
}

fn tunnel(one: TcpStream, other: TcpStream) {
    for (mut from, mut to) in [
        (one.try_clone().unwrap(), other.try_clone().unwrap()),
        (other, one),
    ] {
        spawn(move || {
            drop(copy(&mut from, &mut to));
            drop(to.shutdown(Shutdown::Write));
        });
    }
}

/// Resolves the name from a hub at `endpoint` with these variables set.
fn resolve(
    fixture: &Fixture,
    server: &Server,
    endpoint: &str,
    vars: &[(&str, String)],
) -> Result<WeightFile, HubError> {
    let value = |name: &str| vars.iter().find(|(key, _)| *key == name);
    let mut settings = fixture.settings(server);
    settings.endpoint = endpoint.into();
    settings.proxies =
        Proxies::from_vars(|name| value(name).map(|(_, value)| OsString::from(value))).unwrap();
    let hub = Hub::new(settings, registry(&hashed(&bytes()))).unwrap();
    hub.resolve(NAME, Trust::Registered, &mut |_| ())
}

#[test]
fn a_proxy_leads_to_a_host_that_only_it_knows() {
    let (fixture, server) = (Fixture::new(), Server::good(bytes()));
    let (address, asked) = proxy(Some(server.address));
    let vars = [("HTTP_PROXY", format!("http://me:secret@{address}"))];
    resolve(&fixture, &server, "http://hub.invalid", &vars).unwrap();
    let basic = "Basic bWU6c2VjcmV0".to_owned();
    assert_eq!(
        *asked.lock().unwrap(),
        [("hub.invalid:80".to_owned(), Some(basic))]
    );
    assert_eq!(server.requests()[0].header("host"), Some("hub.invalid"));
}

#[test]
fn a_host_of_no_proxy_is_asked_directly() {
    let (fixture, server) = (Fixture::new(), Server::good(bytes()));
    let (address, asked) = proxy(Some(server.address));
    let vars = [
        ("ALL_PROXY", format!("http://{address}")),
        ("NO_PROXY", "127.0.0.1".to_owned()),
    ];
    resolve(&fixture, &server, &server.endpoint(), &vars).unwrap();
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn a_proxy_that_wants_a_password_is_not_asked_again() {
    let (fixture, server) = (Fixture::new(), Server::good(bytes()));
    let (address, asked) = proxy(None);
    let vars = [("http_proxy", format!("http://{address}"))];
    let message = message(resolve(&fixture, &server, "http://hub.invalid", &vars));
    assert!(
        message.contains("check the user, password and host in HTTPS_PROXY"),
        "{message}"
    );
    assert_eq!(asked.lock().unwrap().len(), 1);
}
