//! The page to drop a patch on: three files, no third of anybody else's.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse as _, Response};

use crate::routes::Shared;

const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/serve.css");
const SCRIPT: &str = include_str!("page/serve.js");

/// The page; what it says of the run comes from `/model`.
pub async fn index(State(_): State<Arc<Shared>>) -> Html<&'static str> {
    Html(INDEX)
}

/// Its style.
pub async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// Its script.
pub async fn script() -> Response {
    let kind = "text/javascript; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], SCRIPT).into_response()
}
