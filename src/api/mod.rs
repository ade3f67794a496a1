//! stub until the API's branch is merged
pub struct Context {
    pub handle: crate::control::Handle,
    pub config: tokio::sync::watch::Receiver<std::sync::Arc<crate::config::Config>>,
    pub latches: tokio::sync::watch::Receiver<crate::anycast::Latches>,
    pub counters: Vec<std::sync::Arc<crate::telemetry::Counters>>,
}
pub async fn run(
    _l: std::net::TcpListener,
    c: Context,
    shutdown: tokio_util::sync::CancellationToken,
) -> std::io::Result<()> {
    let _keep = c;
    shutdown.cancelled().await;
    Ok(())
}
