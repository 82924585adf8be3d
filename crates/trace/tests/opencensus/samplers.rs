//! `test_always_on.py`, `test_always_off.py`, `test_base_sampler.py`, `test_probability.py`.

use trackway::{Context, Sampler, TraceFlags, TraceId, testing};

/// Returns whether a trace of those digits is recorded, under a parent in another process that decided so.
fn samples(sampler: Sampler, trace: &str, flags: TraceFlags) -> bool {
    let (tracer, _spans) = testing::tracer_of(trackway::builder().sampler(sampler));
    let trace: TraceId = trace.parse().unwrap();
    let parent = Context::remote(trace, "6e0c63257de34c92".parse().unwrap(), flags);
    let span = tracer.span("work").child_of(&parent).start();
    assert_eq!(span.is_recording(), span.context().is_sampled());
    span.is_recording()
}

const NOT: TraceFlags = TraceFlags(0);

mod always_on {
    use super::*;

    #[test]
    fn test_should_sample() {
        assert!(samples(Sampler::always_on(), "6e0c63257de34c92bf9efcd03927272e", NOT));
    }
}

mod always_off {
    use super::*;

    #[test]
    fn test_should_sample() {
        for flags in [NOT, TraceFlags::SAMPLED] {
            assert!(!samples(Sampler::always_off(), "6e0c63257de34c92bf9efcd03927272e", flags));
        }
    }
}

mod base_sampler {
    use super::*;
    use trackway::{Sample, Sampling, Verdict};

    struct Even;

    impl Sample for Even {
        fn sample(&self, sampling: &Sampling<'_>) -> Verdict {
            Verdict::from(sampling.trace_id.bytes()[15].is_multiple_of(2))
        }
    }

    #[test]
    fn test_should_sample_abstract() {
        assert!(samples(Sampler::custom(Even), "6e0c63257de34c92bf9efcd03927272e", NOT));
        assert!(!samples(Sampler::custom(Even), "6e0c63257de34c92bf9efcd03927272f", NOT));
    }
}

mod probability {
    use super::*;

    #[test]
    fn test_constructor_invalid() {
        // No rate stops a program: one outside counts as the nearer end.
        assert!(samples(Sampler::opencensus(2.0), "ffffffffffffffffffffffffffffffff", NOT));
        assert!(!samples(Sampler::opencensus(-1.0), "f0000000000000000000000000000001", NOT));
    }

    #[test]
    fn test_constructor_valid() {
        assert!(samples(Sampler::opencensus(0.8), "6e0c63257de34c92bf9efcd03927272e", NOT));
    }

    #[test]
    fn test_constructor_default() {
        // Their default is one in ten thousand; ours, without a sampler, is everything.
        assert!(samples(Sampler::default(), "6e0c63257de34c92ffffffffffffffff", TraceFlags::SAMPLED));
        assert!(!samples(Sampler::opencensus(1e-4), "6e0c63257de34c92bf9efcd03927272e", NOT));
    }

    #[test]
    fn test_should_sample_smaller() {
        assert!(samples(Sampler::opencensus(1.0), "f8739df974a4481f98748cd92b27177d", NOT));
    }

    #[test]
    fn test_should_sample_greater() {
        // A share of nothing records nothing, whichever trace it is.
        for trace in ["f8739df974a4481f98748cd92b27177d", "f8739df974a4481f0000000000000000"] {
            assert!(!samples(Sampler::opencensus(0.0), trace, NOT));
        }
    }

    #[test]
    fn test_should_sample_low_traceid() {
        assert!(samples(Sampler::opencensus(1e-4), "11111111111111110000000000000000", NOT));
        assert!(samples(Sampler::opencensus(1e-4), "11111111111111110000000000000001", NOT));
        assert!(samples(Sampler::opencensus(1e-4), "111111111111111100068db8bac710cb", NOT));
    }

    #[test]
    fn test_should_sample_high_traceid() {
        assert!(!samples(Sampler::opencensus(1e-4), "111111111111111100068db8bac710cc", NOT));
        assert!(!samples(Sampler::opencensus(1e-4), "1111111111111111ffffffffffffffff", NOT));
    }

    #[test]
    fn test_should_sample_short_circuit() {
        assert!(samples(Sampler::opencensus(0.0), "f8739df974a4481f98748cd92b27177d", TraceFlags::SAMPLED));
    }
}
