//! The stories: what the product promises, told against the real parts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connect_a_page;
mod export_and_import;
mod fill_the_slots;
mod forget_on_schedule;
mod import_a_file;
mod keep_secrets;
mod keep_tenants_apart;
mod openapi_is_current;
mod plan_a_series;
mod publish_late;
mod publish_once;
mod repeat_a_request;
mod rotate_keys;
mod run_the_demo;
mod schedule_a_post;
mod schema_matches;
mod see_the_calendar;
mod serve_and_stop;
mod sign_in;
mod support;
mod survive_a_crash;
mod write_many_posts;
