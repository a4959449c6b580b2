//! What can be asked for.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Query, State};
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, middleware};
use eosin_data::PatchSource;
use eosin_train::ReadPatch;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::{busy, predictions, problem};
use crate::batches::Batches;
use crate::claims::{Claim, Stock};
use crate::guard::{Admission, Guard, WRONG_TOKEN_DELAY};
use crate::limits::Limits;
use crate::numbers::Numbers;
use crate::openapi::openapi;
use crate::pages;
use crate::served_run::ServedRun;
use crate::uploads::{Upload, too_slow, uploads};

/// Explanations that are made or wait.
const EXPLANATIONS: usize = 8;

/// What all requests share.
pub struct Shared {
    run: Arc<ServedRun>,
    batches: Batches,
    numbers: Arc<Numbers>,
    guard: Guard,
    limits: Limits,
    /// Bytes of requests that are in memory.
    bytes: Stock,
    explanations: Stock,
}

impl Shared {
    /// What a server of `run` begins with.
    pub fn new(
        run: Arc<ServedRun>,
        batches: Batches,
        numbers: Arc<Numbers>,
        guard: Guard,
        limits: Limits,
    ) -> Arc<Self> {
        Arc::new(Self {
            run,
            batches,
            numbers,
            guard,
            limits,
            bytes: Stock::new(limits.all_bytes),
            explanations: Stock::new(EXPLANATIONS),
        })
    }
}

type Server = State<Arc<Shared>>;

/// Everything that can be asked for.
pub fn router(shared: Arc<Shared>) -> Router {
    let limit = DefaultBodyLimit::max(shared.limits.body_bytes);
    Router::new()
        .route("/", get(pages::index))
        .route("/serve.css", get(pages::style))
        .route("/serve.js", get(pages::script))
        .route("/predict", post(predict))
        .route("/explain", post(explain))
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route(
            "/model",
            get(|State(shared): Server| async move { Json(shared.run.card.clone()) }),
        )
        .route("/metrics", get(metrics))
        .route(
            "/openapi.json",
            get(|State(shared): Server| async move { Json(openapi(&shared.limits)) }),
        )
        .fallback(|| async { problem(StatusCode::NOT_FOUND, NOTHING) })
        .method_not_allowed_fallback(|| async {
            problem(
                StatusCode::METHOD_NOT_ALLOWED,
                "this is asked for by another method; see /openapi.json",
            )
        })
        .layer(limit)
        .layer(from_fn_with_state(Arc::clone(&shared), admitted))
        .layer(middleware::map_response(with_policy))
        .layer(from_fn_with_state(Arc::clone(&shared), counted))
        .with_state(shared)
}

const NOTHING: &str = "there is nothing here; see /openapi.json";

/// Counts what was answered, and how long it took.
async fn counted(
    State(shared): Server,
    path: Option<MatchedPath>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let route = ROUTES
        .iter()
        .find(|route| path.as_ref().is_some_and(|path| path.as_str() == **route));
    let begun = Instant::now();
    let response = next.run(request).await;
    shared.numbers.request(
        route.unwrap_or(&"other"),
        response.status().as_u16(),
        begun.elapsed(),
    );
    response
}

/// Routes that are counted apart.
const ROUTES: [&str; 6] = ["/", "/predict", "/explain", "/health", "/model", "/metrics"];

/// Lets in who may ask.
async fn admitted(State(shared): Server, request: Request<Body>, next: Next) -> Response {
    let writes = !matches!(*request.method(), Method::GET | Method::HEAD);
    match shared.guard.admit(request.uri(), request.headers(), writes) {
        Admission::Admitted => next.run(request).await,
        Admission::Enter { cookie, to } => {
            let mut response = Redirect::to(&to).into_response();
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Admission::WrongToken => {
            tokio::time::sleep(WRONG_TOKEN_DELAY).await;
            problem(StatusCode::UNAUTHORIZED, "a token is wanted")
        }
        Admission::Foreign(why) => problem(StatusCode::FORBIDDEN, why),
    }
}

/// What browsers may do with any answer: nothing is fetched from elsewhere, nothing is run that is not a file
/// of this server, and no other page may hold it.
async fn with_policy(mut response: Response) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; \
        connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

async fn metrics(State(shared): Server) -> Response {
    const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let text = shared.numbers.text(shared.batches.waiting());
    ([(header::CONTENT_TYPE, KIND)], text).into_response()
}

async fn predict(State(shared): Server, request: Request<Body>) -> Response {
    match predicted(&shared, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn predicted(shared: &Arc<Shared>, request: Request<Body>) -> Result<Response, Response> {
    let (images, held) = received(shared, request).await?;
    let Some(places) = shared.batches.claim(images.len()) else {
        return Err(busy("too many images wait to be predicted"));
    };
    let names: Vec<String> = images.iter().map(|image| image.name.clone()).collect();
    let read = decoded(shared, images).await?;
    drop(held);
    let (mut patches, mut found) = (Vec::new(), Vec::new());
    for read in read {
        found.push(match read {
            Ok(patch) => {
                patches.push(patch);
                None
            }
            Err(error) => Some(error),
        });
    }
    let judgement = &shared.run.judgement;
    let probs = if patches.is_empty() {
        Vec::new()
    } else {
        let answer = shared.batches.predict(patches, places).await;
        answer.map_err(|error| problem(StatusCode::UNPROCESSABLE_ENTITY, error))?
    };
    let mut each = probs.chunks_exact(judgement.task.classes.len());
    let answers = names
        .iter()
        .zip(found)
        .map(|(name, failed)| match (failed, &mut each) {
            (Some(error), _) => json!({ "path": name, "error": error }),
            (None, each) => each
                .next()
                .map_or(Value::Null, |probs| json!(judgement.answer(name, probs))),
        });
    let answers: Vec<Value> = answers.collect();
    Ok(predictions(
        &shared.run.model,
        judgement.calibrator.is_some(),
        &answers,
    ))
}

/// The images of a request, and the memory that they were promised.
async fn received(
    shared: &Shared,
    request: Request<Body>,
) -> Result<(Vec<Upload>, Claim), Response> {
    let limits = &shared.limits;
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > limits.body_bytes) {
        let text = format!(
            "the request has more than {} bytes; send fewer images at once",
            limits.body_bytes
        );
        return Err(problem(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    // One that does not say how long it is may be as long as is allowed.
    let Some(held) = shared.bytes.claim(length.unwrap_or(limits.body_bytes)) else {
        return Err(busy("too much is being sent at once"));
    };
    let images = tokio::time::timeout(limits.body, uploads(request, limits)).await;
    Ok((images.map_err(|_| too_slow(limits))??, held))
}

/// Images as the networks see them, or why they cannot be.
async fn decoded(
    shared: &Arc<Shared>,
    images: Vec<Upload>,
) -> Result<Vec<Result<ReadPatch, String>>, Response> {
    let run = Arc::clone(&shared.run);
    let read = move |image: Upload| {
        let read = run.predictor.read(&source(image));
        read.map_err(|error| error.to_string())
    };
    let all = tokio::task::spawn_blocking(move || images.into_iter().map(read).collect());
    all.await.map_err(|_| failed())
}

fn source(image: Upload) -> PatchSource {
    PatchSource::Bytes {
        name: image.name,
        bytes: image.bytes.to_vec().into(),
    }
}

fn failed() -> Response {
    problem(
        StatusCode::INTERNAL_SERVER_ERROR,
        "the image could not be handled; this is a fault of eosin",
    )
}

/// What is asked to be shown.
#[derive(Deserialize)]
struct Explained {
    class: Option<String>,
    /// Which of the members of an ensemble, from 0.
    #[serde(default)]
    member: usize,
}

async fn explain(
    State(shared): Server,
    Query(asked): Query<Explained>,
    request: Request<Body>,
) -> Response {
    match explained(&shared, &asked, request).await {
        Ok(response) | Err(response) => response,
    }
}

async fn explained(
    shared: &Arc<Shared>,
    asked: &Explained,
    request: Request<Body>,
) -> Result<Response, Response> {
    let classes = &shared.run.judgement.task.classes;
    let asked_class = asked.class.as_deref().unwrap_or_default();
    let Some(class) = classes.iter().position(|class| class == asked_class) else {
        let text = format!(
            "'?class=' names one of {}, and not '{asked_class}'",
            classes.join(", ")
        );
        return Err(problem(StatusCode::BAD_REQUEST, text));
    };
    let Some(place) = shared.explanations.claim(1) else {
        return Err(busy("too many explanations are being made"));
    };
    let (mut images, held) = received(shared, request).await?;
    if images.len() != 1 {
        let text = "one image is explained at a time".to_owned();
        return Err(problem(StatusCode::BAD_REQUEST, text));
    }
    let image = source(images.remove(0));
    let run = Arc::clone(&shared.run);
    let pictures = tokio::task::spawn_blocking(move || run.explain(&image, class)).await;
    drop((place, held));
    let pictures = pictures.map_err(|_| failed())?;
    let pictures = pictures
        .map_err(|error| problem(StatusCode::UNPROCESSABLE_ENTITY, format!("{error:#}")))?;
    let members = pictures.len();
    let Some(picture) = pictures.into_iter().nth(asked.member) else {
        let text = format!(
            "there is no member {}: there are {members}, counted from 0",
            asked.member
        );
        return Err(problem(StatusCode::BAD_REQUEST, text));
    };
    Ok(([(header::CONTENT_TYPE, "image/png")], picture.png).into_response())
}
