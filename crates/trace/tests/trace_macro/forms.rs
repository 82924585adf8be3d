//! The forms a function can have.

use std::borrow::Cow;
use std::fmt::Debug;

use trackway::trace;

use crate::kit::{pause, tree, wait};

#[derive(Debug, Default)]
struct Store {
    orders: Vec<String>,
}

trait Find {
    fn find(&self, name: &str) -> Option<usize>;

    #[trace]
    fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}

impl Find for Store {
    #[trace(fields(count = self.orders.len()))]
    fn find(&self, name: &str) -> Option<usize> {
        self.orders.iter().position(|order| order == name)
    }
}

impl Store {
    #[trace]
    fn new() -> Self {
        Self::default()
    }

    #[trace(args, ret)]
    fn last(&mut self) -> Result<&mut String, String> {
        let count = self.orders.len();
        if count == 0 {
            self.orders.push(String::new());
        }
        self.orders.last_mut().ok_or_else(|| "none".to_owned())
    }

    #[trace(fields(first = self.orders.first()))]
    async fn add(&mut self, order: &str) -> Result<&str, std::num::ParseIntError> {
        pause().await;
        let _: u8 = order.parse()?;
        self.orders.push(order.to_owned());
        Ok(&self.orders[self.orders.len() - 1])
    }

    #[trace]
    fn into_orders(self) -> Vec<String> {
        self.orders
    }

    #[trace]
    fn changed(mut self) -> Result<Self, ()> {
        self.orders = vec!["3".to_owned()];
        Ok(self)
    }

    #[trace]
    fn shared(self: &std::sync::Arc<Self>) -> Result<usize, ()> {
        Ok(std::sync::Arc::strong_count(self))
    }
}

#[test]
fn methods_of_every_receiver() {
    let drawn = tree(|| {
        let mut store = Store::new();
        store.last().unwrap().push('1');
        assert_eq!(wait(store.add("2")).unwrap(), "2");
        wait(store.add("x")).unwrap_err();
        assert!(store.has("2"));
        let store = std::sync::Arc::new(store.changed().unwrap());
        assert_eq!(store.shared().unwrap(), 1);
        assert_eq!(std::sync::Arc::into_inner(store).unwrap().into_orders().len(), 1);
    });
    let expected = r#"new 1s
last 1s return="\"\""
add 1s first=1
add 2s first=1 ERROR invalid digit found in string
  - exception exception.type=core::num::error::ParseIntError exception.message="invalid digit found in string"
has 3s
  find 1s count=2
changed 1s
shared 1s
into_orders 1s
"#;
    assert_eq!(drawn, expected);
}

/// Documented.
#[trace]
#[must_use = "kept"]
#[allow(clippy::many_single_char_names, reason = "kept")]
fn generic<'a, T, const N: usize>(
    a: &'a [T; N],
    b: impl Into<usize>,
    c: usize,
    d: usize,
    e: usize,
) -> Result<&'a T, Cow<'a, str>>
where
    T: Debug,
{
    a.get(b.into() + c + d + e).ok_or(Cow::Borrowed("outside"))
}

#[trace]
fn block_alone() -> u8 {
    const { 1 + 1 }
}

#[trace]
fn inner_attribute() -> u8 {
    #![allow(clippy::let_and_return, reason = "kept")]
    let number = 1;
    number
}

#[trace]
fn iterator(numbers: &[u8]) -> impl Iterator<Item = u8> + '_ {
    numbers.iter().map(|number| number + 1)
}

#[trace(ret)]
fn shown(number: u8) -> Result<impl Debug, String> {
    if number == 0 {
        return Err("zero".to_owned());
    }
    Ok(number)
}

#[trace]
fn boxed(number: u8) -> Box<dyn Debug> {
    if number == 0 {
        return Box::new("zero");
    }
    Box::new(number)
}

#[trace]
fn dynamic(number: u8) -> Result<Box<dyn Debug>, Box<dyn std::error::Error>> {
    if number == 0 {
        Err("zero")?;
    }
    Ok(Box::new(number))
}

#[trace(ret)]
fn labelled(numbers: &[u8]) -> Result<u8, String> {
    'all: for number in numbers {
        for divisor in 2..*number {
            if number % divisor == 0 {
                continue 'all;
            }
        }
        return Ok(*number);
    }
    Err("no prime".to_owned())
}

#[trace]
fn never(message: &str) -> ! {
    panic!("{message}")
}

#[trace(args)]
extern "C" fn foreign(number: u8) -> u8 {
    number
}

#[trace]
fn outer() -> u8 {
    const SITE: u8 = 1;
    #[trace]
    fn inner(outcome: u8) -> Result<u8, ()> {
        let error = outcome;
        Ok(error)
    }
    let active = 1;
    let guard = 1;
    inner(SITE + active + guard).unwrap_or(0)
}

const KEY: u8 = 1;
const SITE: u8 = 2;

#[trace(fields(seen = span + outcome + KEY + SITE))]
fn names_of_the_macro(span: u8, outcome: u8, active: u8) -> Result<u8, u8> {
    Ok(span + outcome + active + KEY + SITE)
}

mod elsewhere {
    pub(crate) use trackway as tracing_library;
}

#[trace(crate = crate::forms::elsewhere::tracing_library, args, ret)]
fn renamed(number: u8) -> Result<u8, u8> {
    Err(number)
}

macro_rules! made {
    ($name:ident, $type:ty, $value:expr) => {
        #[trace(args)]
        fn $name(number: $type) -> Result<$type, String> {
            Ok(number + $value)
        }
    };
}

made!(made_by_a_macro, u8, 1);

#[test]
fn functions_of_every_form() {
    let drawn = tree(|| {
        generic(&[1, 2], 1_usize, 0, 0, 0).unwrap();
        assert_eq!(block_alone(), 2);
        assert_eq!(inner_attribute(), 1);
        assert_eq!(iterator(&[1]).count(), 1);
        shown(1).unwrap();
        boxed(1);
        dynamic(0).unwrap_err();
        labelled(&[4, 2]).unwrap();
        foreign(1);
        assert_eq!(outer(), 3);
        names_of_the_macro(1, 2, 3).unwrap();
        renamed(1).unwrap_err();
        made_by_a_macro(1).unwrap();
    });
    std::panic::catch_unwind(|| never("no")).unwrap_err();
    let expected = "generic 1s
block_alone 1s
inner_attribute 1s
iterator 1s
shown 1s return=1
boxed 1s
dynamic 2s ERROR zero
  - exception exception.message=zero
labelled 1s return=2
foreign 1s number=1
outer 3s
  inner 1s
names_of_the_macro 1s seen=6
renamed 2s number=1 ERROR 1
  - exception exception.type=u8 exception.message=1
made_by_a_macro 1s number=1
";
    assert_eq!(drawn, expected);
}

#[trace(args)]
async fn walk(levels: u8) -> Result<u8, std::fmt::Error> {
    pause().await;
    if levels == 0 {
        return Ok(0);
    }
    Ok(Box::pin(walk(levels - 1)).await? + 1)
}

#[trace]
async fn unit(flag: &mut bool) {
    if *flag {
        return;
    }
    pause().await;
    *flag = true;
}

#[trace]
async fn inferred(text: &str) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let numbers = text.split(' ').map(str::parse).collect::<Result<_, _>>()?;
    pause().await;
    Ok(numbers)
}

#[trace]
async fn opaque(text: &str) -> Result<impl Iterator<Item = char>, std::fmt::Error> {
    pause().await;
    Ok(text.chars())
}

#[trace]
async fn trait_object(text: String) -> Box<dyn Debug + Send> {
    pause().await;
    Box::new(text)
}

#[test]
fn async_functions_of_every_form() {
    let drawn = tree(|| {
        assert_eq!(wait(walk(1)).unwrap(), 1);
        wait(unit(&mut false));
        assert_eq!(wait(inferred("1 2")).unwrap(), [1, 2]);
        assert_eq!(wait(opaque("ab")).unwrap().count(), 2);
        wait(trait_object(String::new()));
    });
    let expected = r"walk 3s levels=1
  walk 1s levels=0
unit 1s
inferred 1s
opaque 1s
trait_object 1s
";
    assert_eq!(drawn, expected);
}

#[test]
fn futures_stay_send() {
    fn is_send<T: Send>(_: T) {}
    is_send(walk(1));
    is_send(inferred(""));
    is_send(trait_object(String::new()));
}
