//! Which names things happen at: few labels, so that names meet, and some that are long, deep or odd.

use fastrand::Rng;

use super::{Kind, World};
use crate::name::Name;

/// Labels that most names are made of.
const USUAL: &[&str] =
    &["a", "b", "c", "d", "www", "mail", "x1", "x2", "_tcp", "_sip", "foo", "bar", "0", "a-b"];

/// Octets that text and wire treat differently, or that some letter case table may get wrong.
const ODD: &[u8] = b"\0 .\"';()@$\\#/[`{~\x7f\x80\xc0\xe9\xff\t\n";

/// The name of a zone: a new one, or, more often than not, one or two labels below another.
pub fn apex(random: &mut Rng, world: &World, number: usize, without: &[Kind]) -> Name {
    let own = format!("z{number}");
    let nested = !without.contains(&Kind::Nested) && random.u8(..10) < 6;
    let above = random.choice(&world.zones).map(|zone| zone.apex.clone());
    let shallow = |name: &Name| name.labels() < 8;
    match above.filter(|above| nested && shallow(above)) {
        // Nothing, or an empty non-terminal, lies between parent and child.
        Some(above) if random.bool() => below(&above, &[&own]),
        Some(above) => below(&above, &[&own, "between"]),
        None => Name::of(&[&own, "test"]),
    }
}

/// A name below another one; the last label comes nearest to it.
pub fn below(name: &Name, labels: &[&str]) -> Name {
    labels.iter().rev().fold(name.clone(), |name, label| name.child(label.as_bytes()).unwrap_or(name))
}

/// A label.
pub fn label(random: &mut Rng, without: &[Kind]) -> Vec<u8> {
    let roll = random.u8(..40);
    match roll {
        0 if !without.contains(&Kind::Deep) => vec![b'l'; 63],
        1 if !without.contains(&Kind::Odd) => odd(random),
        2 if !without.contains(&Kind::Wildcard) => b"*".to_vec(),
        3 if !without.contains(&Kind::Wildcard) => b"**".to_vec(),
        _ => random.choice(USUAL).map_or_else(Vec::new, |label| label.as_bytes().to_vec()),
    }
}

fn odd(random: &mut Rng) -> Vec<u8> {
    (0..random.usize(1..4)).filter_map(|_| random.choice(ODD).copied()).collect()
}

/// A name below another one, new or not, by one to three labels.
pub fn near(random: &mut Rng, name: &Name, without: &[Kind]) -> Name {
    let labels = [1, 1, 1, 2, 2, 3][random.usize(..6)];
    grown(random, name, labels, without)
}

/// A name that many labels below another one.
pub fn grown(random: &mut Rng, name: &Name, labels: usize, without: &[Kind]) -> Name {
    let longer = |name: Name| name.child(&label(random, without)).unwrap_or(name);
    std::iter::repeat_n((), labels).fold(name.clone(), {
        let mut longer = longer;
        move |name, ()| longer(name)
    })
}

/// As deep as names may be, or somewhat less.
pub fn deep(random: &mut Rng, name: &Name) -> Name {
    let labels = if random.bool() { 127 } else { random.usize(20..127) };
    let mut deep = name.clone();
    while deep.labels() < labels {
        match deep.child(&[random.u8(b'a'..=b'b')]) {
            Some(child) => deep = child,
            None => break,
        }
    }
    deep
}
