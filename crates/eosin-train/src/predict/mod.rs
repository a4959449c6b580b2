pub(crate) mod fold_network;
pub(crate) mod fold_predictions;
pub(crate) mod logits;
pub(crate) mod member_predictor;
pub(crate) mod own_predictor;
pub(crate) mod predictions;
pub(crate) mod predictor;
pub(crate) mod run_predictor;
