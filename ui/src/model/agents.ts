/** What is said of agents and their model calls: words, sums and prices, for lists, rows and details alike. */

import type { AgentTotals, Cost, DataKind, SpanData, TraceSummary, TreeSpan, Usage } from "../api/types";
import { count, dollars, plural } from "./format";

/** What each kind of work is called, and the icon that stands for it. */
export const KINDS = {
  workflow: { word: "workflow", icon: "run" },
  task: { word: "task", icon: "task" },
  agent: { word: "agent", icon: "agent" },
  turn: { word: "turn", icon: "turn" },
  generation: { word: "model call", icon: "gen_ai" },
  response: { word: "model call", icon: "gen_ai" },
  function: { word: "tool call", icon: "tool" },
  handoff: { word: "handoff", icon: "handoff" },
  guardrail: { word: "guardrail", icon: "guard" },
  mcp_tools: { word: "tools of an MCP server", icon: "plug" },
  transcription: { word: "transcription", icon: "sound" },
  speech: { word: "speech", icon: "sound" },
  speech_group: { word: "speech group", icon: "sound" },
  retrieval: { word: "retrieval", icon: "search" },
  rerank: { word: "rerank", icon: "rank" },
  embedding: { word: "embedding", icon: "vector" },
  evaluation: { word: "evaluation", icon: "check" },
  custom: { word: "custom", icon: "note" },
} as const satisfies Record<DataKind, { word: string; icon: string }>;

/** What stands for a whole trace: agents at work, calls of a model alone, or any other work. */
export function traceIcon(agents: AgentTotals | null): "agent" | "gen_ai" | "trace" {
  if (agents === null) return "trace";
  return agents.agents.length === 0 && agents.model_calls > 0 ? "gen_ai" : "agent";
}

/** Whether the root should have come: of a run of agents it comes last, when all is done. */
export function missesRoot({ has_root, span_count, status, agents }: TraceSummary): boolean {
  return !has_root && span_count > 0 && !(agents !== null && status === "running");
}

export const DIALECT_NAMES: Record<SpanData["dialect"], string> = {
  openai_agents: "OpenAI Agents SDK",
  opentelemetry: "OpenTelemetry GenAI",
  openinference: "OpenInference",
  openllmetry: "OpenLLMetry",
  logfire: "Logfire",
  langfuse: "Langfuse",
  vercel: "Vercel AI SDK",
  burr: "Burr",
};

/** What only holds other work together; a tree shows it quietly. */
export function isFrame(kind: DataKind): boolean {
  return kind === "task" || kind === "turn" || kind === "speech_group";
}

/** What a tree calls the span: the title of an agent's work, else the span's name. */
export function titleOf(span: TreeSpan): string {
  return span.data?.title || span.name;
}

/** The model that answered, or else the one that was asked for. */
export function modelOf(data: SpanData): string | null {
  return data.response_model ?? data.request_model;
}

/** All tokens: as the client summed them, else what went in and out. */
export function tokensOf(usage: Usage): number | null {
  if (usage.total_tokens !== null) return usage.total_tokens;
  if (usage.input_tokens === null && usage.output_tokens === null) return null;
  return (usage.input_tokens ?? 0) + (usage.output_tokens ?? 0);
}

/**
 * The sum of what is priced, and whether that is all: `$0.0418`, `≥ $0.0100`, `price unknown`, or nothing to pay for.
 * Some clients tell tokens of no call, but of what is around the calls: these have no price either.
 */
export function costText(cost: Cost | null, unpricedCalls: number, tokens: number | null = null): string {
  if (cost === null) return unpricedCalls > 0 || (tokens ?? 0) > 0 ? "price unknown" : "";
  return unpricedCalls > 0 ? `≥ ${dollars(cost.total_usd)}` : dollars(cost.total_usd);
}

/** Why a sum of costs is not all of it, and where the prices are from. */
export function costNote(cost: Cost | null, unpricedCalls: number): string {
  const unpriced = unpricedCalls > 0 ? `${plural(unpricedCalls, "model call")} without a known price` : "";
  const source = cost === null ? "" : `prices from ${cost.source}`;
  return [unpriced, source].filter(Boolean).join("; ");
}

/** One line of what a model call used, `gpt-5 · 1,204 tok · $0.0031`, without what its row says already; else empty. */
export function callText(data: SpanData, said: string): string {
  if (isFrame(data.kind) || data.kind === "workflow" || data.kind === "agent") return "";
  const tokens = data.usage === null ? null : tokensOf(data.usage);
  const cost = data.cost === null ? "" : dollars(data.cost.total_usd);
  const model = modelOf(data);
  return [model === said ? null : model, tokens === null ? "" : `${count(tokens)} tok`, cost]
    .filter(Boolean)
    .join(" · ");
}

/** The names, the first few of them in full. */
export function someOf(names: string[], most: number): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")} +${count(names.length - most)}`;
}

/** What was counted in a trace or a conversation, for a head of figures. */
export function counted(totals: AgentTotals): [name: string, value: string, note?: string][] {
  const tokens = tokensOf(totals.usage);
  const cost = costText(totals.cost, totals.unpriced_calls, tokens);
  const figures: [string, string, string?][] = [
    ["Model calls", count(totals.model_calls)],
    ["Tool calls", count(totals.tool_calls)],
  ];
  if (tokens !== null) figures.push(["Tokens", count(tokens), usageNote(totals.usage)]);
  if (cost !== "") figures.push(["Cost", cost, costNote(totals.cost, totals.unpriced_calls)]);
  return figures;
}

/** What the tokens were: `3,702 in (2,210 cached), 169 out`. */
export function usageNote(usage: Usage): string {
  const part = (n: number | null, word: string, more: string) => (n === null ? "" : `${count(n)} ${word}${more}`);
  const inside = (n: number | null, word: string) => (n ? ` (${count(n)} ${word})` : "");
  const input = part(usage.input_tokens, "in", inside(usage.cache_read_tokens, "cached"));
  const output = part(usage.output_tokens, "out", inside(usage.reasoning_tokens, "thinking"));
  return [input, output].filter(Boolean).join(", ");
}
