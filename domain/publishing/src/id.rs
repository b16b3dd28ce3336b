//! Identifiers of this context, see [`tenancy::id`].

tenancy::ids! {
    /// A person's grant on a platform.
    Connection => "conn" as ConnectionId;
    /// One place to publish.
    Channel => "chan" as ChannelId;
    /// A picture or a video.
    Media => "media" as MediaId;
    /// What the team writes.
    Post => "post" as PostId;
    /// A post on its way to one channel.
    Publication => "pub" as PublicationId;
    /// A file of posts that is being taken in.
    Import => "import" as ImportId;
    /// What recurs: a plan of posts.
    Series => "series" as SeriesId;
    /// Somebody's word that exactly this content may be published.
    Approval => "appr" as ApprovalId;
    /// A calendar that calendar programs subscribe to.
    Feed => "feed" as FeedId;
}
