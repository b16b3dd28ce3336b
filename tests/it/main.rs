//! The stories: what the product promises, told against the real parts.

mod survive_a_crash;
