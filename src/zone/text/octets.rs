//! Record data in wire form, looked at from the left: what of it is what.

/// The octets that are left.
pub(super) struct Octets<'a>(pub &'a [u8]);

impl<'a> Octets<'a> {
    /// So many octets.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// One octet.
    pub fn octet(&mut self) -> Option<u8> {
        self.take(1).map(|octet| octet[0])
    }

    /// All of them.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// A character string, without its length.
    pub fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.octet()?;
        self.take(length.into())
    }

    /// One or more character strings, to the end.
    pub fn strings(&mut self) -> Option<()> {
        self.string()?;
        while !self.0.is_empty() {
            self.string()?;
        }
        Some(())
    }

    /// An uncompressed name.
    pub fn name(&mut self) -> Option<()> {
        let before = self.0.len();
        loop {
            match self.octet()? {
                0 => return (before - self.0.len() <= 255).then_some(()),
                length @ 1..=63 => drop(self.take(length.into())?),
                _ => return None,
            }
        }
    }

    /// Names to the end, perhaps none.
    pub fn names(&mut self) -> Option<()> {
        while !self.0.is_empty() {
            self.name()?;
        }
        Some(())
    }
}
