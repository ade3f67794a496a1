//! Witnesses: who is probed for the proof that this node's own network works.

use super::Builder;
use crate::config::Config;
use crate::config::file;
use crate::config::leaf::{Kind, OneOf};
use crate::config::reader::{Entry, Map, Named, quoted};
use crate::model::Witness;

impl Builder<'_> {
    /// The witnesses in written order.
    pub fn witnesses(&mut self, entry: &Entry<Map<file::Witness>>) -> Vec<Witness> {
        let written = entry.value().map_or(&[][..], |map| &map.0);
        if let Some(first_over) = written.get(Config::MAX_WITNESSES) {
            let (count, most) = (written.len(), Config::MAX_WITNESSES);
            self.error(
                &first_over.span,
                format!("{count} witnesses are too many; at most {most} are possible"),
            );
        }
        written.iter().filter_map(|named| self.witness(named)).collect()
    }

    fn witness(&mut self, named: &Named<file::Witness>) -> Option<Witness> {
        let (name, witness) = (quoted(&named.name), named.value.as_ref()?);
        let text = format!("witness {name} has no 'address'");
        let address = self.required(&witness.address, &named.span, &text).map(|address| address.0);
        let text = format!("witness {name} has no 'check'");
        self.required(&witness.check, &named.span, &text)?;
        let check = self.check(&witness.check);
        let kind = witness.check.value().and_then(|check| check.kind.marked());
        let probed = check.filter(|check| check.probe.is_some());
        if let (None, Some((OneOf(Kind::None | Kind::Service), span))) = (&probed, kind) {
            self.error(span, format!("witness {name} is never probed, and so can prove nothing"));
        }
        let check = probed?;
        Some(Witness { name: named.name.clone(), address: address?, check })
    }
}
