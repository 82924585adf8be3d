//! Questions, answered from all parts of the store together.

mod merge;
