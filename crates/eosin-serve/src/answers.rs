//! What is answered.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::served_run::NOTICE;

/// Seconds after which whoever was sent away may come again.
const RETRY_AFTER: &str = "1";

/// Why there is no answer.
pub fn problem(status: StatusCode, text: impl Into<String>) -> Response {
    let text: String = text.into();
    (status, Json(json!({ "error": text }))).into_response()
}

/// Too much waits already.
pub fn busy(what: &str) -> Response {
    let text = format!("{what}; come again in {RETRY_AFTER} s");
    let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, text);
    let after = HeaderValue::from_static(RETRY_AFTER);
    response.headers_mut().insert(header::RETRY_AFTER, after);
    response
}

/// The answers to all images of a request, in their order.
pub fn predictions(model: &str, calibrated: bool, images: &[Value]) -> Response {
    let answered = images.iter().any(|image| image.get("error").is_none());
    let status = if answered {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let all = json!({
        "model": model,
        "calibrated": calibrated,
        "predictions": images,
        "notice": NOTICE,
    });
    (status, Json(all)).into_response()
}
