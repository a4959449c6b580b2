//! `eosin serve`: a run over HTTP.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::scratch::Scratch;

/// A server that ends with the test.
struct Server {
    child: Child,
    address: String,
    /// What it prints is heard to its end.
    _says: BufReader<ChildStdout>,
}

impl Server {
    fn start(scratch: &Scratch, words: &str) -> Self {
        let mut command = scratch.command(&format!("serve {words} --port 0"));
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut says = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        says.read_line(&mut first).expect("a line");
        let address = first
            .trim_end()
            .rsplit("http://")
            .next()
            .expect(&first)
            .to_owned();
        let port = address.rsplit(':').next().expect("a port");
        Self {
            address: format!("127.0.0.1:{port}"),
            child,
            _says: says,
        }
    }

    /// Sends a request and gives status and body.
    fn ask(&self, head: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("a server");
        let head = head.replacen('\n', &format!("\nHost: {}\n", self.address), 1);
        let head = format!(
            "{head}\nContent-Length: {}\nConnection: close\n\n",
            body.len()
        );
        stream
            .write_all(head.replace('\n', "\r\n").as_bytes())
            .expect("a server");
        // A server that has refused a request need not read it to its end.
        drop(stream.write_all(body));
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a head");
        let status = std::str::from_utf8(&answer[9..12]).expect("text");
        let status = status.parse().expect("a number");
        (status, answer[end + 4..].to_vec())
    }

    fn json(&self, head: &str, body: &[u8]) -> (u16, Value) {
        let (status, body) = self.ask(head, body);
        let text = String::from_utf8_lossy(&body).into_owned();
        (
            status,
            serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: {text}")),
        )
    }

    /// Asks it to stop, and waits.
    fn stop(mut self) {
        let pid = self.child.id().to_string();
        let signal = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(signal.expect("a system with kill").success());
        assert!(self.child.wait().expect("an end").success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn predict(kind: &str) -> String {
    format!("POST /predict HTTP/1.1\nContent-Type: {kind}")
}

/// Files as browsers send those of a form.
fn form(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!(
            "--end\r\nContent-Disposition: form-data; name=\"images\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(head.as_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--end--\r\n");
    body
}

const FORM: &str = "multipart/form-data; boundary=end";

#[test]
fn the_answers_are_those_of_predict_to_the_last_bit() {
    let scratch = Scratch::with_run();
    let keys = scratch.keys_of("test");
    let paths: Vec<String> = keys.iter().map(|key| format!("data/{key}")).collect();
    let predicted = scratch
        .eosin(&format!("predict run {} --json", paths.join(" ")))
        .done()
        .json_lines();
    let server = Server::start(&scratch, "run");
    let files: Vec<(&str, Vec<u8>)> = paths
        .iter()
        .map(|path| (path.as_str(), scratch.read(path)))
        .collect();
    let (status, all) = server.json(&predict(FORM), &form(&files));
    assert_eq!(status, 200, "{all}");
    assert_eq!(
        all["model"],
        blake3::hash(&scratch.read("run/run.json"))
            .to_hex()
            .as_str()
    );
    let answers = all["predictions"].as_array().expect("a list");
    assert_eq!(answers.len(), predicted.len());
    for ((answer, row), (path, bytes)) in answers.iter().zip(&predicted).zip(&files) {
        assert_eq!(answer["path"], *path);
        assert_eq!(
            (&answer["pred"], &answer["probs"]),
            (&row["pred"], &row["probs"])
        );
        let (status, alone) = server.json(&predict("image/png"), bytes);
        assert_eq!(
            (status, &alone["predictions"][0]["probs"]),
            (200, &row["probs"])
        );
    }
    let (status, picture) = server.ask(
        "POST /explain?class=malignant HTTP/1.1\nContent-Type: image/png",
        &files[0].1,
    );
    assert_eq!(status, 200);
    assert!(image::load_from_memory(&picture).is_ok());
    let (_, card) = server.json("GET /model HTTP/1.1", b"");
    assert_eq!(card["classes"], serde_json::json!(["benign", "malignant"]));
    let (_, numbers) = server.ask("GET /metrics HTTP/1.1", b"");
    let numbers = String::from_utf8(numbers).expect("text");
    let line = format!("eosin_images_total {}", 2 * files.len());
    assert!(
        numbers.lines().any(|own| own == line),
        "{line} in {numbers}"
    );
    server.stop();
}

#[test]
fn uploads_that_cannot_be_are_answered_and_the_next_is_served() {
    let scratch = Scratch::with_run();
    let server = Server::start(&scratch, "run");
    let good = scratch.read(&format!("data/{}", scratch.keys_of("test")[0]));
    let cut = good[..good.len() / 2].to_vec();
    let (status, all) = server.json(
        &predict(FORM),
        &form(&[
            ("good.png", good.clone()),
            ("cut.png", cut.clone()),
            ("<b>.png", b"no image".to_vec()),
        ]),
    );
    assert_eq!(status, 200, "{all}");
    assert!(all["predictions"][0]["pred"].is_string());
    assert!(
        all["predictions"][1]["error"]
            .as_str()
            .expect("a text")
            .contains("cut.png")
    );
    assert_eq!(all["predictions"][2]["path"], "<b>.png");
    for (head, body, expected, says) in [
        (predict("image/png"), &cut[..], 422, "image"),
        (predict("image/png"), b"", 400, "no image"),
        (predict("text/html"), &good[..], 415, "text/html"),
        (predict("multipart/form-data"), &good[..], 400, "boundary"),
        (
            predict("multipart/form-data; boundary=end"),
            b"--other",
            400,
            "multipart",
        ),
        ("GET /predict HTTP/1.1".to_owned(), b"", 405, "method"),
        (
            "GET /../run/run.json HTTP/1.1".to_owned(),
            b"",
            404,
            "nothing here",
        ),
        (
            "POST /explain?class=tumour HTTP/1.1\nContent-Type: image/png".to_owned(),
            &good[..],
            400,
            "benign, malignant",
        ),
        (
            predict("image/png") + "\nOrigin: http://evil.example",
            &good[..],
            403,
            "another site",
        ),
    ] {
        let (status, said) = server.ask(&head, body);
        let said = String::from_utf8_lossy(&said).to_lowercase();
        assert_eq!(status, expected, "{head}: {said}");
        assert!(said.contains(says), "{head}: {said}");
    }
    // A length that is not allowed is refused before anything is read.
    let mut stream = TcpStream::connect(&server.address).expect("a server");
    let head = format!(
        "POST /predict HTTP/1.1\r\nHost: {}\r\nContent-Length: 99999999999\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut begun = [0; 12];
    stream.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 413");
    let (status, _) = server.json(&predict("application/octet-stream"), &good);
    assert_eq!(status, 200);
}

#[test]
fn others_need_a_token_and_a_port_that_is_taken_is_said() {
    let scratch = Scratch::with_run();
    scratch
        .eosin("serve run --host 0.0.0.0 --port 0")
        .refused(&["0.0.0.0:0 can be reached from other machines", "--token"]);
    scratch
        .eosin("serve run --port 0 --token short")
        .refused(&["fewer than 16 characters"]);
    let server = Server::start(&scratch, "run --host 0.0.0.0 --token 0123456789abcdef");
    let (status, _) = server.json("GET /health HTTP/1.1", b"");
    assert_eq!(status, 401);
    let head = "GET /health HTTP/1.1\nAuthorization: Bearer 0123456789abcdef";
    assert_eq!(server.json(head, b"").1["status"], "ok");
    let port = server
        .address
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    scratch
        .eosin(&format!("serve run --port {port}"))
        .refused(&["cannot listen on", "--port"]);
    scratch.eosin("serve data --port 0").refused(&["data"]);
}
