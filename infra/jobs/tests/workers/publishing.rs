//! The publishing workers: each step in its turn, nothing too early, nothing too late, nothing twice.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use jobs::publishing::Limits;
use publishing::{
    id::PublicationId,
    queue::{Next, Queue},
    timing::Timing,
};

use crate::{
    memory_queue::Happened,
    shop::{Shop, TIMING},
};

#[tokio::test]
async fn a_publication_goes_its_way_from_preparation_to_its_permalink() {
    let shop = Shop::set();
    let id = shop.queue.put(Queue::Preparation, Duration::from_millis(50));
    let open = shop.open(Limits::default());
    shop.until_recorded(id, 3).await;
    shop.close(open).await;
    let way = shop.recorded(id);
    assert!(
        matches!(
            way[..],
            [Next::Ready, Next::Published { .. }, Next::FollowUp { permalink: Some(_), after: None }]
        ),
        "{way:?}"
    );
    assert_eq!([shop.told("prepare", id), shop.told("publish", id), shop.told("permalink", id)], [1, 1, 1]);
}

#[tokio::test]
async fn what_a_process_published_it_follows_up_without_another_claim() {
    let shop = Shop::set();
    let ids: Vec<_> = (0..50).map(|_| shop.queue.put(Queue::Permit, Duration::ZERO)).collect();
    let open = shop.open(Limits { follow_ups: 3, ..Limits::default() });
    for id in &ids {
        shop.until_recorded(*id, 2).await;
    }
    shop.close(open).await;
    assert!(ids.iter().all(|id| shop.told("permalink", *id) == 1));
    assert_eq!(shop.history.count(|event| matches!(event, Happened::Claimed(Queue::FollowUp, _))), 0);
}

#[tokio::test]
async fn a_channel_that_was_disconnected_since_is_not_asked_for_a_permalink() {
    let shop = Shop::with(Timing { follow_up_pause: Duration::from_secs(1), ..TIMING });
    let id = shop.queue.put(Queue::Permit, Duration::ZERO);
    let open = shop.open(Limits::default());
    shop.until_recorded(id, 1).await;
    shop.queue.cut_off(id);
    let asked = |event: &Happened| matches!(event, Happened::Doubted(claim) if claim.publication == id);
    shop.history.until("it is asked whether the claim stands", |events| events.iter().any(asked)).await;
    shop.close(open).await;
    assert_eq!(shop.told("permalink", id), 0);
}

#[tokio::test]
async fn a_permit_does_not_wait_for_preparations() {
    let shop = Shop::set();
    shop.platform.close("prepare");
    for _ in 0..20 {
        shop.queue.put(Queue::Preparation, Duration::ZERO);
    }
    let open = shop.open(Limits { preparations: 1, ..Limits::default() });
    let permitted = shop.queue.put(Queue::Permit, Duration::ZERO);
    shop.until_recorded(permitted, 1).await;
    shop.platform.open("prepare");
    shop.close(open).await;
    assert_eq!([shop.told("prepare", permitted), shop.told("publish", permitted)], [0, 1]);
}

#[tokio::test]
async fn nothing_is_sent_before_its_time() {
    let shop = Shop::set();
    let due = |n: u64| shop.queue.put(Queue::Permit, Duration::from_millis(8 * n));
    let ids: Vec<_> = (0..25).map(due).collect();
    let times: Vec<_> = ids.iter().map(|id| shop.queue.due(*id)).collect();
    let open = shop.open(Limits::default());
    for (id, due) in ids.into_iter().zip(times) {
        shop.until_told("publish", id).await;
        assert!(sent_at(&shop, id)[0] >= due, "{id} was sent early");
    }
    shop.close(open).await;
}

fn sent_at(shop: &Shop, id: PublicationId) -> Vec<Instant> {
    let at = |event: Happened| match event {
        Happened::Told("publish", of, at) if of == id => Some(at),
        _ => None,
    };
    shop.history.events().into_iter().filter_map(at).collect()
}

#[tokio::test]
async fn a_permit_whose_window_has_closed_goes_back_unsent() {
    let shop = Shop::set();
    shop.platform.close("publish");
    let permits =
        [shop.queue.put(Queue::Permit, Duration::ZERO), shop.queue.put(Queue::Permit, Duration::ZERO)];
    let open = shop.open(Limits { sends: 1, ..Limits::default() });
    let sent = |id: &PublicationId| shop.told("publish", *id) == 1;
    shop.history.until("one is sent", |events| events.iter().any(|e| matches!(e, Happened::Told(..)))).await;
    let second = *permits.iter().find(|id| !sent(id)).unwrap();
    // The first call takes longer than the second may wait for its turn.
    tokio::time::sleep(TIMING.permit_lead + TIMING.send_window).await;
    shop.platform.open("publish");
    shop.until_recorded(second, 1).await;
    shop.close(open).await;
    let returned = shop.given_back(second);
    let Some(last) = returned.last() else { panic!("the late permit was not given back") };
    let order = shop.history.events();
    let place = |which: &dyn Fn(&Happened) -> bool| order.iter().position(which).unwrap();
    let back = place(&|e| matches!(e, Happened::GivenBack(claim) if claim == last));
    let sending = place(&|e| matches!(e, Happened::Told("publish", id, _) if *id == second));
    assert!(back < sending, "it was sent under the permit whose window had closed");
    assert_eq!(shop.told("publish", second), 1);
}

#[tokio::test]
async fn a_permit_for_a_time_after_its_window_is_never_used() {
    let shop = Shop::set();
    let far = TIMING.permit_lead + TIMING.send_window + Duration::from_millis(100);
    let id = shop.queue.put(Queue::Permit, far);
    let due = shop.queue.due(id);
    let open = shop.open(Limits::default());
    shop.history.until("it came back", |_| !shop.given_back(id).is_empty()).await;
    assert!(Instant::now() >= due && sent_at(&shop, id).is_empty());
    shop.close(open).await;
}

/// A window that even a busy machine does not miss.
const PATIENT: Timing =
    Timing { permit_lead: Duration::from_secs(1), send_window: Duration::from_secs(30), ..TIMING };

#[tokio::test]
async fn a_permit_that_does_not_stand_any_more_is_not_used() {
    let shop = Shop::with(PATIENT);
    let soon = Duration::from_millis(1_500);
    let ids = [shop.queue.put(Queue::Permit, soon), shop.queue.put(Queue::Permit, soon)];
    let open = shop.open(Limits::default());
    shop.until_permitted(&ids).await;
    shop.queue.cut_off(ids[0]);
    shop.until_recorded(ids[1], 1).await;
    shop.close(open).await;
    assert_eq!((shop.told("publish", ids[0]), shop.told("publish", ids[1])), (0, 1));
    let unsent = shop.recorded(ids[0]);
    assert_eq!(unsent.len(), 1, "this process knows that nothing was sent, and says so");
}

#[tokio::test]
async fn without_the_certainty_that_a_permit_stands_nothing_is_sent() {
    let shop = Shop::with(PATIENT);
    shop.queue.confirm_outages.store(1_000, Ordering::SeqCst);
    let id = shop.queue.put(Queue::Permit, Duration::from_millis(1_500));
    let open = shop.open(Limits::default());
    let doubted = |event: &Happened| matches!(event, Happened::Doubted(claim) if claim.publication == id);
    shop.history.until("it is doubted", |events| events.iter().any(doubted)).await;
    shop.close(open).await;
    assert_eq!(shop.told("publish", id), 0);
}

#[tokio::test]
async fn a_step_that_panics_frees_its_slot() {
    let shop = Shop::set();
    let one = Limits { preparations: 1, looks: 1, follow_ups: 1, permits: 1, sends: 1 };
    for (queue, verb) in [(Queue::Preparation, "prepare"), (Queue::Permit, "publish"), (Queue::Look, "look")]
    {
        let cursed = [shop.queue.put(queue, Duration::ZERO), shop.queue.put(queue, Duration::ZERO)];
        shop.platform.cursed.lock().unwrap().extend(cursed);
        let fine = shop.queue.put(queue, Duration::ZERO);
        let open = shop.open(one);
        shop.until_recorded(fine, 1).await;
        drop(open);
        for id in cursed {
            shop.until_told(verb, id).await;
            assert!(shop.recorded(id).is_empty(), "what panicked has no result");
        }
    }
    shop.shutdown.cancel();
}

#[tokio::test]
async fn at_the_end_what_was_begun_is_finished_and_the_rest_goes_back() {
    let shop = Shop::set();
    shop.platform.close("publish");
    let sent = shop.queue.put(Queue::Permit, Duration::ZERO);
    let waiting = shop.queue.put(Queue::Permit, Duration::from_secs(100));
    let open = shop.open(Limits::default());
    shop.until_told("publish", sent).await;
    shop.until_permitted(&[sent, waiting]).await;
    shop.shutdown.cancel();
    shop.history.until("the waiting one came back", |_| shop.given_back(waiting).len() == 1).await;
    assert!(!open.is_finished(), "a call is on its way");
    shop.platform.open("publish");
    shop.close(open).await;
    assert!(matches!(shop.recorded(sent)[..], [Next::Published { .. }]));
    assert_eq!((shop.told("publish", sent), shop.told("publish", waiting)), (1, 0));
}

#[tokio::test]
async fn at_the_end_what_stands_in_line_goes_back_and_is_never_sent() {
    let shop = Shop::with(Timing { send_window: Duration::from_mins(1), ..TIMING });
    shop.platform.close("publish");
    let sent = shop.queue.put(Queue::Permit, Duration::ZERO);
    let open = shop.open(Limits { sends: 1, ..Limits::default() });
    shop.until_told("publish", sent).await;
    let in_line: Vec<_> = (0..20).map(|_| shop.queue.put(Queue::Permit, Duration::ZERO)).collect();
    shop.until_permitted(&in_line).await;
    shop.shutdown.cancel();
    for id in &in_line {
        shop.history.until("it came back", |_| shop.given_back(*id).len() == 1).await;
    }
    assert!(!open.is_finished(), "a call is on its way");
    shop.platform.open("publish");
    shop.close(open).await;
    assert_eq!(in_line.iter().map(|id| shop.told("publish", *id)).sum::<usize>(), 0);
}

#[tokio::test]
async fn a_lease_is_kept_while_its_step_lasts_and_a_permit_is_not_a_lease() {
    let shop = Shop::set();
    shop.platform.close("prepare");
    shop.platform.close("publish");
    let prepared = shop.queue.put(Queue::Preparation, Duration::ZERO);
    let sent = shop.queue.put(Queue::Permit, Duration::ZERO);
    let open = shop.open(Limits::default());
    shop.until_told("publish", sent).await;
    let kept = |events: &[Happened], id: PublicationId| {
        events
            .iter()
            .filter(|event| matches!(event, Happened::Kept(claim) if claim.publication == id))
            .count()
    };
    shop.history.until("its lease is kept", |events| kept(events, prepared) >= 5).await;
    assert_eq!(kept(&shop.history.events(), sent), 0);
    shop.platform.open("prepare");
    shop.platform.open("publish");
    shop.until_recorded(prepared, 1).await;
    shop.close(open).await;
}

#[tokio::test]
async fn while_the_queue_is_away_results_wait_and_nothing_is_sent_twice() {
    let shop = Shop::set();
    shop.queue.claim_outages.store(6, Ordering::SeqCst);
    shop.queue.record_outages.store(4, Ordering::SeqCst);
    let id = shop.queue.put(Queue::Permit, Duration::ZERO);
    let open = shop.open(Limits::default());
    shop.until_recorded(id, 1).await;
    shop.close(open).await;
    assert_eq!(shop.queue.record_outages.load(Ordering::SeqCst), 0);
    assert_eq!(shop.told("publish", id), 1);
}

#[tokio::test]
async fn a_result_whose_claim_was_lost_is_not_written() {
    let shop = Shop::set();
    shop.platform.close("prepare");
    let id = shop.queue.put(Queue::Preparation, Duration::ZERO);
    let open = shop.open(Limits::default());
    shop.until_told("prepare", id).await;
    shop.queue.take_over(id);
    shop.platform.open("prepare");
    shop.history
        .until("something was recorded", |events| {
            events.iter().any(|event| matches!(event, Happened::Recorded(_)))
        })
        .await;
    shop.close(open).await;
    assert!(shop.recorded(id).is_empty());
}
