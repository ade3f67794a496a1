//! The generator against servers that lose, repeat and garble.

use std::net::UdpSocket;

use super::*;
use crate::workload::Workload;

const FLOOR: Expect =
    Expect { network: crate::verify::NETWORK, addresses: 0, subnet: false, cookie: false, missing: false };

/// Answers what it is asked as `answer` says, until nothing comes any more.
fn server(mut answer: impl FnMut(usize, &mut Vec<u8>) -> usize + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let mut room = [0; 512];
        for count in 0.. {
            let Ok((length, peer)) = socket.recv_from(&mut room) else { return };
            let mut reply = room[..length].to_vec();
            reply[2] |= 0x80;
            for _ in 0..answer(count, &mut reply) {
                socket.send_to(&reply, peer).unwrap();
            }
        }
    });
    address
}

fn run(pace: Pace, answer: impl FnMut(usize, &mut Vec<u8>) -> usize + Send + 'static) -> Tally {
    let ring = Ring::new(Workload::Names, 7);
    let mut generator = Generator::new(server(answer), &ring, FLOOR).unwrap();
    // However slow this machine is: a thousand turns at the least, and the time for a few dozen queries.
    let turns = std::cell::Cell::new(0);
    let going = |now| {
        turns.set(turns.get() + 1);
        now < 50_000_000 || turns.get() < 1_000
    };
    generator.run_while(pace, going).unwrap()
}

#[test]
fn all_is_well() {
    for pace in [Pace::Saturated(16), Pace::Steady(2_000)] {
        let tally = run(pace, |_, _| 1);
        assert_eq!((tally.answered, tally.lost, tally.late), (tally.sent, 0, 0), "{pace:?}");
        tally.verified().unwrap();
    }
}

#[test]
fn what_is_missing_is_lost_and_what_is_too_much_is_stray() {
    let tally = run(Pace::Saturated(4), |count, _| if count == 2 { 0 } else { 1 });
    assert_eq!((tally.lost, tally.answered), (1, tally.sent - 1));
    let tally = run(Pace::Steady(1_000), |count, _| if count == 2 { 2 } else { 1 });
    assert_eq!(tally.wrong, BTreeMap::from([(Wrong::Stray, 1)]));
    assert_eq!(tally.verified().unwrap_err().to_string(), "1 answers: nobody had asked for it");
}

#[test]
fn an_answer_to_another_question_is_told() {
    let tally = run(Pace::Saturated(4), |count, reply| {
        reply[20] ^= u8::from(count == 1);
        1
    });
    assert_eq!(tally.wrong, BTreeMap::from([(Wrong::Question, 1)]));
}
