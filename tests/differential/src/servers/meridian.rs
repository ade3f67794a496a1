//! Meridian as `serve` runs it, with static zones alone.

use anyhow::Result;

use super::{Seat, words, write};

pub(super) fn prepare(seat: &Seat) -> Result<Vec<String>> {
    let state = seat.place.join("state").display().to_string();
    let mut file = format!(
        "[server]\nlisten = [\"{}\"]\nworkers = 1\nstate = {state:?}\ndrain = \"0s\"\n[api]\nlisten = \"{}\"\n",
        seat.address, seat.api
    );
    for (name, path) in seat.zones {
        let path = path.display().to_string();
        file += &format!("[zones.\"{name}\"]\nfile = {path:?}\n");
    }
    let path = write(seat, "meridian.toml", &file)?;
    Ok(words(&["serve", "--config", &path]))
}
