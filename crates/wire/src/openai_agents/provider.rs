//! Who runs a model, worked out from where it was called or from the name of the model.
//!
//! The names are OpenTelemetry's where it has one.

use trackway_model::Text;

/// Hosts of providers; a name that begins with a dot is the end of many.
const HOSTS: [(&str, &str); 21] = [
    ("api.openai.com", "openai"),
    (".api.openai.com", "openai"),
    ("api.anthropic.com", "anthropic"),
    ("openrouter.ai", "openrouter"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("-aiplatform.googleapis.com", "gcp.vertex_ai"),
    (".openai.azure.com", "azure.ai.openai"),
    (".cognitiveservices.azure.com", "azure.ai.openai"),
    (".ai.azure.com", "azure.ai.inference"),
    (".amazonaws.com", "aws.bedrock"),
    ("api.mistral.ai", "mistral_ai"),
    ("api.groq.com", "groq"),
    ("api.deepseek.com", "deepseek"),
    ("api.x.ai", "x_ai"),
    ("api.perplexity.ai", "perplexity"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.together.xyz", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("api.cerebras.ai", "cerebras"),
];

/// What stands before the slash in the name of a model.
const PREFIXES: [(&str, &str); 22] = [
    ("openai", "openai"),
    ("anthropic", "anthropic"),
    ("openrouter", "openrouter"),
    ("gemini", "gcp.gemini"),
    ("google", "gcp.gemini"),
    ("vertex_ai", "gcp.vertex_ai"),
    ("vertexai", "gcp.vertex_ai"),
    ("azure", "azure.ai.openai"),
    ("azure_ai", "azure.ai.inference"),
    ("bedrock", "aws.bedrock"),
    ("mistral", "mistral_ai"),
    ("groq", "groq"),
    ("deepseek", "deepseek"),
    ("xai", "x_ai"),
    ("perplexity", "perplexity"),
    ("cohere", "cohere"),
    ("together_ai", "together"),
    ("together", "together"),
    ("fireworks_ai", "fireworks"),
    ("fireworks", "fireworks"),
    ("cerebras", "cerebras"),
    ("ollama", "ollama"),
];

/// Gateways that stand before the provider in the name of a model.
const GATEWAYS: [&str; 3] = ["litellm/", "any-llm/", "any_llm/"];

/// Returns who runs a model: by the host of its URL, or else by what precedes the slash in its name.
pub(super) fn provider(base_url: Option<&str>, model: Option<&str>) -> Option<Text> {
    base_url.and_then(host).and_then(of_host).or_else(|| model.and_then(of_model)).map(Text::literal)
}

fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    host.split(':').next()
}

fn of_host(host: &str) -> Option<&'static str> {
    let host = host.to_ascii_lowercase();
    let is_this = |known: &str| match known.starts_with(['.', '-']) {
        true => host.ends_with(known),
        false => host == known,
    };
    HOSTS.iter().find(|(known, _)| is_this(known)).map(|(_, name)| *name)
}

fn of_model(model: &str) -> Option<&'static str> {
    let model = GATEWAYS.iter().find_map(|gateway| model.strip_prefix(gateway)).unwrap_or(model);
    let (prefix, _) = model.split_once('/')?;
    PREFIXES.iter().find(|(known, _)| prefix.eq_ignore_ascii_case(known)).map(|(_, name)| *name)
}
