//! Two hours of 100,000 client networks behind caching resolvers, and a server that spills: the loss of one of five
//! regions at 70 % of what all of them take, and its return.
//!
//! Control and answering are the real ones, in process and with the clock in hand; every answer is a packet. Resolvers keep
//! what they get for its TTL and ask again when somebody wants it. `crowd` is the clients, `story` the two hours, `picture`
//! draws them where `MERIDIAN_PICTURES` names a directory.
#![allow(missing_docs, reason = "a test")]

#[path = "closed_loop/mod.rs"]
mod closed_loop;
#[path = "common/mmdb.rs"]
mod mmdb;
#[path = "scenario/mod.rs"]
#[allow(dead_code, reason = "its world alone is wanted")]
mod scenario;

use closed_loop::story::{Source, Story, TTL};

/// What has to hold whatever tells of the load.
fn check(story: &Story, allowed_above_hard: u64, turns: usize) {
    let longest = story.longest_above_hard();
    assert!(longest <= allowed_above_hard, "above hard for {longest} s");
    for (region, count) in story.turns().into_iter().enumerate() {
        assert!(count <= turns, "k of region {region} turned {count} times");
    }
}

#[tokio::test(start_paused = true)]
async fn demand_spreads_a_lost_region_before_anybody_comes() {
    let story = Story::told(Source::Demand).await;
    story.draw("spill-demand");
    println!("{story}");
    check(&story, 2 * TTL, 2);
    // Whoever lost its region went to the next ones in its own order, and nobody else moved without need.
    let spread = story.spread();
    assert!(spread.homeless_to_first_two > 0.9, "{spread:?}");
    assert!(spread.others_that_moved < 0.2, "{spread:?}");
    assert!(story.returned() > 0.999, "{} of those who lost their region returned", story.returned());
    assert!(story.at_home() > 0.98, "{} at home", story.at_home());
}

#[tokio::test(start_paused = true)]
async fn reports_alone_settle_without_swinging() {
    let story = Story::told(Source::Reports).await;
    story.draw("spill-reports");
    println!("{story}");
    // Nobody knows before the load has come: that is one TTL, and one more to shed it.
    check(&story, 4 * TTL, 6);
    assert!(story.returned() > 0.999, "{} of those who lost their region returned", story.returned());
    assert!(story.at_home() > 0.97, "{} at home", story.at_home());
}
