//! One right answer, and what each changed octet makes of it.

use super::*;
use crate::wire;

const EXPECT: Expect = Expect { network: NETWORK, addresses: 4, subnet: true, cookie: true, missing: true };

/// An answer with one address and both options, or NXDOMAIN with an SOA's stand-in.
fn answer(query: &[u8], there: bool) -> Vec<u8> {
    let end = wire::question_end(query);
    let mut answer = query[..end].to_vec();
    answer[2] |= 0x84;
    if there {
        answer[7] = 1;
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 198, 51, 100, 2]);
    } else {
        answer[3] |= 3;
        answer[9] = 1;
        answer.extend([1, b'a', 0xc0, 12, 0, 6, 0, 1, 0, 0, 0, 60, 0, 2, 9, 9]);
    }
    answer.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 39]);
    answer.extend([0, 8, 0, 7, 0, 1, 24, 20, 192, 0, 2]);
    answer.extend([0, 10, 0, 24, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    answer
}

#[test]
fn what_is_right_is_right_and_what_is_wrong_has_its_name() {
    let there = wire::query(7, "n00001", Some([192, 0, 2]), true);
    let missing = wire::query(7, "x00001", Some([192, 0, 2]), true);
    let (good, none) = (answer(&there, true), answer(&missing, false));
    let end = wire::question_end(&there);
    let check = |query: &[u8], answer: &[u8]| EXPECT.check(query, end, answer);
    assert_eq!(check(&there, &good), Ok(Some(address(1))));
    assert_eq!(check(&missing, &none), Ok(None));

    // One octet changed, and what becomes of it.
    let rows = [
        (2, 0x00, Wrong::Flags),
        (2, 0x86, Wrong::Flags),
        (3, 0x03, Wrong::Code),
        (3, 0x02, Wrong::Code),
        (5, 2, Wrong::Question),
        (14, b'7', Wrong::Question),
        (7, 0, Wrong::Address),
        (7, 9, Wrong::Address),
        (9, 9, Wrong::Form),
        (end + 3, 28, Wrong::Address),
        (end + 12, 203, Wrong::Address),
        (end + 15, 5, Wrong::Address),
        (end + 15, 0, Wrong::Address),
        (end + 16 + 12, 9, Wrong::Subnet),
        (end + 16 + 17, 25, Wrong::Subnet),
        (end + 16 + 20, 1, Wrong::Subnet),
        (end + 16 + 26, 7, Wrong::Cookie),
    ];
    for (at, octet, wrong) in rows {
        let mut bad = good.clone();
        bad[at] = octet;
        assert_eq!(check(&there, &bad), Err(wrong), "octet {at}");
    }
    assert_eq!(check(&there, &none), Err(Wrong::Question));
    assert_eq!(check(&there, &good[..end - 1]), Err(Wrong::Form));
    assert_eq!(check(&there, &good[..good.len() - 40]), Err(Wrong::Form));

    // A server without subnets or cookies need not have them; the floor has nothing at all.
    let bare = Expect { subnet: false, cookie: false, ..EXPECT };
    let mut plain = good.clone();
    plain.truncate(end + 16);
    plain[11] = 0;
    assert_eq!(bare.check(&there, end, &plain), Ok(Some(address(1))));
    assert_eq!(check(&there, &plain), Err(Wrong::Subnet));
    let floor = Expect { addresses: 0, ..EXPECT };
    let mut echo = there.clone();
    assert_eq!(floor.check(&there, end, &echo), Err(Wrong::Flags));
    echo[2] |= 0x80;
    assert_eq!(floor.check(&there, end, &echo), Ok(None));
}
