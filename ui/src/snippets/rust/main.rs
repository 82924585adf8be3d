use trackway::{span, trace};

fn main() {
    let _trackway = trackway::init(); // sends in the background, and the rest when it is dropped
    let span = span!("greet", name = "world", loudness = 0.8);
    if times("twice").is_err() {
        span.event("guessed").field("times", 1);
    }
}

#[trace(args)] // an error is recorded too
fn times(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}
