//! Submissions to a test set whose labels somebody else has: made of runs, counted, judged by the scores
//! that come back.
//!
//! A folder holds all that is known: `submissions.jsonl`, a [checked log](eosin_store::CheckedLog) of what
//! was made and what came back, and of each submission its lines (`N.txt`) and what its model decided out
//! of fold (`N.judged.csv`), so that it can be planned with when its run is gone. Runs are read, never
//! written.

mod contender;
mod entry;
mod judged;
mod make;
mod plan;
mod returned;
mod rules;
mod submissions;

pub use entry::{Submission, SubmissionRun};
pub use make::{MadeSubmission, make_submission};
pub use plan::{PlannedSubmission, SubmissionPlan, plan_submissions};
pub use returned::{ReturnedScore, record_score};
pub use rules::{RuleChanges, SubmissionRules};
