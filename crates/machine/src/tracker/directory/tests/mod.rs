//! What a directory keeps, and what it gives back.

mod damage;
mod delta;
mod kit;
mod processes;
mod states;
