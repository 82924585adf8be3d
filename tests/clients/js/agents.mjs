// Runs of the OpenAI Agents SDK for JavaScript against a scripted model: `node agents.mjs SCENARIO`.
//
// OPENAI_BASE_URL names the model, TRACES the address of `POST /v1/traces/ingest`, API the way to call the model.

import {
  Agent,
  BatchTraceProcessor,
  getGlobalTraceProvider,
  InputGuardrailTripwireTriggered,
  OpenAITracingExporter,
  run,
  Runner,
  setOpenAIAPI,
  setTraceProcessors,
  tool,
} from "@openai/agents";
import { z } from "zod";

setOpenAIAPI(process.env.API ?? "responses");
const exporter = new OpenAITracingExporter({ apiKey: "sk-not-a-real-key-0123456789", endpoint: process.env.TRACES });
setTraceProcessors([new BatchTraceProcessor(exporter)]);

const getInvoice = tool({
  name: "get_invoice",
  description: "Looks an invoice up.",
  parameters: z.object({ invoice_id: z.number() }),
  execute: async ({ invoice_id }) => ({ id: invoice_id, total: 99.5, currency: "EUR" }),
});
const getCustomer = tool({
  name: "get_customer",
  description: "Looks a customer up.",
  parameters: z.object({ name: z.string() }),
  execute: async ({ name }) => ({ name, tier: "gold" }),
});
const explode = tool({
  name: "explode",
  description: "Fails.",
  parameters: z.object({ reason: z.string() }),
  execute: async ({ reason }) => {
    throw new Error(reason);
  },
});
const noSecrets = {
  name: "no_secrets",
  execute: async ({ input }) => ({ tripwireTriggered: String(input).includes("password"), outputInfo: {} }),
};

const model = "gpt-4.1";
const billing = new Agent({ name: "Billing agent", instructions: "BILLING: answer", tools: [getInvoice, getCustomer], model });
const triage = Agent.create({
  name: "Triage agent",
  instructions: "TRIAGE: hand over",
  handoffs: [billing],
  inputGuardrails: [noSecrets],
  model,
});
const runner = new Runner({
  workflowName: "Customer support",
  groupId: "thread_123",
  traceMetadata: { customer: "ACME" },
});

const scenarios = {
  handoff: () => runner.run(triage, "How much is invoice 42?"),
  streamed: async () => {
    const stream = await runner.run(triage, "How much is invoice 42?", { stream: true });
    for await (const _ of stream);
    await stream.completed;
  },
  tool_error: () => run(new Agent({ name: "Fail agent", instructions: "EXPLODE: now", tools: [explode], model }), "go"),
  model_error: () => run(new Agent({ name: "Err agent", instructions: "ANSWER: please", model }), "fail 400").catch(() => {}),
  guardrail: () =>
    runner.run(triage, "my password is hunter2").catch((error) => {
      if (!(error instanceof InputGuardrailTripwireTriggered)) throw error;
    }),
};

await scenarios[process.argv[2]]();
await getGlobalTraceProvider().forceFlush();
