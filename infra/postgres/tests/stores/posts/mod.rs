//! Posts: saving with their plans, listing, taking back, and what a person decides.

mod change;
mod clocks;
mod decide;
mod disconnected;
mod facts;
mod list;
mod many;
mod preflight;
