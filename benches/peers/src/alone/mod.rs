//! stub
use anyhow::Result;
pub fn beside(
    _: &crate::stage::Stage,
    _: &crate::world::World,
    _: &mut crate::results::Results,
) -> Result<()> {
    Ok(())
}
pub fn run(_: &crate::world::World, _: &[std::path::PathBuf], _: &mut crate::results::Results) -> Result<()> {
    Ok(())
}
