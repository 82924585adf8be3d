//! What the macro says of an action that it refuses, and of which words.
