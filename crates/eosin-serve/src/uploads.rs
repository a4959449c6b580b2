//! Images out of a request.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::answers::problem;
use crate::limits::Limits;

/// An image as it was sent.
pub struct Upload {
    /// What whoever sent it calls it.
    pub name: String,
    pub bytes: Bytes,
}

/// What the only image of a request is called, unless it says so.
const UNNAMED: &str = "image";
/// Names are shown; longer ones are cut.
const LONGEST_NAME: usize = 300;

/// The images of a request: its body, or the files of a form.
///
/// # Errors
/// What to answer when there are none, too many, or the body is not what it is called.
pub async fn uploads(request: Request<Body>, limits: &Limits) -> Result<Vec<Upload>, Response> {
    let kind = content_type(request.headers()).to_ascii_lowercase();
    let images = if kind.starts_with("multipart/form-data") {
        files_of_form(request, limits).await?
    } else if kind.starts_with("image/")
        || kind.starts_with("application/octet-stream")
        || kind.is_empty()
    {
        let name = name_of(request.headers());
        let bytes = Bytes::from_request(request, &()).await;
        let bytes = bytes.map_err(|refused| problem(refused.status(), refused.body_text()))?;
        vec![Upload { name, bytes }]
    } else {
        return Err(problem(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "Content-Type is {kind}; send one image as image/png, image/jpeg or application/octet-stream, or \
                 several as files of multipart/form-data"
            ),
        ));
    };
    if images.is_empty() || images.iter().all(|image| image.bytes.is_empty()) {
        return Err(problem(
            StatusCode::BAD_REQUEST,
            "there is no image in the request: send one as its body, or files of a form",
        ));
    }
    Ok(images)
}

fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value.and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// The name in `X-Filename`, if there is one.
fn name_of(headers: &HeaderMap) -> String {
    let name = headers
        .get("x-filename")
        .and_then(|name| name.to_str().ok());
    cut(name.unwrap_or(UNNAMED))
}

fn cut(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_NAME)
        .collect()
}

async fn files_of_form(request: Request<Body>, limits: &Limits) -> Result<Vec<Upload>, Response> {
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|refused| problem(refused.status(), refused.body_text()))?;
    let mut images = Vec::new();
    loop {
        let field = form.next_field().await;
        let field = field.map_err(|error| problem(error.status(), error.body_text()))?;
        let Some(field) = field else {
            return Ok(images);
        };
        if images.len() == limits.images {
            return Err(problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!(
                    "there are more than {} images in the request; send fewer at once",
                    limits.images
                ),
            ));
        }
        let name = field
            .file_name()
            .or_else(|| field.name())
            .unwrap_or(UNNAMED);
        let name = cut(name);
        let bytes = field.bytes().await;
        let bytes = bytes.map_err(|error| problem(error.status(), error.body_text()))?;
        images.push(Upload { name, bytes });
    }
}

/// What a response is to one that could not be read.
pub fn too_slow(limits: &Limits) -> Response {
    let seconds = limits.body.as_secs();
    problem(
        StatusCode::REQUEST_TIMEOUT,
        format!("the request did not arrive within {seconds} s"),
    )
    .into_response()
}
