//! The heartbeat: a small file that changes for as long as its process lives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// Changes a file from time to time until it is dropped.
#[derive(Debug)]
pub(super) struct Heart {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heart {
    /// Begins to beat at `path`, the first time before it returns.
    pub fn start(path: &Path, every: Duration) -> io::Result<Self> {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)?;
        beat(&mut file, 0)?;
        let (stop, stopped) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut count = 0_u64;
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                count += 1;
                // A beat that fails is missed; on a full disk those to come fail, too, and others take
                // over: what this process finds is then counted once all the same.
                drop(beat(&mut file, count));
            }
        });
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

fn beat(file: &mut File, count: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{count:020}\n").as_bytes())
}

impl Drop for Heart {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It only fails when the thread panicked, which does not matter any more.
            drop(thread.join());
        }
    }
}
