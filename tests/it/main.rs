//! The stories: what the product promises, told against the real parts.

mod schedule_a_post;
mod support;
mod survive_a_crash;
