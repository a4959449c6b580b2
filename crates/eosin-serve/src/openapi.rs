//! The server's description of itself, as `OpenAPI` 3.1.

use serde_json::{Value, json};

use crate::limits::Limits;

/// The document.
pub fn openapi(limits: &Limits) -> Value {
    let image = json!({ "schema": { "type": "string", "format": "binary" } });
    let error = |text: &str| {
        json!({
            "description": text,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    let images = json!({
        "required": true,
        "content": {
            "image/png": image,
            "image/jpeg": image,
            "image/tiff": image,
            "application/octet-stream": image,
            "multipart/form-data": { "schema": {
                "type": "object",
                "properties": { "images": {
                    "type": "array",
                    "maxItems": limits.images,
                    "items": { "type": "string", "format": "binary" },
                } },
            } },
        },
    });
    let refusals = |mut responses: Value| {
        for (status, text) in [
            ("400", "There is no image in the request."),
            ("401", "A token is wanted."),
            ("403", "The request was sent by a page of another site."),
            ("408", "The request arrived too slowly."),
            ("413", "The request is too large, or has too many images."),
            ("415", "The request is of a kind that is no image."),
            ("422", "No image of the request can be used."),
            ("503", "Too much waits; see Retry-After."),
        ] {
            responses[status] = error(text);
        }
        responses
    };
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "eosin serve",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Probabilities of a trained run for patches. Not a medical device.",
        },
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas(),
        },
        "paths": {
            "/predict": { "post": {
                "summary": "Probabilities of one or many images.",
                "requestBody": images,
                "responses": refusals(json!({ "200": {
                    "description": "An answer, or an error, for each image, in their order.",
                    "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Predictions" },
                    } },
                } })),
            } },
            "/explain": { "post": {
                "summary": "Where the answer to an image comes from, as a picture.",
                "parameters": [
                    { "name": "class", "in": "query", "required": true, "schema": { "type": "string" } },
                    { "name": "member", "in": "query", "schema": { "type": "integer", "minimum": 0 } },
                ],
                "requestBody": images,
                "responses": refusals(json!({ "200": {
                    "description": "The image beside itself in grey, with what speaks for the class in red.",
                    "content": { "image/png": image },
                } })),
            } },
            "/health": { "get": { "summary": "Whether the server answers.", "responses": { "200": {
                "description": "It does.", "content": { "application/json": {} },
            } } } },
            "/model": { "get": { "summary": "The run that answers: classes, decision, metrics.", "responses": { "200": {
                "description": "The card.", "content": { "application/json": {} },
            } } } },
            "/metrics": { "get": { "summary": "What the server counts, for Prometheus.", "responses": { "200": {
                "description": "OpenMetrics text.", "content": { "application/openmetrics-text": {} },
            } } } },
        },
    })
}

fn schemas() -> Value {
    json!({
        "Problem": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": { "type": "string" } },
        },
        "Prediction": {
            "type": "object",
            "required": ["path"],
            "properties": {
                "path": { "type": "string" },
                "pred": { "type": "string", "description": "The class, at the run's locked threshold." },
                "probs": { "type": "object", "additionalProperties": { "type": "number" } },
                "error": { "type": "string", "description": "Why this image has no answer." },
            },
        },
        "Predictions": {
            "type": "object",
            "required": ["model", "calibrated", "predictions", "notice"],
            "properties": {
                "model": { "type": "string", "description": "BLAKE3 of the run's run.json." },
                "calibrated": { "type": "boolean" },
                "predictions": {
                    "type": "array",
                    "items": { "$ref": "#/components/schemas/Prediction" },
                },
                "notice": { "type": "string" },
            },
        },
    })
}
