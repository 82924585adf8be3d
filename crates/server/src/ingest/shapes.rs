//! What keys, tokens and passwords look like.

/// What makes a match of a shape a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A word of its own that looks made by a machine, or what follows the `_` of one: `task-...` holds `sk-`, and is
    /// none.
    Word,
    /// As [`Sign::Word`]; where no prefix says whose key it is, a part of it between dashes must look like a key's.
    Key,
    /// A word of exactly this length.
    WholeWord,
    /// What is named as a secret by what stands before it.
    Named,
    /// As [`Sign::Named`], where prose can have the same words: a part of it is none that people speak or write.
    NamedAndUnspoken,
    /// As [`Sign::Named`], where it is a name and a password in Base64.
    Credentials,
    /// As [`Sign::Named`], but for the last byte, which ends it.
    Enclosed,
    /// A block that goes on to its last line, or to where it was cut off.
    Block,
}

/// One shape: two patterns, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// What is kept, so that the rest still says what it was. It begins with a few literal bytes: a text without any of
    /// these is passed over at the speed of a search for them.
    pub(super) kept: &'static str,
    /// What is overwritten. Runs of word characters are open to the end, so that nothing of a longer key is left.
    pub(super) secret: &'static str,
    pub(super) sign: Sign,
}

const fn shape(kept: &'static str, secret: &'static str, sign: Sign) -> Shape {
    Shape { kept, secret, sign }
}

pub(super) const SHAPES: [Shape; 29] = [
    // OpenAI, Anthropic, OpenRouter, Langfuse and whoever copied them.
    shape(r"sk-(?:proj-|ant-|svcacct-|admin-|or-v1-|lf-)?", r"[A-Za-z0-9_-]{16,}", Sign::Key),
    // Groq, xAI, Perplexity.
    shape(r"gsk_", r"[A-Za-z0-9]{40,}", Sign::Word),
    shape(r"xai-", r"[A-Za-z0-9]{40,}", Sign::Word),
    shape(r"pplx-", r"[A-Za-z0-9]{40,}", Sign::Word),
    // Shorter ones are ids that people give sessions.
    shape(r"sess-", r"[A-Za-z0-9]{40,}", Sign::Word),
    shape(r"(?:Bearer|bearer|BEARER)[ \t]{1,4}", r"[A-Za-z0-9._~+/=-]{16,}", Sign::NamedAndUnspoken),
    shape(r"(?:Basic|basic|BASIC)[ \t]{1,4}", r"[A-Za-z0-9+/]{12,}={0,2}", Sign::Credentials),
    shape(
        r#"(?:api[_-]?key|apiKey|Api-?Key|API[_-]?KEY)[\\"']{0,6}[ \t]{0,4}[:=][ \t]{0,4}[\\"']{0,6}"#,
        r"[A-Za-z0-9._~+/=-]{24,}",
        Sign::NamedAndUnspoken,
    ),
    // Amazon.
    shape(r"(?:AKIA|ASIA)", r"[A-Z0-9]{16}", Sign::WholeWord),
    shape(
        r"(?:secret_access_key|SECRET_ACCESS_KEY|secretAccessKey|SecretAccessKey)[^A-Za-z0-9/+]{1,12}",
        r"[A-Za-z0-9/+]{40}",
        Sign::Named,
    ),
    // GitHub, GitLab.
    shape(r"gh[opsur]_", r"[A-Za-z0-9]{36,}", Sign::Word),
    shape(r"github_pat_", r"[A-Za-z0-9_]{22,}", Sign::Word),
    shape(r"glpat-", r"[A-Za-z0-9_-]{20,}", Sign::Word),
    // Google.
    shape(r"AIza", r"[A-Za-z0-9_-]{35}", Sign::WholeWord),
    shape(r"ya29\.", r"[A-Za-z0-9_-]{20,}", Sign::Word),
    shape(r"AQ\.", r"[A-Za-z0-9_-]{30,}", Sign::Word),
    // DigitalOcean.
    shape(r"dop_v1_", r"[a-f0-9]{64}", Sign::Word),
    // Slack.
    shape(r"xox[abeprs]-", r"[A-Za-z0-9-]{10,}", Sign::Word),
    shape(r"xapp-", r"[A-Za-z0-9-]{20,}", Sign::Word),
    // Stripe.
    shape(r"(?:sk|rk)_(?:live|test)_", r"[A-Za-z0-9]{16,}", Sign::Word),
    shape(r"whsec_", r"[A-Za-z0-9]{24,}", Sign::Word),
    // Hugging Face, npm, SendGrid.
    shape(r"hf_", r"[A-Za-z0-9]{30,}", Sign::Word),
    shape(r"npm_", r"[A-Za-z0-9]{36}", Sign::WholeWord),
    shape(r"SG\.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", Sign::Word),
    // JSON Web Tokens: two parts are JSON, so both begin alike.
    shape(r"eyJ", r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", Sign::Word),
    shape(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----", "", Sign::Block),
    // Azure.
    shape(r"(?:AccountKey|SharedAccessKey)=", r"[A-Za-z0-9+/=]{20,}", Sign::Named),
    // A password in a URL; JSON may have its slashes escaped.
    shape(r#"://[^\s:@/"\\<>]{0,64}:"#, r#"[^\s@/"\\<>]{1,256}@"#, Sign::Enclosed),
    shape(r#":\\/\\/[^\s:@/"\\<>]{0,64}:"#, r#"[^\s@/"\\<>]{1,256}@"#, Sign::Enclosed),
];
