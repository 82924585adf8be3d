//! What is a secret and what are only words: both sides of the shapes that prose and identifiers come close to.

use serde_json::{Value as Json, json};

use super::{
    configured,
    secrets::{masked, said, through_json},
    server, span,
};
use crate::{Config, Masking};

/// A word as keys have them, put together here so that no search for keys finds one in this file.
fn word(length: usize) -> String {
    "Ab3dEf6hIj9k".chars().cycle().take(length).collect()
}

fn hex(length: usize) -> String {
    "4bf92f3577b34da6".chars().cycle().take(length).collect()
}

async fn stays(text: &str) {
    assert_eq!(through_json(Config::default(), text).await, (text.to_owned(), 0));
}

async fn is_masked(kept: &str, secret: &str) {
    let whole = format!("{kept}{secret}");
    let expected = format!("see {} there", masked(&whole, kept));
    assert_eq!(through_json(Config::default(), &format!("see {whole} there")).await, (expected, 1), "{whole}");
}

#[tokio::test]
async fn a_plain_key_is_told_from_words_with_dashes() {
    for words in [
        "sk-learn-based-pipeline-v2",
        "sk-estimator-container-id-12",
        "sk-sk-bratislava-2024",
        "sk-learn-internationalization-v2",
        "sk-RandomForestClassifier-v12",
        "sk-2026-11-21-release-candidate",
        "sk-fading-circle-container-3",
        "sk-cube-grid-animation-delay-200ms",
        "sk-toggleable__label-arrow-1",
        "sk-top-container-20261121-a",
        "sk-slovak-localisation-2026",
        "sk-parallel-item-0-of-12",
    ] {
        stays(&format!("see {words} there")).await;
    }
    for secret in [
        word(48),
        word(32),
        word(20),
        hex(32),
        hex(16),
        format!("svcname-{}", word(40)),
        format!("{}-{}", word(9), word(12)),
        format!("a-b_{}", word(24)),
        "123e4567-e89b-12d3-a456-42661417400b".to_owned(),
        "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIj".to_owned(),
        format!("{}_{}", hex(20), hex(8)),
        "1234567890abcdef1234".to_owned(),
    ] {
        is_masked("sk-", &secret).await;
    }
}

#[tokio::test]
async fn a_bearer_is_told_from_words_with_dashes() {
    for words in [
        "authentication-scheme-rfc6750",
        "authentication-scheme-RFC6750",
        "Authentication-Scheme-Version-2",
        "token-authentication/v2-2024",
        "tokens_are_described_in_rfc6750",
        "token-of-appreciation-1234",
        "TokenAuthenticationMiddleware",
        "authentication.middleware.v3",
        "YOUR_ACCESS_TOKEN_GOES_HERE_1",
        "oauth2-client-credentials-flow",
        "plants-and-flowers-of-2026.pdf",
        "certificates-and-bonds-q4-2026",
    ] {
        stays(&format!("see Bearer {words} there")).await;
    }
    for secret in [
        word(30),
        word(20),
        hex(40),
        hex(32).to_uppercase(),
        format!("eyJ{}.eyJ{}.{}", word(20), word(40), word(43)),
        format!("{}-{}_{}", word(12), word(8), word(22)),
        format!("{}+{}/{}==", word(12), word(8), word(20)),
        "123e4567-e89b-12d3-a456-426614174000".to_owned(),
        "0123456789012345678901".to_owned(),
        "AbCdEfGhIjKlMnOpQrStUvWxYz".to_owned(),
        format!("opaque-token-{}", hex(24)),
        format!("v2.public.{}", word(40)),
    ] {
        is_masked("Bearer ", &secret).await;
    }
}

#[tokio::test]
async fn keys_that_are_named_so_and_basic_credentials_are_masked() {
    for kept in ["api-key: ", "x-api-key: ", "api_key=", "API_KEY=", "X-Api-Key: ", "apiKey: ", "\"api_key\": \""] {
        is_masked(kept, &hex(24)).await;
        is_masked(kept, &word(40)).await;
    }
    for words in [
        "api-key: the-key-of-your-own-project-2",
        "api_key=environment-variable-of-yours",
        "x-api-key: <see the documentation of it>",
        "api_key is what 4bf92f3577b34da64bf92f3577b34da6 is not",
        "Basic authentication12",
        "Basic understanding/of/what/it/is",
        "Basic YWJjZGVmZ2hpamtsbW5vcA==",
    ] {
        stays(words).await;
    }
    is_masked("Authorization: Basic ", "YWxpY2U6d29uZGVybGFuZA==").await;
    is_masked("basic ", "YWxpY2U6Z3LDvG4=").await;
    is_masked("AQ.", &word(40)).await;
    is_masked("dop_v1_", &hex(64)).await;
}

#[tokio::test]
async fn a_key_behind_the_name_of_a_setting_is_masked() {
    is_masked("OPENAI_API_KEY_sk-", &word(48)).await;
    is_masked("API_KEY_sk-proj-", &word(48)).await;
    is_masked("my_key_sk-ant-", &format!("api03-{}", word(60))).await;
    is_masked("KEY=sk-or-v1-", &hex(64)).await;
    is_masked("TOKEN_ghp_", &word(36)).await;
    stays("my_sk-4bf92f3577b34da64bf92f3577b34da6").await;
}

/// What becomes of the string between these quotes as it is written in OTLP JSON.
async fn through_raw(config: Config, raw: &str) -> (String, u64) {
    let server = configured(config);
    let attribute = format!(r#"[{{"key": "said", "value": {{"stringValue": "{raw}"}}}}]"#);
    assert_eq!(server.post(&span(1, 1, &format!(",\"attributes\":{attribute}"))).await.text(), "{}");
    (said(&server).await, server.counter("ingest.secrets_masked").await)
}

#[tokio::test]
async fn letters_written_as_escapes_hide_no_key() {
    let key = word(48);
    for (raw, expected) in [
        (format!(r"use \u0073k-{key}\nnow"), format!("use sk-{}\nnow", "*".repeat(48))),
        (format!(r"use sk\u002dproj-{key} now"), format!("use sk-proj-{} now", "*".repeat(48))),
        (format!(r"sk-\u0041\u0062\u0033{key}"), format!("sk-{}", "*".repeat(18 + 48))),
        (format!(r"sk-proj-{key}\u002d{key}"), format!("sk-proj-{}", "*".repeat(102))),
        (format!(r"\u003cb\u003esk-{key}\u003c/b\u003e"), format!("<b>sk-{}</b>", "*".repeat(48))),
        (format!(r"Bearer\u0020{key} \u00e9"), format!("Bearer {} é", "*".repeat(48))),
        (format!(r#"{{\"a\":\"sk\\u002d{key}\"}}"#), format!(r#"{{"a":"sk\u002d{}"}}"#, "*".repeat(48))),
        (format!(r#"{{\"a\":\"sk-\\u0041{key}\"}}"#), format!(r#"{{"a":"sk-{}"}}"#, "*".repeat(7 + 48))),
    ] {
        assert_eq!(through_raw(Config::default(), &raw).await, (expected, 1), "{raw}");
    }
    let innocent = r"\u0073k-learn \u00e9 \u0000 \\u0041 \\\u0041";
    assert_eq!(through_raw(Config::default(), innocent).await, ("sk-learn é \0 \\u0041 \\A".to_owned(), 0));
    let own = Config { masking: Some(Masking::new(vec!["emp-.*".to_owned()]).unwrap()), ..Config::default() };
    let (all, _) = through_raw(own, r#"a emp-\u0041\\\u0041\"\u00e9\n\\u0041"#).await;
    assert_eq!(all, "a ".to_owned() + &"*".repeat(10) + &"*".repeat(8) + "\"é\n" + &"*".repeat(7));
}

#[tokio::test]
async fn a_key_with_escapes_is_masked_in_what_the_agents_sdk_sends() {
    let item = json!({"object": "trace.span", "id": "span_1", "trace_id": "trace_1", "span_data":
        {"type": "function", "name": "call", "input": "{}", "output": format!("key sk-{}", word(48))}});
    let server = server();
    let body = json!({"data": [item]}).to_string().replace("sk-", r"\u0073\u006b\u002d");
    server.send("POST", "/v1/traces/ingest", &[], body).await;
    let found: Json = server.get("/api/v1/traces/trace_1/spans/span_1").await.json();
    assert_eq!(found["spans"][0]["content"]["result"], format!("key sk-{}", "*".repeat(48)));
    assert!(!found.to_string().contains(&word(48)), "{found}");
}
