//! Certificates that were found good, so that no probe verifies again what the probe before has shown.
//!
//! Most servers show the same chain to every probe. Verified again for the same name against the same authorities, it
//! can only turn out otherwise when time has run out for one of its certificates, so a verification counts until the first
//! of them ends. The handshake itself is verified every time: whoever shows a chain must hold its key.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest, Sha256};

/// So many are kept: one more, and all are looked at anew.
const MOST: usize = 4096;

/// What a server showed, and for which name: a digest of all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shown([u8; 32]);

impl Shown {
    pub(super) fn new(
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
    ) -> Shown {
        let mut digest = Sha256::new();
        let name = name.to_str();
        let parts = std::iter::once(leaf).chain(intermediates).map(AsRef::as_ref);
        for part in std::iter::once(name.as_bytes()).chain(parts) {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Shown(digest.finalize().into())
    }
}

/// What was found good, and from when until when.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<Shown, (Duration, Duration)>>);

impl Known {
    /// Whether it was found good, and still must be.
    pub(super) fn holds(&self, shown: &Shown, now: UnixTime) -> bool {
        let now = Duration::from_secs(now.as_secs());
        self.all().get(shown).is_some_and(|(from, until)| (*from..=*until).contains(&now))
    }

    /// Keeps what was found good now, until the first of its certificates ends; not at all if one has no end that can be
    /// read.
    pub(super) fn keep(&self, shown: Shown, now: UnixTime, ends: impl Iterator<Item = Option<SystemTime>>) {
        let Some(ends) = ends.collect::<Option<Vec<_>>>() else { return };
        let first = ends.into_iter().min().and_then(|end| end.duration_since(SystemTime::UNIX_EPOCH).ok());
        let Some(until) = first else { return };
        let mut all = self.all();
        if all.len() == MOST {
            all.clear();
        }
        all.insert(shown, (Duration::from_secs(now.as_secs()), until));
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Shown, (Duration, Duration)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
