//! stub until the API's branch is merged
#[derive(Debug, clap::Args)]
pub struct CtlArgs {}
pub async fn run(_: CtlArgs) -> std::io::Result<()> {
    Ok(())
}
