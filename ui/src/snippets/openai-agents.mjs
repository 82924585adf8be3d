// npm install @openai/agents
import { Agent, BatchTraceProcessor, OpenAITracingExporter, run, setTraceProcessors } from "@openai/agents";

const exporter = new OpenAITracingExporter({ apiKey: "any", endpoint: "{{endpoint}}/v1/traces/ingest" });
setTraceProcessors([new BatchTraceProcessor(exporter)]);

const agent = new Agent({ name: "Greeter", instructions: "Answer in one short sentence." });
console.log((await run(agent, "Who are you?")).finalOutput);
