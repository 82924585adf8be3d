/** OTLP JSON as a program would send it, with ids that can be told apart. */

type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain } | Map<string, Plain>;

export interface SpanInput {
  id: string;
  parent?: string;
  name: string;
  service?: string;
  /** Milliseconds after the trace's start. */
  start?: number;
  /** Milliseconds; null leaves the span open. */
  lasts?: number | null;
  /** A failure with this message. */
  error?: string;
  attributes?: Map<string, Plain>;
  events?: { name: string; at: number; attributes?: Map<string, Plain> }[];
  links?: { trace: string; span: string }[];
  dropped?: number;
}

export interface TraceInput {
  id: string;
  /** Milliseconds before now. */
  ago?: number;
  /** Milliseconds since 1970, for a trace that is sent in parts. */
  origin?: number;
  spans: SpanInput[];
}

export const traceId = (n: number) => n.toString(16).padStart(32, "a");
export const spanId = (n: number) => n.toString(16).padStart(16, "b");

export function otlp({ id, ago = 60_000, origin = Date.now() - ago, spans }: TraceInput): unknown {
  const services = new Map<string, SpanInput[]>();
  for (const span of spans) {
    const service = span.service ?? "shop";
    services.set(service, [...(services.get(service) ?? []), span]);
  }
  const resourceSpans = [...services].map(([service, own]) => ({
    resource: { attributes: attributes(new Map([["service.name", service]])) },
    scopeSpans: [{ scope: { name: "tests", version: "1" }, spans: own.map((span) => otlpSpan(id, origin, span)) }],
  }));
  return { resourceSpans };
}

const nanoseconds = (ms: number) => `${BigInt(Math.round(ms * 1000)) * 1000n}`;

function otlpSpan(trace: string, origin: number, span: SpanInput) {
  const start = origin + (span.start ?? 0);
  const lasts = span.lasts === undefined ? 10 : span.lasts;
  return {
    traceId: trace,
    spanId: span.id,
    parentSpanId: span.parent,
    name: span.name,
    kind: 1,
    startTimeUnixNano: nanoseconds(start),
    ...(lasts === null ? {} : { endTimeUnixNano: nanoseconds(start + lasts) }),
    attributes: attributes(span.attributes ?? new Map()),
    droppedAttributesCount: span.dropped ?? 0,
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      timeUnixNano: nanoseconds(origin + event.at),
      attributes: attributes(event.attributes ?? new Map()),
    })),
    links: (span.links ?? []).map((link) => ({ traceId: link.trace, spanId: link.span })),
    ...(span.error === undefined ? {} : { status: { code: 2, message: span.error } }),
  };
}

const attributes = (map: Map<string, Plain>) => [...map].map(([key, plain]) => ({ key, value: value(plain) }));

function value(plain: Plain): unknown {
  if (typeof plain === "string") return { stringValue: plain };
  if (typeof plain === "boolean") return { boolValue: plain };
  if (typeof plain === "number") {
    return Number.isInteger(plain) ? { intValue: String(plain) } : { doubleValue: plain };
  }
  if (plain === null) return {};
  if (Array.isArray(plain)) return { arrayValue: { values: plain.map(value) } };
  const map = plain instanceof Map ? plain : new Map(Object.entries(plain));
  return { kvlistValue: { values: attributes(map) } };
}

/** A trace of one span. */
export function single(n: number, name: string, more: Partial<SpanInput> & { ago?: number } = {}): TraceInput {
  const { ago, ...span } = more;
  return { id: traceId(n), ago: ago ?? 60_000, spans: [{ id: spanId(n), name, ...span }] };
}

/** A wide and deep trace; its last span in the tree is called "the very last". */
export function big(id: string, size: number): TraceInput {
  const services = ["gateway", "checkout", "inventory", "payments", "ledger", "mail"];
  const names = ["handle", "SELECT orders", "render", "cache.get", "publish", "POST /charge"];
  const spans = Array.from({ length: size }, (_, i): SpanInput => {
    const isLast = i === size - 1;
    const parent = isLast ? 0 : Math.floor((i - 1) / 7);
    return {
      id: spanId(i + 1),
      ...(i === 0 ? {} : { parent: spanId(parent + 1) }),
      name: isLast ? "the very last" : `${names[i % names.length]} ${i}`,
      service: services[i % services.length] ?? "gateway",
      start: i * 0.2,
      lasts: i === 0 ? size * 0.2 + 100 : 3 + (i % 40),
      attributes: new Map<string, Plain>([
        ["index", i],
        ["code.function", `work_${i % 50}`],
      ]),
      ...(i % 997 === 996 ? { error: `failed at ${i}` } : {}),
    };
  });
  return { id, origin: Date.now() - 120_000, spans };
}
