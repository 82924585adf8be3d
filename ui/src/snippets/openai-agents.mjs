// npm install @openai/agents
import { Agent, run, setTraceProcessors } from "@openai/agents";
import { BatchTraceProcessor, OpenAITracingExporter } from "@openai/agents";

const endpoint = "{{endpoint}}/v1/traces/ingest";
setTraceProcessors([new BatchTraceProcessor(new OpenAITracingExporter({ apiKey: "any", endpoint }))]);

const agent = new Agent({ name: "Greeter", instructions: "Answer in one short sentence." });
console.log((await run(agent, "Who are you?")).finalOutput);
