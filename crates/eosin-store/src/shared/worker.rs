//! Processes, told apart from all others, and whether they live.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A process that works in a shared folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// No other has the same.
    pub name: String,
    /// The machine.
    pub host: String,
    /// Its id there.
    pub pid: u32,
    /// What the machine is called since it was last started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// The namespace that the id belongs to: containers of one machine have several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// When it was started, in ticks since the machine was: ids are used again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// The job of a cluster that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
}

/// What one process can tell of another without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Alive,
    /// It is gone, and does not come back.
    Dead,
    /// It is on another machine: only its heartbeat tells.
    Elsewhere,
}

impl Worker {
    /// This process, under a new name.
    pub fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let host = read("/proc/sys/kernel/hostname").or_else(|| std::env::var("HOSTNAME").ok());
        let host = host.unwrap_or_else(|| "unknown".to_owned());
        let pid = std::process::id();
        let boot = read("/proc/sys/kernel/random/boot_id");
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = now.map_or(0, |passed| passed.as_nanos());
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let all = format!("{host} {pid} {boot:?} {nanos} {count}");
        let hash = blake3::hash(all.as_bytes()).to_hex();
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let safe: String = host
            .chars()
            .filter(|letter| plain(*letter))
            .take(32)
            .collect();
        Self {
            name: format!("{safe}-{pid}-{}", &hash[..12]),
            host,
            pid,
            boot,
            namespace: namespace(),
            started: state_of(pid).map(|state| state.started),
            job: std::env::var("SLURM_JOB_ID").ok(),
        }
    }

    /// What this process, `self`, can tell of `other`.
    pub fn life_of(&self, other: &Self) -> Life {
        let known = self.boot.is_some() && self.namespace.is_some();
        let here =
            self.host == other.host && self.boot == other.boot && self.namespace == other.namespace;
        if !known || !here {
            return Life::Elsewhere;
        }
        match state_of(other.pid) {
            Some(state) if !state.ended && Some(state.started) == other.started => Life::Alive,
            _ => Life::Dead,
        }
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self::new()
    }
}

/// What Linux says of a process.
struct State {
    started: u64,
    /// It has ended, and nobody has asked how.
    ended: bool,
}

fn state_of(pid: u32) -> Option<State> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let ended = matches!(fields.next()?, "Z" | "X" | "x");
    let started = fields.nth(18)?.parse().ok()?;
    Some(State { started, ended })
}

fn namespace() -> Option<String> {
    let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(link.to_string_lossy().into_owned())
}

fn read(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_itself_alive_and_one_of_its_id_from_before_dead() {
        let (me, other) = (Worker::new(), Worker::new());
        assert_ne!(me.name, other.name);
        let Some(started) = me.started else {
            return;
        };
        assert_eq!(me.life_of(&other), Life::Alive);
        let before = Worker {
            started: Some(started - 1),
            ..other.clone()
        };
        assert_eq!(me.life_of(&before), Life::Dead);
        for elsewhere in [
            Worker {
                host: "another".to_owned(),
                ..other.clone()
            },
            Worker {
                boot: Some("another".to_owned()),
                ..other.clone()
            },
            Worker {
                namespace: None,
                ..other
            },
        ] {
            assert_eq!(me.life_of(&elsewhere), Life::Elsewhere);
        }
    }
}
