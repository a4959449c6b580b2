//! Ensembles of classifiers that were judged on the same folds.
//!
//! A [`Pool`] holds the out-of-fold logits of its members for the same patches. A [`Combiner`] makes
//! one prediction of several by a [`Method`]; what it has to learn it learns on patches that it is not
//! judged on ([`out_of_fold`]). [`search()`] tries all subsets under all methods within limits of size,
//! time and number, and marks what is Pareto-optimal. [`honest()`] does the same and says what the
//! search's choice is worth on patches that it has not seen, and whether the best ensemble can be told
//! from the best single member. [`harmony()`] says how members go together and what each brings.
//! [`forecast()`] says what scores that came back from a test set are worth, and what others would return.
//!
//! Nothing here reads a file or knows of images: logits in, numbers and combiners out. All results are
//! the same whatever the number of threads.
//!
//! ```
//! use eosin_ensemble::{Combiner, Method};
//!
//! let (one, two) = ([0.0, 2.0_f32], [0.0, 4.0_f32]);
//! let combiner = Combiner::unfitted(Method::Geometric, 2, 2)?;
//! let logits = combiner.logits(&[&one, &two])?;
//! assert!((logits[1] - logits[0] - 3.0).abs() < 1e-6);
//! # Ok::<(), eosin_ensemble::EnsembleError>(())
//! ```

mod combiner;
mod error;
mod harmony;
mod honest;
mod joined;
mod layers;
mod left_out;
mod limits;
mod method;
mod methods;
mod out_of_fold;
mod pareto;
mod pool;
mod said;
mod score;
mod search;
mod shapley;
mod solve;
mod submissions;

pub use combiner::{Combiner, Fitted};
pub use error::EnsembleError;
pub use harmony::{Harmony, MemberShare, harmony};
pub use honest::{Choice, Comparison, Estimate, Honest, honest};
pub use joined::{JoinedShares, JoinedSums, joined_shares};
pub use method::Method;
pub use methods::Knots;
pub use out_of_fold::{OutOfFold, out_of_fold};
pub use pool::{Labels, Pool};
pub use search::{Candidate, Cost, Search, SearchOptions, search};
pub use submissions::{
    DecisionScores, Decisions, Forecast, OverFit, Prospect, Returned, decision_scores, forecast,
    is_of_decisions,
};
