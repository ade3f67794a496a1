//! stub
#[derive(Debug, clap::Args)]
pub struct CtlArgs {}
pub async fn run(_: CtlArgs) -> std::io::Result<()> {
    Ok(())
}
