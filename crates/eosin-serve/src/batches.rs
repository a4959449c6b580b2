//! Images of several requests, predicted together.

use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use eosin_train::ReadPatch;
use tokio::sync::{mpsc, oneshot};

use crate::claims::{Claim, Stock};
use crate::numbers::Numbers;
use crate::served_run::ServedRun;

/// Images that go through the network together, unless one request has more.
const TOGETHER: usize = 64;

/// Probabilities of a request's images, `[images, classes]`, or why there are none.
pub type Answer = Result<Vec<f32>, String>;

/// What waits to be predicted. The thread that predicts ends when this is dropped.
pub struct Batches {
    requests: mpsc::UnboundedSender<Request>,
    places: Stock,
}

/// Images of one request.
struct Request {
    patches: Vec<ReadPatch>,
    /// Their places in the queue.
    claim: Claim,
    reply: oneshot::Sender<Answer>,
}

impl Batches {
    /// Starts the thread that predicts, with `waiting` places.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn start(
        run: Arc<ServedRun>,
        numbers: Arc<Numbers>,
        waiting: usize,
    ) -> Result<(Self, JoinHandle<()>)> {
        // Bounded by places.
        let (requests, queue) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new()
            .name("predict".to_owned())
            .spawn(move || predict_all(&run, &numbers, queue))
            .context("cannot start a thread")?;
        let places = Stock::new(waiting);
        Ok((Self { requests, places }, thread))
    }

    /// Places for so many images; `None` where fewer are free.
    pub fn claim(&self, images: usize) -> Option<Claim> {
        self.places.claim(images)
    }

    /// Images that wait.
    pub fn waiting(&self) -> usize {
        self.places.taken()
    }

    /// Puts the images of a request behind those that wait.
    pub async fn predict(&self, patches: Vec<ReadPatch>, claim: Claim) -> Answer {
        let (reply, answer) = oneshot::channel();
        let request = Request {
            patches,
            claim,
            reply,
        };
        let gone = || "the server is stopping".to_owned();
        self.requests.send(request).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

/// Takes what waits, as long as anybody can ask.
fn predict_all(run: &ServedRun, numbers: &Numbers, mut queue: mpsc::UnboundedReceiver<Request>) {
    while let Some(first) = queue.blocking_recv() {
        let mut images = first.patches.len();
        let mut requests = vec![first];
        while images < TOGETHER
            && let Ok(next) = queue.try_recv()
        {
            images += next.patches.len();
            requests.push(next);
        }
        numbers.batch(images);
        answer(run, requests);
    }
}

fn answer(run: &ServedRun, requests: Vec<Request>) {
    // Whoever has gone is not waited for.
    let requests: Vec<Request> = requests
        .into_iter()
        .filter(|request| !request.reply.is_closed())
        .collect();
    let (mut patches, mut replies) = (Vec::new(), Vec::new());
    for request in requests {
        replies.push((request.patches.len(), request.claim, request.reply));
        patches.extend(request.patches);
    }
    let probs = run.predictor.predict_read(&patches);
    let classes = run.judgement.task.classes.len();
    let mut first = 0;
    for (images, claim, reply) in replies {
        let own = first..first + images;
        first = own.end;
        let answer = if let Ok(probs) = &probs {
            Ok(probs[own.start * classes..own.end * classes].to_vec())
        } else {
            // One image of many has values that the run could not have kept: each request by itself.
            let alone = run.predictor.predict_read(&patches[own]);
            alone.map_err(|error| error.to_string())
        };
        drop(claim);
        // Nobody is there to hear it when the connection has gone.
        drop(reply.send(answer));
    }
}
