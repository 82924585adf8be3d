//! Functions that return futures and streams.

use std::pin::Pin;

use futures_core::Stream;
use trackway::trace;

use crate::kit::{Two, drain, pause, tree, wait};

type Error = Box<dyn std::error::Error + Send + Sync>;
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

#[trace]
fn leaf() {}

#[trace(args, ret)]
fn block(text: &str) -> impl Future<Output = Result<u8, Error>> + Send {
    async move {
        pause().await;
        leaf();
        Ok(text.parse()?)
    }
}

#[trace(args(text))]
fn block_after_more(text: &str) -> impl Future<Output = Result<u8, Error>> {
    let text = text.trim();
    async move {
        leaf();
        Ok(text.parse()?)
    }
}

#[trace]
fn any_future(number: u8) -> impl Future<Output = Result<u8, u8>> + Send + 'static {
    leaf();
    std::future::ready(Err(number))
}

#[test]
fn the_span_of_a_returned_future_is_that_of_the_future() {
    let drawn = tree(|| {
        drop(block("1"));
        assert_eq!(wait(block("1")).unwrap(), 1);
        wait(block("x")).unwrap_err();
        assert_eq!(wait(block_after_more(" 1")).unwrap(), 1);
        wait(any_future(1)).unwrap_err();
    });
    let expected = r#"block 3s text="\"1\"" return=1
  leaf 1s
block 4s text="\"x\"" ERROR invalid digit found in string
  - exception exception.message="invalid digit found in string"
  leaf 1s
block_after_more 3s text="\"1\""
  leaf 1s
leaf 1s
any_future 2s ERROR 1
  - exception exception.type=u8 exception.message=1
"#;
    assert_eq!(drawn, expected);
}

struct Shop {
    name: String,
}

trait Open {
    fn open<'a, 'b, 'c>(&'a self, door: &'b str) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c;
}

// As `#[async_trait]` writes it.
impl Open for Shop {
    #[trace(fields(shop = self.name), args(door))]
    fn open<'a, 'b, 'c>(&'a self, door: &'b str) -> Pin<Box<dyn Future<Output = Result<usize, Error>> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        Box::pin(async move {
            if let Some(returned) = None::<Result<usize, Error>> {
                #[allow(unreachable_code, reason = "as it is written there")]
                return returned;
            }
            let this = self;
            let door = door;
            let returned: Result<usize, Error> = {
                pause().await;
                leaf();
                Ok(this.name.len() + door.parse::<usize>()?)
            };
            returned
        })
    }
}

#[trace(ret)]
fn early(number: u8) -> BoxFuture<'static, u8> {
    if number == 0 {
        return Box::pin(std::future::ready(number));
    }
    Box::pin(async move { number + 1 })
}

#[trace]
fn handed_on(number: u8) -> BoxFuture<'static, u8> {
    early(number)
}

#[test]
fn boxed_futures_are_futures() {
    let drawn = tree(|| {
        let shop = Shop { name: "books".to_owned() };
        assert_eq!(wait(shop.open("2")).unwrap(), 7);
        wait(early(0));
        wait(handed_on(1));
    });
    let expected = r#"open 3s door="\"2\"" shop=books
  leaf 1s
early 1s return=0
handed_on 3s
  early 1s return=2
"#;
    assert_eq!(drawn, expected);
}

#[trace]
fn stream() -> impl Stream<Item = u8> {
    Two::default()
}

#[trace(name = "numbers", kind = Producer)]
fn boxed_stream() -> Pin<Box<dyn Stream<Item = u8> + Send>> {
    Box::pin(Two::default())
}

#[trace(root)]
fn boxed_early(more: bool) -> BoxStream<'static, u8> {
    if !more {
        return Box::pin(Two::default());
    }
    let stream = Two::default();
    Box::pin(stream)
}

#[test]
fn the_span_of_a_stream_lasts_to_its_end() {
    let drawn = tree(|| {
        drop(stream());
        assert_eq!(drain(stream()), [1, 2]);
        assert_eq!(drain(boxed_stream()), [1, 2]);
        drain(boxed_early(false));
        drain(boxed_early(true));
    });
    let expected = r"stream 1s
numbers 1s
boxed_early 1s
boxed_early 1s
";
    assert_eq!(drawn, expected);
}
