//! A shop of three services in one process: a storefront, its payments, and a worker that ships what was paid.
//!
//! ```sh
//! trackway                                         # or `make run`: the server, and its page in the browser
//! cargo run --package trackway --example checkout
//! ```
//!
//! There are three traces to see, all of project `shop`:
//!
//! * `POST /checkout` of Ada, and `POST /checkout` of Bob, whose card is declined: the error begins in the acquirer's
//!   answer, two services below the request that fails with it. Storefront and payments are joined by the headers of the
//!   call, which carry the customer's tier as baggage too.
//! * `ship`, a trace of its own, with a link to the checkout that put it into the queue, and two threads that work at
//!   once.
//!
//! It sends to `OTEL_EXPORTER_OTLP_ENDPOINT`, otherwise to Trackway on this machine.

use std::{fmt, sync::mpsc, thread, time::Duration};

use trackway::export::Otlp;
use trackway::{Context, SpanKind, StatusCode, Tracer, Value, span, step, trace};

fn main() {
    // A process mostly has one tracer: `let _trackway = trackway::init();`. Here it has one for each service.
    let service = |name: &str| Tracer::builder().service(name).project("shop").exporter(Otlp::new());
    let (queue, jobs) = mpsc::channel();
    let payments = Payments(service("payments").build());
    let storefront = Storefront { tracer: service("storefront").build(), payments, queue };
    let worker = service("shipping").build();

    thread::scope(|scope| {
        scope.spawn(move || jobs.into_iter().for_each(|job| ship(&worker, job)));
        for (customer, tier, cents) in [("ada", "gold", 8940), ("bob", "basic", 125_000)] {
            let status = storefront.checkout(customer, tier, cents);
            println!("POST /checkout  {customer:<4} {:>8.2} EUR  {status}", cents as f64 / 100.0);
        }
        drop(storefront); // closes the queue; a tracer that is dropped sends what it holds
    });
}

struct Storefront {
    tracer: Tracer,
    payments: Payments,
    queue: mpsc::Sender<Job>,
}

impl Storefront {
    fn checkout(&self, customer: &str, tier: &str, cents: i64) -> u16 {
        // An owned span: it can be read, moved to another thread, and linked to.
        let request = self.tracer.span("POST /checkout").kind(SpanKind::Server);
        let request = request.attribute("http.request.method", "POST").attribute("http.route", "/checkout");
        let request = request.attribute("enduser.id", customer).start();
        // What begins on this thread now, `span!` and `#[trace]` alike, is a part of it, and has the baggage.
        let _scope = request.context().with_baggage("tier", tier).attach();

        let cart = load_cart(cents);
        let status = match self.charge(&cart) {
            Ok(receipt) => {
                request.event("paid").field("receipt", receipt).field("lines", cart.lines.len());
                let _span = span!("enqueue ship", kind: Producer, messaging.destination.name = "ship");
                let job = Job { cause: trackway::current(), lines: cart.lines };
                if self.queue.send(job).is_err() {
                    request.event("nobody ships");
                }
                200
            }
            Err(declined) => {
                request.record_error(&declined);
                402
            }
        };
        request.attribute("http.response.status_code", status);
        status
    }

    /// Asks the other service, over what could be HTTP.
    #[trace(name = "POST", kind = Client, fields(http.request.method = "POST", server.address = "payments"))]
    fn charge(&self, cart: &Cart) -> Result<u64, Declined> {
        let mut headers = Vec::new();
        trackway::current().inject(&mut headers); // traceparent, tracestate, baggage
        // The other end of a connection knows nothing of what is active here.
        let answer = Context::none().run(|| self.payments.serve(&headers, cart.cents));
        trackway::active().attribute("http.response.status_code", if answer.is_ok() { 200 } else { 402 });
        answer
    }
}

struct Cart {
    cents: i64,
    lines: Vec<&'static str>,
}

/// Steps follow each other, and share one reading of the clock.
#[trace(name = "load cart")]
fn load_cart(cents: i64) -> Cart {
    let mut at = span!("SELECT carts", kind: Client, db.system.name = "postgresql", db.operation.name = "SELECT");
    thread::sleep(Duration::from_millis(12));
    at.attribute("db.response.returned_rows", 2);
    step!(at, "price", cart.cents = cents, cart.currency = "EUR");
    thread::sleep(Duration::from_millis(4));
    step!(at, "apply vouchers", vouchers.used = 0, vouchers.expired = true, vouchers.share = 0.0);
    thread::sleep(Duration::from_millis(2));
    Cart { cents, lines: vec!["kettle", "two cups"] }
}

struct Payments(Tracer);

impl Payments {
    /// Answers a request: its span is a part of the caller's trace.
    fn serve(&self, headers: &[(String, String)], cents: i64) -> Result<u64, Declined> {
        // Headers that cannot be read are no reason to refuse the request: it begins a trace of its own.
        let caller = Context::extract(headers).unwrap_or_default();
        let tier = caller.baggage("tier").unwrap_or("unknown").to_owned();
        let span = self.0.span("POST /charge").kind(SpanKind::Server).child_of(&caller);
        let span = span.attribute("http.route", "/charge").attribute("customer.tier", tier);
        span.run(|span| {
            let result = authorize(cents);
            match &result {
                Ok(receipt) => span.attribute("payment.receipt", *receipt).status(StatusCode::Ok, ""),
                Err(declined) => span.record_error(declined),
            };
            result
        })
    }
}

/// The `Err` is recorded by the attribute, with what it was caused by.
#[trace(kind = Client, fields(payment.amount = cents, payment.currency = "EUR", peer.service = "acquirer"))]
fn authorize(cents: i64) -> Result<u64, Declined> {
    thread::sleep(Duration::from_millis(35));
    let most = 100_000;
    if cents > most {
        return Err(Declined { cause: OverLimit { cents, most } });
    }
    Ok(cents as u64 * 7 + 1)
}

/// What lies in the queue: the work, and where it came from.
struct Job {
    cause: Context,
    lines: Vec<&'static str>,
}

/// Works a job off. Nobody waits for it, so it is a trace of its own that says what caused it.
fn ship(tracer: &Tracer, job: Job) {
    let span = tracer.span("ship").kind(SpanKind::Consumer).root().follows_from(&job.cause);
    let lines = Value::Array(job.lines.iter().map(|line| Value::from(*line)).collect());
    span.attribute("messaging.destination.name", "ship").attribute("parcel.lines", lines).run(|_| {
        // A thread knows nothing of the one that started it; the context says where it works.
        let context = trackway::current();
        thread::scope(|scope| {
            scope.spawn(context.clone().wrap(|| {
                let span = span!("pack", parcel.grams = 1_350);
                thread::sleep(Duration::from_millis(30));
                span.event("sealed");
            }));
            scope.spawn(context.wrap(|| {
                let _span = span!("print label", kind: Client, peer.service = "carrier");
                thread::sleep(Duration::from_millis(45));
            }));
        });
    });
}

#[derive(Debug)]
struct Declined {
    cause: OverLimit,
}

#[derive(Debug)]
struct OverLimit {
    cents: i64,
    most: i64,
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the card was declined")
    }
}

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cents are more than the limit of {}", self.cents, self.most)
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl std::error::Error for OverLimit {}
