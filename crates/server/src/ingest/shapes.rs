//! What keys, tokens and passwords look like.

/// What makes a match of a pattern a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// A word of its own that looks made by a machine: `task-...` holds `sk-`, and is none.
    Word,
    /// A word of exactly this length.
    WholeWord,
    /// What is named as a secret by what stands before it.
    Named,
    /// As [`Sign::Named`], where prose can have the same words.
    NamedAndRandom,
    /// A block that goes on to its last line, or to where it was cut off.
    Block,
}

/// The shapes: each a pattern whose only group is what to overwrite, so that the rest still says what it was.
///
/// Every pattern begins with a few literal bytes: a body without any of these is passed over at the speed of a search for
/// them. Runs of word characters are open to the end, so that nothing of a longer key is left.
pub(super) const SHAPES: [(&str, Sign); 22] = [
    // OpenAI, Anthropic, OpenRouter, Langfuse and whoever copied them.
    (r"sk-(?:proj-|ant-|svcacct-|admin-|or-v1-|lf-)?([A-Za-z0-9_-]{16,})", Sign::Word),
    (r"sess-([A-Za-z0-9]{24,})", Sign::Word),
    (r"(?:Bearer|bearer|BEARER)[ \t]{1,4}([A-Za-z0-9._~+/=-]{16,})", Sign::NamedAndRandom),
    // Amazon.
    (r"(?:AKIA|ASIA)([A-Z0-9]{16})", Sign::WholeWord),
    (
        r"(?:secret_access_key|SECRET_ACCESS_KEY|secretAccessKey|SecretAccessKey)[^A-Za-z0-9/+]{1,12}([A-Za-z0-9/+]{40})",
        Sign::Named,
    ),
    // GitHub, GitLab.
    (r"gh[opsur]_([A-Za-z0-9]{36,})", Sign::Word),
    (r"github_pat_([A-Za-z0-9_]{22,})", Sign::Word),
    (r"glpat-([A-Za-z0-9_-]{20,})", Sign::Word),
    // Google.
    (r"AIza([A-Za-z0-9_-]{35})", Sign::WholeWord),
    (r"ya29\.([A-Za-z0-9_-]{20,})", Sign::Word),
    // Slack.
    (r"xox[abeprs]-([A-Za-z0-9-]{10,})", Sign::Word),
    (r"xapp-([A-Za-z0-9-]{20,})", Sign::Word),
    // Stripe.
    (r"(?:sk|rk)_(?:live|test)_([A-Za-z0-9]{16,})", Sign::Word),
    (r"whsec_([A-Za-z0-9]{24,})", Sign::Word),
    // Hugging Face, npm, SendGrid.
    (r"hf_([A-Za-z0-9]{30,})", Sign::Word),
    (r"npm_([A-Za-z0-9]{36})", Sign::WholeWord),
    (r"SG\.([A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})", Sign::Word),
    // JSON Web Tokens: two parts are JSON, so both begin alike.
    (r"eyJ([A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})", Sign::Word),
    (r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----()", Sign::Block),
    // Azure.
    (r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/=]{20,})", Sign::Named),
    // A password in a URL; JSON may have its slashes escaped.
    (r#"://[^\s:@/"\\<>]{0,64}:([^\s@/"\\<>]{1,256})@"#, Sign::Named),
    (r#":\\/\\/[^\s:@/"\\<>]{0,64}:([^\s@/"\\<>]{1,256})@"#, Sign::Named),
];
