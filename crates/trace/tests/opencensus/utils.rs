//! `test_ext_utils.py`.

use trackway::Excluded;
use trackway::canonical::Code;

#[test]
fn test_get_func_name() {
    let (tracer, spans) = crate::tracer();
    let _scope = tracer.activate();
    #[cfg(feature = "macros")]
    {
        #[trackway::trace]
        fn named_after_the_function() {}
        named_after_the_function();
        assert_eq!(spans.tree(), "named_after_the_function 1s\n");
    }
    drop(spans);
}

#[test]
fn test_disable_tracing_url_default() {
    let excluded = Excluded::new().path("_ah/health");
    assert!(excluded.covers("http://127.0.0.1:8080/_ah/health"));
    assert!(!excluded.covers("http://127.0.0.1:8080/health"));
    assert!(!excluded.covers("http://_ah/healthy"), "a host is no path");
}

#[test]
fn test_disable_tracing_url_explicit() {
    let excluded = Excluded::new().path("test_no_tracing").path("/healthz");
    assert!(excluded.covers("http://127.0.0.1:8080/test_no_tracing"));
    assert!(excluded.covers("127.0.0.1:8080/healthz/deep") && excluded.covers("/healthz?full=1"));
    assert!(!excluded.covers("http://127.0.0.1:8080") && !excluded.covers(""));
    assert!(!Excluded::new().covers("http://127.0.0.1:8080/_ah/health"), "nothing unless said");
}

#[test]
fn test_disable_tracing_hostname_default() {
    assert!(!Excluded::new().covers("http://127.0.0.1:80"));
}

#[test]
fn test_disable_tracing_hostname_explicit() {
    let excluded = Excluded::new().host("127.0.0.1:80").host("Localhost");
    assert!(excluded.covers("127.0.0.1:80") && excluded.covers("http://user@127.0.0.1:80/path?query#fragment"));
    assert!(excluded.covers("https://localhost") && !excluded.covers("http://127.0.0.1:8080"));
}

#[test]
fn test_grpc_code_from_http_code() {
    let expected = [
        (0, 2),
        (100, 2),
        (199, 2),
        (200, 0),
        (304, 0),
        (399, 0),
        (400, 3),
        (401, 16),
        (403, 7),
        (404, 5),
        (418, 2),
        (429, 8),
        (500, 2),
        (501, 12),
        (503, 14),
        (504, 4),
        (599, 2),
        (600, 2),
        (u16::MAX, 2),
    ];
    for (status, code) in expected {
        assert_eq!(Code::from_http(status).number(), code, "{status}");
    }
}
