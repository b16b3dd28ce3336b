//! Times of their own for channels.

use chrono::TimeDelta;
use publishing::post::{
    TargetTime,
    store::{PostFilter, PostStore},
};
use scheduling::{LocalSchedule, Schedule};

use crate::publications::stage::{Stage, now};

#[tokio::test]
async fn each_channel_keeps_its_own_time_and_the_post_is_due_with_the_first() {
    let stage = Stage::set().await;
    let draft = stage.draft(&[stage.channel().await, stage.channel().await, stage.channel().await]);
    stage.posts.insert(&draft, None).await.unwrap();
    let (mut post, mut plan) = stage.scheduled(&draft, TimeDelta::days(3));
    let local = "2027-05-01T09:30:00".parse().unwrap();
    let wall = Schedule::Local(LocalSchedule { local, zone: zone::Tz::known("Europe/Lisbon") });
    let early = Schedule::At(now() + TimeDelta::days(1));
    post.targets[1].time = TargetTime::Own(wall);
    post.targets[2].time = TargetTime::Own(early);
    for (n, schedule) in [(1, wall), (2, early)] {
        plan.publications[n] = plan.publications[n].clone().moved(schedule.resolve(), now());
    }
    let view = stage.save(&post, draft.version, &plan).await.unwrap();
    let times: Vec<_> = view.post.targets.iter().map(|target| target.time).collect();
    assert_eq!(times, [TargetTime::Post, TargetTime::Own(wall), TargetTime::Own(early)]);
    let due: Vec<_> = view.publications.iter().map(|p| p.due_at).collect();
    assert_eq!(due, [post.schedule.unwrap().resolve(), wall.resolve(), early.resolve()]);
    assert_eq!(view.post.schedule, post.schedule);
    let on_the_first_day = PostFilter {
        due_from: Some(early.resolve()),
        due_before: Some(early.resolve() + TimeDelta::seconds(1)),
        limit: 10,
        ..PostFilter::default()
    };
    assert_eq!(stage.posts.list(&stage.caller, &on_the_first_day).await.unwrap().len(), 1);
}
