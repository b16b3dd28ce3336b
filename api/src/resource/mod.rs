//! The resources: one file each, with its requests, its views and its handlers.

mod api_keys;
mod attempts;
mod best_times;
mod bulk;
mod bulk_view;
mod calendar;
mod calendar_view;
mod callback;
mod callback_page;
mod channels;
mod connection_view;
mod connections;
mod content;
mod courtesy;
pub(crate) mod csv_body;
mod events;
mod feed_file;
mod feeds;
mod health;
mod imports;
mod me;
mod media;
mod media_file;
pub(crate) mod media_form;
mod occurrence_view;
mod organization;
mod platforms;
mod post_view;
mod posting_schedules;
mod posting_view;
mod posts;
mod publications;
mod queues;
mod registrations;
mod risk;
mod schedule_view;
mod series;
mod series_view;
mod sessions;
mod workspaces;

use poem_openapi::Tags;

pub use self::{
    api_keys::ApiKeysResource,
    best_times::BestTimesResource,
    bulk::BulkResource,
    calendar::CalendarResource,
    callback::{Callback, PATH as CALLBACK},
    channels::ChannelsResource,
    connections::ConnectionsResource,
    events::EventsResource,
    feed_file::{FeedFile, PATH as FEED_FILE},
    feeds::FeedsResource,
    health::{HealthResource, Readiness},
    imports::ImportsResource,
    me::MeResource,
    media::MediaResource,
    media_file::{MediaFile, PATH as MEDIA_FILE},
    organization::OrganizationResource,
    platforms::PlatformsResource,
    posting_schedules::PostingSchedulesResource,
    posts::PostsResource,
    publications::PublicationsResource,
    queues::QueuesResource,
    registrations::RegistrationsResource,
    series::SeriesResource,
    sessions::SessionsResource,
    workspaces::WorkspacesResource,
};

/// The chapters of the document.
#[derive(Tags)]
pub(crate) enum Chapter {
    /// Signing up and signing in, and what a person sees of their own account.
    #[oai(rename = "Accounts")]
    Accounts,
    /// The tenant and its workspaces: one per brand or client.
    #[oai(rename = "Organization")]
    Organization,
    /// How programs sign in: keys with scopes, limited to workspaces, expiring and revocable.
    #[oai(rename = "API keys")]
    ApiKeys,
    /// Posts, when they are published, and each publication on its way to a channel.
    #[oai(rename = "Publishing")]
    Publishing,
    /// What is due when: by day and channel, as a file, and as a calendar that other programs subscribe to.
    #[oai(rename = "Calendar")]
    Calendar,
    /// When channels publish: the slots of posting schedules, the queues that fill them, and the hours that did best.
    #[oai(rename = "Queues")]
    Queues,
    /// Connecting Facebook Pages and Instagram professional accounts, and what platforms accept.
    #[oai(rename = "Channels")]
    Channels,
    /// Whether this process is alive and ready, and the keys that sign access tokens.
    #[oai(rename = "Deployment")]
    Deployment,
}
