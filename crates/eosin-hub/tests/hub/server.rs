//! A server of one file: a thread a connection, a request a connection.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Result, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

/// What was asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The how-manieth request of this server it is, from 0.
    pub nth: usize,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    /// How many bytes of a body were sent in answer.
    pub sent_bytes: usize,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The first byte asked for.
    pub fn first(&self) -> usize {
        let range = self.header("range").unwrap_or("bytes=0-");
        range
            .trim_start_matches("bytes=")
            .trim_end_matches('-')
            .parse()
            .unwrap()
    }
}

/// The other end of a connection.
pub struct Answer {
    stream: TcpStream,
    sent_bytes: usize,
}

impl Answer {
    pub fn head(&mut self, status: u16, headers: &[(&str, String)]) -> Result<()> {
        let lines = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let lines: String = lines.collect();
        let head = format!("HTTP/1.1 {status} x\r\nConnection: close\r\n{lines}\r\n");
        self.stream.write_all(head.as_bytes())
    }

    pub fn body(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()?;
        self.sent_bytes += bytes.len();
        Ok(())
    }

    /// The whole of `bytes`.
    pub fn whole(&mut self, bytes: &[u8], etag: &str) -> Result<()> {
        self.head(200, &[length(bytes.len()), ("ETag", etag.to_owned())])?;
        self.body(bytes)
    }

    /// What was asked for of `bytes`, as a good server does it.
    pub fn file(&mut self, request: &Request, bytes: &[u8], etag: &str) -> Result<()> {
        let same = request.header("if-range").is_none_or(|tag| tag == etag);
        if request.header("range").is_none() || !same {
            return self.whole(bytes, etag);
        }
        self.rest(bytes, etag, request.first())
    }

    /// `bytes` from `first` on, as an answer to a range.
    pub fn rest(&mut self, bytes: &[u8], etag: &str, first: usize) -> Result<()> {
        let range = format!("bytes {first}-{}/{}", bytes.len() - 1, bytes.len());
        let tag = ("ETag", etag.to_owned());
        self.head(
            206,
            &[length(bytes.len() - first), tag, ("Content-Range", range)],
        )?;
        self.body(&bytes[first..])
    }

    /// The head of all of `bytes`, and only the first `count` of them.
    pub fn beginning(&mut self, bytes: &[u8], etag: &str, count: usize) -> Result<()> {
        self.head(200, &[length(bytes.len()), ("ETag", etag.to_owned())])?;
        self.body(&bytes[..count])
    }

    /// Sends nothing until the other end has had enough.
    pub fn stall(&mut self) {
        let mut byte = [0];
        let limit = Some(Duration::from_secs(5));
        self.stream.set_read_timeout(limit).unwrap();
        drop(std::io::Read::read(&mut self.stream, &mut byte));
    }
}

pub fn length(bytes: usize) -> (&'static str, String) {
    ("Content-Length", bytes.to_string())
}

type Log = Arc<Mutex<Vec<Request>>>;

pub struct Server {
    pub address: SocketAddr,
    log: Log,
}

impl Server {
    /// A server that answers every request with `answer`. Its thread ends with the process.
    pub fn new<F>(answer: F) -> Self
    where
        F: Fn(&Request, &mut Answer) -> Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Log::default();
        let (answer, kept) = (Arc::new(answer), Arc::clone(&log));
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&kept));
                spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { address, log }
    }

    /// A server that has one file and no faults.
    pub fn good(bytes: Vec<u8>) -> Self {
        Self::new(move |request, answer| answer.file(request, &bytes, "\"one\""))
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was asked for until now. Waits a moment, because a client may be done before the
    /// server has noted that it is.
    pub fn requests(&self) -> Vec<Request> {
        sleep(Duration::from_millis(20));
        self.log.lock().unwrap().clone()
    }
}

fn serve<F>(stream: TcpStream, answer: &F, log: &Log)
where
    F: Fn(&Request, &mut Answer) -> Result<()>,
{
    let Some(mut request) = read_request(&stream) else {
        return;
    };
    {
        let mut log = log.lock().unwrap();
        request.nth = log.len();
        log.push(request.clone());
    }
    let mut to = Answer {
        stream,
        sent_bytes: 0,
    };
    // The client hangs up in many of the tests.
    drop(answer(&request, &mut to));
    log.lock().unwrap()[request.nth].sent_bytes = to.sent_bytes;
}

pub fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    Some(Request {
        nth: 0,
        path,
        headers,
        sent_bytes: 0,
    })
}
