"""The shop of the demo: its services, and what went on in them within 25 minutes.

Times are told, not taken: a `Work` is a span under way with its own clock, which its steps move on.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from textwrap import dedent

from opentelemetry.trace import Link, SpanKind, Status, StatusCode, set_span_in_context

INTERNAL, SERVER, CLIENT = SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT
PRODUCER, CONSUMER = SpanKind.PRODUCER, SpanKind.CONSUMER
MINUTE = 60_000


@dataclass(frozen=True)
class Service:
    name: str
    version: str
    instance: str
    host: str


SERVICES = [
    Service("gateway", "4.11.0", "gateway-7c9f", "node-1.test"),
    Service("checkout", "2.8.3", "checkout-5b1d", "node-1.test"),
    Service("inventory", "1.19.2", "inventory-e40a", "node-2.test"),
    Service("payments", "3.2.0", "payments-91c6", "node-2.test"),
    Service("shipping", "1.4.7", "shipping-2fd8", "node-3.test"),
    Service("notifications", "0.9.1", "notifications-d37b", "node-3.test"),
]


@dataclass
class World:
    tracers: dict
    chance: object
    end: int
    # How slow the trace under way is: some have a bad day as a whole.
    pace: float = 1.0

    def lasts(self, ms):
        """About so many milliseconds, in nanoseconds."""
        return int(ms * 1_000_000 * self.pace * self.chance.lognormvariate(0, 0.14))

    def name(self, prefix):
        return f"{prefix}_{self.chance.randrange(1 << 40):010x}"

    @contextmanager
    def trace(self, ago, service, name, kind=SERVER, attributes=None, links=()):
        """A new trace that begins `ago` milliseconds before the end."""
        self.pace = self.chance.lognormvariate(0, 0.22)
        start = self.end - int(ago * 1_000_000)
        span = self.tracers[service].start_span(name, None, kind, attributes, links, start_time=start)
        work = Work(self, service, span, start)
        yield work
        span.end(work.now)


@dataclass
class Work:
    world: World
    service: str
    span: object
    now: int

    def spend(self, ms):
        self.now += self.world.lasts(ms)

    def set(self, attributes):
        self.span.set_attributes(attributes)

    def note(self, name, attributes=None):
        self.span.add_event(name, attributes, timestamp=self.now)

    def ok(self):
        self.span.set_status(Status(StatusCode.OK))

    def fail(self, kind, message, frames=()):
        """Ends in an error; `frames` are the innermost calls of its stack, the outermost first."""
        self.set({"error.type": kind})
        self.span.set_status(Status(StatusCode.ERROR, message))
        if frames:
            lines = [f'  File "/app/{self.service}/{file}", line {line}, in {name}\n    {code}'
                     for file, line, name, code in frames]
            trace = "\n".join(["Traceback (most recent call last):", *lines, f"{kind}: {message}"])
            self.note("exception", {
                "exception.type": kind,
                "exception.message": message,
                "exception.stacktrace": trace,
            })

    @contextmanager
    def step(self, name, kind=INTERNAL, attributes=None, *, service=None, after=0.2, links=()):
        """A child that is waited for."""
        with self.aside(name, kind, attributes, service=service, after=after, links=links) as child:
            yield child
        self.join(child)

    @contextmanager
    def aside(self, name, kind=INTERNAL, attributes=None, *, service=None, after=0.2, links=()):
        """A child that runs beside what comes next."""
        service = service or self.service
        start = self.now + self.world.lasts(after)
        context = set_span_in_context(self.span)
        span = self.world.tracers[service].start_span(name, context, kind, attributes, links, start_time=start)
        child = Work(self.world, service, span, start)
        yield child
        span.end(child.now)

    def join(self, child):
        self.now = max(self.now, child.now + self.world.lasts(0.2))

    def do(self, name, ms, attributes=None, kind=INTERNAL):
        """A child without a story of its own."""
        with self.step(name, kind, attributes) as child:
            child.spend(ms)

    def query(self, operation, table, ms, text, rows=1):
        self.do(f"{operation} {table}" if table else operation, ms, {
            "db.system.name": "postgresql",
            "db.namespace": f"{self.service}",
            "db.operation.name": operation,
            **({"db.collection.name": table} if table else {}),
            "db.query.text": text,
            "db.response.returned_rows": rows,
            "server.address": f"{self.service}-db.test",
            "server.port": 5432,
        }, CLIENT)

    @contextmanager
    def http(self, to, method, route, path=None):
        """A request to another service; the block is what that service does, and may answer `status`."""
        path = path or route
        url = f"http://{to}.test:8080{path}"
        with self.step(f"{method} {to}{route}", CLIENT, {
            "http.request.method": method,
            "url.full": url,
            "server.address": f"{to}.test",
            "server.port": 8080,
        }) as client:
            with client.step(f"{method} {route}", SERVER, {
                "http.request.method": method,
                "http.route": route,
                "url.path": path,
                "url.scheme": "http",
                "server.address": f"{to}.test",
                "network.protocol.version": "1.1",
            }, service=to, after=0.8) as server:
                server.status = 200
                yield server
                answer(server, server.status)
            client.spend(0.6)
            client.set({"http.response.status_code": server.status})
            if server.status >= 400:
                client.fail(str(server.status), "")

    @contextmanager
    def rpc(self, to, name, method):
        """A remote procedure call; the block is what the callee does."""
        attributes = {"rpc.system": "grpc", "rpc.service": name, "rpc.method": method}
        with self.step(f"{name}/{method}", CLIENT, {**attributes, "server.address": f"{to}.test", "server.port": 9090}) as client:
            with client.step(f"{name}/{method}", SERVER, attributes, service=to, after=0.7) as server:
                server.code = 0
                yield server
                server.set({"rpc.grpc.status_code": server.code})
            client.spend(0.5)
            client.set({"rpc.grpc.status_code": server.code})
            if server.code:
                client.fail(str(server.code), "")

    def publish(self, topic, message):
        """Sends a message; returns the moment and the context that its consumers go on from."""
        with self.step(f"send {topic}", PRODUCER, {
            **messaging(topic, "send"),
            "messaging.message.id": message,
            "messaging.message.body.size": self.world.chance.randrange(280, 900),
        }) as sent:
            sent.spend(3.4)
        return sent


def messaging(topic, operation):
    kind = {"send": "send", "process": "process", "poll": "receive"}[operation]
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": topic,
        "messaging.operation.name": operation,
        "messaging.operation.type": kind,
        "server.address": "broker.test",
    }


def answer(server, status):
    server.set({"http.response.status_code": status})
    if status >= 500:
        server.fail(str(status), "")


@contextmanager
def request(world, ago, method, route, path=None):
    """A request of a customer at the gateway."""
    path = path or route
    with world.trace(ago, "gateway", f"{method} {route}", SERVER, {
        "http.request.method": method,
        "http.route": route,
        "url.path": path,
        "url.scheme": "https",
        "server.address": "shop.example.com",
        "server.port": 443,
        "client.address": f"192.0.2.{world.chance.randrange(1, 255)}",
        "network.protocol.version": "2",
        "user_agent.original": world.chance.choice(["shop-web/7.2", "shop-ios/5.0", "shop-android/5.1"]),
    }) as gateway:
        gateway.status = 200
        yield gateway
        answer(gateway, gateway.status)


def verify_session(gateway):
    world = gateway.world
    with gateway.step("auth.verify_session", attributes={"session.fresh": world.chance.random() < 0.3}) as auth:
        auth.do("GET session", 1.6, {
            "db.system.name": "redis",
            "db.operation.name": "GET",
            "db.query.text": "GET session:?",
            "server.address": "sessions.test",
        }, CLIENT)
        auth.spend(4)
        auth.do("verify_signature", 14, {"jwt.algorithm": "ES256", "jwt.scopes": ["cart:write", "orders:read"]})
    gateway.do("rate_limit", 1.8, {"rate_limit.remaining": world.chance.randrange(20, 119), "rate_limit.limited": False})


def checkout(world, ago, story="plain"):
    """A customer pays for a cart; returns the message that asks for shipping, when there is one."""
    shipped = None
    items = 18 if story == "retry" else world.chance.randrange(1, 5)
    order = world.name("ord")
    with request(world, ago, "POST", "/checkout") as gateway:
        verify_session(gateway)
        with gateway.http("checkout", "POST", "/orders") as orders:
            orders.set({"order.id": order, "cart.items": items, "order.express": world.chance.random() < 0.4})
            validate_cart(orders, items)
            # The shipping quote is asked for while the stock is reserved.
            with orders.aside("quote_shipping") as quote:
                quote_shipping(quote)
            with orders.step("reserve_stock") as reserve:
                in_stock = reserve_stock(reserve, items, sold_out=story == "sold out")
            orders.join(quote)
            if not in_stock:
                orders.status = 409
            else:
                with orders.step("charge") as charge:
                    paid = authorize(charge, order, story)
                    if not paid:
                        charge.fail("CardDeclined", "insufficient funds")
                if paid:
                    with orders.step("confirm_order") as confirm:
                        shipped = confirm_order(confirm, order)
                    orders.status = 201
                else:
                    orders.status = 402
        gateway.status = orders.status
    return shipped


def validate_cart(orders, items):
    with orders.step("validate_cart") as validate:
        validate.query("SELECT", "carts", 7, "SELECT id, items, coupon FROM carts WHERE id = $1")
        validate.do("price_items", 21, {
            "cart.quantities": [orders.world.chance.randrange(1, 4) for _ in range(items)],
            "cart.prices": [round(orders.world.chance.uniform(3, 120), 2) for _ in range(items)],
            "cart.gift": [orders.world.chance.random() < 0.2 for _ in range(items)],
            "cart.currency": "EUR",
        })
        validate.spend(3)


def quote_shipping(quote):
    with quote.rpc("shipping", "shop.Shipping", "Quote") as shipping:
        shipping.query("SELECT", "zones", 9, "SELECT zone, base, per_kilo FROM zones WHERE postcode_from <= $1 AND $1 <= postcode_to")
        with shipping.step("GET carrier/rates", CLIENT, {
            "http.request.method": "GET",
            "url.full": "https://carrier.test/v2/rates?weight=REDACTED",
            "server.address": "carrier.test",
            "http.response.status_code": 200,
        }) as rates:
            rates.spend(128)
            rates.note("http.response.headers", {"http.response.body.size": 1_844})
        shipping.do("choose_rate", 4, {"rate.cost": 4.9, "rate.days": 2, "rate.candidates": ["economy", "standard", "express"]})


def reserve_stock(reserve, items, sold_out):
    lock = f"warehouse-{reserve.world.chance.randrange(1, 8)}"
    with reserve.rpc("inventory", "shop.Inventory", "Reserve") as inventory:
        for _ in range(items):
            inventory.query("SELECT", "stock", 10.5, "SELECT quantity FROM stock WHERE sku = $1 AND warehouse = $2 FOR UPDATE")
        with inventory.step(f"lock.wait {lock}", attributes={"lock.name": lock, "lock.contended": True}) as wait:
            wait.spend(52)
            wait.note("lock.acquired", {"lock.waiters": 3})
        if sold_out:
            inventory.query("ROLLBACK", "", 3, "ROLLBACK", 0)
            inventory.code = 9
            inventory.fail("OutOfStock", "sku 4711-B: 0 left, 2 wanted", [
                ("server.py", 88, "Reserve", "held = stock.hold(request.lines, warehouse)"),
                ("stock.py", 142, "hold", "raise OutOfStock(sku, left, wanted)"),
            ])
            return False
        inventory.query("UPDATE", "stock", 21, "UPDATE stock SET quantity = quantity - $3 WHERE sku = $1 AND warehouse = $2", 0)
        inventory.query("COMMIT", "", 7, "COMMIT", 0)
    return True


def authorize(charge, order, story):
    world = charge.world
    amount = world.chance.randrange(1_490, 24_000)
    with charge.rpc("payments", "shop.Payments", "Authorize") as payments:
        payments.set({"payment.amount": amount, "payment.currency": "EUR", "order.id": order})
        with payments.step("risk.score") as risk:
            risk.query("SELECT", "payments", 24, "SELECT count(*), sum(amount) FROM payments WHERE account = $1 AND at > now() - interval '1 day'")
            risk.do("score_model", 46, {"risk.score": round(world.chance.uniform(0.02, 0.4), 4), "risk.reviewed": False,
                                        "risk.features": [round(world.chance.uniform(-2, 2), 3) for _ in range(8)]})
            risk.spend(8)
        key = world.name("chg")
        if story == "retry":
            acquirer(payments, key, amount, 1, timed_out=True)
            with payments.step("backoff 80 ms", attributes={"retry.delay_ms": 80, "retry.attempt": 2}) as backoff:
                backoff.now += 80_400_000
            acquirer(payments, key, amount, 2)
        elif story == "declined":
            acquirer(payments, key, amount, 1, declined=True)
            payments.code = 9
            payments.fail("CardDeclined", "insufficient funds", [
                ("server.py", 61, "Authorize", "receipt = acquirer.charge(request)"),
                ("acquirer.py", 117, "charge", "raise CardDeclined(body['reason'])"),
            ])
            return False
        else:
            acquirer(payments, key, amount, 1)
        payments.query("INSERT", "ledger", 15, "INSERT INTO ledger (order_id, amount, currency, charge) VALUES ($1, $2, $3, $4)", 0)
        sent = payments.publish("payment.authorized", world.name("msg"))
        send_receipt(sent)
    return True


def acquirer(payments, key, amount, attempt, timed_out=False, declined=False):
    with payments.step("POST acquirer/charges", CLIENT, {
        "http.request.method": "POST",
        "url.full": "https://acquirer.test/v1/charges",
        "server.address": "acquirer.test",
        "server.port": 443,
        "http.request.body.size": 412,
        **({"http.request.resend_count": attempt - 1} if attempt > 1 else {}),
        "retry.attempt": attempt,
        "http.request.timeout_ms": 300,
        "payment.amount": amount,
        "payment.currency": "EUR",
        "payment.idempotency_key": key,
        "thread.name": "rt-worker-3",
    }) as post:
        post.note("request sent", {"http.request.body.size": 412})
        if timed_out:
            post.now += 132_000_000
            post.note("no bytes for 130 ms", {"network.peer.address": "192.0.2.44"})
            post.now += 168_000_000
            post.set({"http.response.status_code": 504})
            post.fail("DeadlineExceeded", "deadline exceeded after 300 ms", [
                ("server.py", 61, "Authorize", "receipt = acquirer.charge(request)"),
                ("acquirer.py", 94, "charge", "response = self.http.post('/v1/charges', json=body, timeout=0.3)"),
                ("http.py", 203, "post", "raise DeadlineExceeded(timeout) from error"),
            ])
        elif declined:
            post.spend(164)
            post.set({"http.response.status_code": 402})
            post.fail("402", "insufficient funds")
        else:
            post.spend(204)
            post.set({"http.response.status_code": 200})
            post.ok()


def send_receipt(sent):
    """Consumes the message after the request has its answer, within the same trace."""
    with sent.aside("process payment.authorized", CONSUMER, {
        **messaging("payment.authorized", "process"),
        "messaging.consumer.group.name": "receipts",
        "messaging.kafka.offset": sent.world.chance.randrange(80_000, 90_000),
    }, service="notifications", after=240) as consumer:
        consumer.do("render receipt", 38, {"template.name": "receipt.html", "template.locale": "en"})
        with consumer.step("POST mail/send", CLIENT, {
            "http.request.method": "POST",
            "url.full": "https://mail.test/v3/send",
            "server.address": "mail.test",
            "http.response.status_code": 202,
        }) as post:
            post.spend(410)


def confirm_order(confirm, order):
    confirm.query("INSERT", "orders", 24, "INSERT INTO orders (id, cart_id, total, status) VALUES ($1, $2, $3, 'confirmed')", 0)
    confirm.query("DELETE", "carts", 9, "DELETE FROM carts WHERE id = $1", 0)
    confirm.note("order.confirmed", {"order.id": order})
    confirm.spend(18)
    return confirm.publish("order.confirmed", confirm.world.name("msg"))


def show_order(world, ago, story="plain"):
    order = world.name("ord")
    with request(world, ago, "GET", "/orders/:id", f"/orders/{order}") as gateway:
        verify_session(gateway)
        with gateway.http("checkout", "GET", "/orders/:id", f"/orders/{order}") as orders:
            orders.query("SELECT", "orders", 6, "SELECT id, status, total, placed_at FROM orders WHERE id = $1")
            if story == "broken":
                orders.status = 500
                orders.note("exception", {
                    "exception.type": "KeyError",
                    "exception.message": "'placed_at'",
                    "exception.stacktrace": dedent("""\
                        Traceback (most recent call last):
                          File "/app/checkout/orders.py", line 57, in show
                            return render(order, lines)
                          File "/app/checkout/render.py", line 23, in render
                            placed = order['placed_at'].isoformat()
                        KeyError: 'placed_at'"""),
                })
            elif story == "n+1":
                for _ in range(18):
                    orders.query("SELECT", "order_lines", 8, "SELECT sku, quantity, price FROM order_lines WHERE order_id = $1 AND line = $2")
            else:
                orders.query("SELECT", "order_lines", 9, "SELECT sku, quantity, price FROM order_lines WHERE order_id = $1", 4)
                with orders.rpc("shipping", "shop.Shipping", "Track") as shipping:
                    shipping.query("SELECT", "parcels", 8, "SELECT state, carrier, eta FROM parcels WHERE order_id = $1")
            orders.do("render", 3, {"render.bytes": world.chance.randrange(900, 4_000), "cache.hit": False})
        gateway.status = orders.status


def search(world, ago):
    with request(world, ago, "GET", "/products", "/products?q=lamp&page=2") as gateway:
        gateway.do("rate_limit", 1.8, {"rate_limit.remaining": 88, "rate_limit.limited": False})
        with gateway.http("inventory", "GET", "/search", "/search?q=lamp&page=2") as inventory:
            inventory.do("search products", 42, {
                "db.system.name": "opensearch",
                "db.operation.name": "search",
                "db.collection.name": "products",
                "db.query.text": '{"query":{"match":{"title":"?"}},"from":20,"size":20}',
                "server.address": "search.test",
            }, CLIENT)
            inventory.query("SELECT", "stock", 8, "SELECT sku, sum(quantity) FROM stock WHERE sku = ANY($1) GROUP BY sku", 20)
            inventory.do("rank", 5, {"rank.model": "bm25+margin", "rank.scores": [12.4, 11.9, 9.03, 8.8]})


def refund(world, ago, story="plain"):
    order = world.name("ord")
    with request(world, ago, "POST", "/refunds") as gateway:
        verify_session(gateway)
        with gateway.http("payments", "POST", "/refunds") as payments:
            payments.set({"order.id": order, "payment.amount": world.chance.randrange(900, 9_000), "refund.partial": True})
            payments.query("SELECT", "ledger", 11, "SELECT charge, amount FROM ledger WHERE order_id = $1")
            with payments.step("POST acquirer/refunds", CLIENT, {
                "http.request.method": "POST",
                "url.full": "https://acquirer.test/v1/refunds",
                "server.address": "acquirer.test",
            }) as post:
                post.spend(240)
                post.set({"http.response.status_code": 502 if story == "broken" else 200})
                if story == "broken":
                    post.fail("ConnectionResetError", "connection reset by peer", [
                        ("refunds.py", 48, "refund", "receipt = acquirer.refund(charge, amount)"),
                        ("http.py", 198, "post", "return self.session.send(request, timeout=timeout)"),
                    ])
            if story == "broken":
                payments.status = 502
            else:
                payments.query("INSERT", "ledger", 14, "INSERT INTO ledger (order_id, amount, currency, charge) VALUES ($1, $2, $3, $4)", 0)
                payments.status = 201
        gateway.status = payments.status


def health(world, ago):
    with request(world, ago, "GET", "/healthz") as gateway:
        gateway.spend(1.4)
        gateway.set({"health.ready": True, "health.uptime_seconds": round(86_400 * 3.25 - ago / 1_000, 1)})


def expire_carts(world, ago):
    with world.trace(ago, "checkout", "expire_carts", INTERNAL, {"schedule.cron": "*/10 * * * *"}) as job:
        job.query("SELECT", "carts", 36, "SELECT id FROM carts WHERE touched_at < now() - interval '30 days' LIMIT 500", 41)
        job.query("DELETE", "carts", 58, "DELETE FROM carts WHERE id = ANY($1)", 0)
        job.note("carts expired", {"carts.count": 41, "carts.oldest_days": 30.4})


def ship_batch(world, ago, messages):
    """One poll brings the messages of several checkouts: a trace of its own, linked to each of them."""
    links = [Link(sent.span.get_span_context(), {"messaging.message.body.size": 512 + 7 * n}) for n, sent in enumerate(messages)]
    with world.trace(ago, "shipping", "poll order.confirmed", CONSUMER, {
        **messaging("order.confirmed", "poll"),
        "messaging.batch.message_count": len(messages),
        "messaging.consumer.group.name": "labels",
    }, links) as batch:
        batch.spend(2)
        for link in links:
            with batch.step("process order.confirmed", CONSUMER, messaging("order.confirmed", "process"), links=[link]) as one:
                one.query("INSERT", "parcels", 9, "INSERT INTO parcels (order_id, carrier, state) VALUES ($1, $2, 'announced')", 0)
                with one.step("POST carrier/labels", CLIENT, {
                    "http.request.method": "POST",
                    "url.full": "https://carrier.test/v2/labels",
                    "server.address": "carrier.test",
                    "http.response.status_code": 201,
                }) as post:
                    post.spend(150)
                one.do("store label", 12, {"label.format": "pdf", "label.pages": 1, "label.digest": world.chance.randbytes(16)})
        batch.query("COMMIT", "", 6, "COMMIT", 0)


EXTRACT = dedent("""\
    WITH moved AS (
        SELECT sku, warehouse, sum(quantity) FILTER (WHERE direction = 'in') AS received,
               sum(quantity) FILTER (WHERE direction = 'out') AS shipped
        FROM movements
        WHERE warehouse = $1 AND at >= $2 AND at < $2 + interval '1 day'
        GROUP BY sku, warehouse
    ), counted AS (
        SELECT DISTINCT ON (sku) sku, quantity, counted_at
        FROM counts
        WHERE warehouse = $1
        ORDER BY sku, counted_at DESC
    )
    SELECT s.sku, s.quantity, m.received, m.shipped, c.quantity AS counted, c.counted_at
    FROM stock s
    LEFT JOIN moved m USING (sku, warehouse)
    LEFT JOIN counted c USING (sku)
    WHERE s.warehouse = $1
    ORDER BY s.sku""")


def nightly_etl(world, ago):
    """Twelve warehouses on three workers: minutes long, and more than 400 spans."""
    rows = [world.chance.randrange(18_000, 42_000) for _ in range(12)]
    with world.trace(ago, "inventory", "nightly-etl", INTERNAL, {
        "job.name": "nightly-etl",
        "job.workers": 3,
        "job.dry_run": False,
        "job.started_by": "scheduler",
        "job.warehouses": [f"warehouse-{n}" for n in range(1, 13)],
    }) as job:
        job.do("plan", 340, {"plan.partitions": 12, "plan.batch_rows": 2_000, "plan.estimated_seconds": 412.5})
        workers = [job.now] * 3
        for number, count in enumerate(rows, start=1):
            worker = workers.index(min(workers))
            job.now = workers[worker]
            with job.aside(f"partition warehouse-{number}", attributes={
                "etl.warehouse": f"warehouse-{number}", "etl.rows": count, "etl.worker": worker,
            }, after=40) as partition:
                etl_partition(partition, count, stuck=number == 7)
            workers[worker] = partition.now
        job.now = max(workers)
        job.query("REFRESH", "stock_daily", 5_200, "REFRESH MATERIALIZED VIEW CONCURRENTLY stock_daily", 0)
        report = "\n".join(f"warehouse-{n:<2}  {count:>6} rows  {count // 97:>4} corrected  {count % 7} rejected"
                           for n, count in enumerate(rows, start=1))
        job.do("report", 900, {"report.text": report + f"\n\n{sum(rows)} rows in all", "report.rows": sum(rows)})
        with job.step("send etl.finished", PRODUCER, messaging("etl.finished", "send")) as sent:
            sent.spend(4)


def etl_partition(partition, rows, stuck):
    with partition.step("extract") as extract:
        extract.query("SELECT", "stock", 9_000, EXTRACT, rows)
        extract.spend(900)
    with partition.step("transform and load") as load:
        for batch in range(15):
            with load.step("batch", attributes={"etl.batch": batch, "etl.rows": rows // 15}) as step:
                step.spend(3_600)
                step.query("INSERT", "stock_daily", 1_900, "INSERT INTO stock_daily SELECT * FROM unnest($1, $2, $3, $4) ON CONFLICT DO NOTHING", 0)
                if stuck and batch == 9:
                    step.note("deadlock, batch repeated", {"db.response.status_code": "40P01", "retry.attempt": 1})
                    step.spend(14_000)
            if batch in (4, 9, 14):
                load.note("progress", {"etl.done": round((batch + 1) / 15, 2)})


def open_for_business(world):
    """The 25 minutes; the newest things are the most telling, since a list shows them first."""
    health(world, 24.6 * MINUTE)
    nightly_etl(world, 24.2 * MINUTE)
    minutes = world.chance

    early = [checkout(world, ago * MINUTE) for ago in (23.1, 20.4, 17.9)]
    ship_batch(world, 17.2 * MINUTE, early)
    late = [checkout(world, ago * MINUTE) for ago in (14.6, 9.8, 6.3, 3.9)]
    ship_batch(world, 3.1 * MINUTE, late)
    checkout(world, 11.7 * MINUTE, "declined")
    checkout(world, 5.2 * MINUTE, "sold out")

    for n in range(14):
        show_order(world, (23.8 - 1.66 * n + minutes.uniform(-0.5, 0.5)) * MINUTE)
    show_order(world, 8.4 * MINUTE, "broken")
    show_order(world, 1.6 * MINUTE, "n+1")
    for ago in (21.2, 15.5, 7.1, 0.9):
        search(world, ago * MINUTE)
    for ago in (18.8, 10.6, 4.5):
        refund(world, ago * MINUTE)
    refund(world, 2.3 * MINUTE, "broken")
    expire_carts(world, 20 * MINUTE)
    expire_carts(world, 10 * MINUTE)
    health(world, 16.3 * MINUTE)
    health(world, 8 * MINUTE)
    checkout(world, 2_400, "retry")
