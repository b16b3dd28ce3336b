//! Series on a real database, with a clock that the story sets.

mod change;
mod make;
mod pause;
mod planned;
mod shown;
mod stage;
