//! The serving process, from its first socket to its last reply.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{raise_descriptors, ready, this_node, watch as files};
use crate::answer::Worker;
use crate::anycast::{self, Latches};
use crate::api;
use crate::config::Config;
use crate::control::task::Clock;
use crate::control::{
    Built, Control, Handle, Node, Parts, Store, StoreError, Threads, Wiring, load, with_causes,
};
use crate::health::{self, Asker, Orders, TrustError};
use crate::model::{ProbeBudget, Problems};
use crate::resolver;
use crate::server::{BindError, Bound, Listeners, bind, tcp, udp};
use crate::snapshot::Shared;
use crate::system;
use crate::telemetry::Counters;
use crate::telemetry::hooks::Hooks;
use crate::webhook;

/// Observations that may wait for control.
const OBSERVATIONS: usize = 1024;

/// Scrapes at once: each may hold a page of metrics.
const SCRAPES: usize = 64;

/// What TCP connections get to end what they began.
const TCP_GRACE: Duration = Duration::from_secs(5);

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration does not load.
    #[error("{0}")]
    Problems(Problems),
    /// A socket cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The API's socket cannot be had.
    #[error("cannot bind the API to {0}{hint}", hint = bind::hint(.1))]
    Api(SocketAddr, #[source] std::io::Error),
    /// The state cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No certificate authority can be loaded.
    #[error("cannot verify TLS")]
    Trust(#[from] TrustError),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Random(#[from] getrandom::Error),
    /// No thread, no signal handler.
    #[error("cannot start")]
    System(#[from] std::io::Error),
    /// It served, and a part of it ended by itself.
    #[error("a part of the node ended by itself; leaving")]
    Ended,
}

impl ServeError {
    /// 2 where the configuration is to be mended, else 1.
    pub fn exit_code(&self) -> u8 {
        if let ServeError::Problems(_) = self { 2 } else { 1 }
    }
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
}

/// A node that answers.
pub struct Daemon {
    /// Where it answers, with the ports that the system chose.
    pub addresses: Vec<SocketAddr>,
    /// Where its API is.
    pub api: SocketAddr,
    /// A way to control.
    pub handle: Handle,
    /// What has to hold before it is ready.
    pub latches: watch::Receiver<Latches>,
    config: watch::Receiver<Arc<Config>>,
    mark: watch::Sender<Latches>,
    threads: Vec<JoinHandle<()>>,
    tasks: JoinSet<Part>,
    /// Ends answering.
    stop_answering: CancellationToken,
    /// Ends the rest.
    stop_rest: CancellationToken,
}

/// What a task was, when it ends.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// Its end is no loss.
    MayEnd,
    /// Without it the node is not whole.
    MustStay(&'static str),
}

/// The runtime for everything but answering.
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("control").enable_all().build()
}

impl Daemon {
    /// Loads, binds, opens, and answers.
    pub async fn start(options: &Options) -> Result<Daemon, ServeError> {
        let node = this_node()?;
        let built = load_or_fail(&options.config, &node).await?;
        let server = &built.config.server;
        let workers = match server.workers {
            0 => std::thread::available_parallelism().map_or(1, |count| count.get()),
            workers => workers,
        };
        // Before sockets are opened: many workers on many addresses need many.
        raise_descriptors();
        let listeners = Listeners::bind(&server.listen, workers)?;
        let api_listener = bind_api(built.config.api.listen)?;
        let clock: Clock = Arc::new(SystemTime::now);
        let (store, state) = Store::open(&built.config.state, clock())?;
        let asker = Arc::new(Asker::new(&[])?);
        let sockets: usize = listeners.udp.iter().map(Vec::len).sum();
        let parts = Parts { built, state, store, node, workers: sockets + 1, clock };
        Ok(Starting::new().run(parts, listeners, api_listener, asker)?)
    }

    /// Serves until SIGTERM or SIGINT, reloading on SIGHUP; then drains. A second signal ends the wait.
    pub async fn run(mut self) -> Result<(), ServeError> {
        let mut hang_up = signal(SignalKind::hangup())?;
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        loop {
            let dead = self.part_dies();
            tokio::select! {
                _ = hang_up.recv() => {
                    let handle = self.handle.clone();
                    // What came of it is logged and reported where it was done.
                    tokio::spawn(async move { drop(handle.reload().await) });
                }
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                () = dead => {
                    // A node whose control or probes are gone answers from a truth that nobody mends.
                    self.mark.send_modify(|latches| latches.stopping = true);
                    return Err(ServeError::Ended);
                }
            }
        }
        self.drain(&mut terminate, &mut interrupt).await;
        Ok(())
    }

    /// Returns when a task or a thread ended that should not have.
    async fn part_dies(&mut self) {
        let mut look = tokio::time::interval(Duration::from_secs(1));
        loop {
            tokio::select! {
                Some(ended) = self.tasks.join_next() => match ended {
                    // Two tasks end by themselves: the one that waits for first verdicts, and a watcher that the
                    // system does not permit.
                    Ok(Part::MayEnd) => {}
                    Ok(Part::MustStay(name)) => return error!(name, "ended by itself"),
                    Err(error) => return error!(%error, "ended by itself"),
                },
                _ = look.tick() => if self.threads.iter().any(JoinHandle::is_finished) {
                    return error!("a thread that answers ended by itself");
                },
            }
        }
    }

    /// Unready → wait → finish → gone.
    async fn drain(mut self, terminate: &mut Signal, interrupt: &mut Signal) {
        let wait = self.config.borrow().server.drain;
        info!(
            wait_seconds = wait.as_secs_f64(),
            "stopping: not ready any more, answering on while others notice"
        );
        self.mark.send_modify(|latches| latches.stopping = true);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = terminate.recv() => warn!("told twice: not waiting"),
            _ = interrupt.recv() => warn!("told twice: not waiting"),
        }
        self.stop_answering.cancel();
        let threads = std::mem::take(&mut self.threads);
        let join = move || threads.into_iter().for_each(|thread| drop(thread.join()));
        drop(tokio::task::spawn_blocking(join).await);
        self.stop_rest.cancel();
        while self.tasks.join_next().await.is_some() {}
        info!("stopped");
    }
}

async fn load_or_fail(path: &Path, node: &Node) -> Result<Built, ServeError> {
    let (path, node) = (path.to_owned(), node.clone());
    let loaded = tokio::task::spawn_blocking(move || load(&path, &node, Threads::Many)).await;
    let (built, problems) = loaded.map_err(std::io::Error::other)?;
    let built = built.ok_or_else(|| ServeError::Problems(problems.clone()))?;
    for problem in problems.sorted() {
        warn!("{problem}");
    }
    Ok(built)
}

fn bind_api(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    bind().map_err(|error| ServeError::Api(address, error))
}

//------------ Starting ------------------------------------------------------

/// The channels between the parts, before the parts exist.
struct Starting {
    stop_answering: CancellationToken,
    stop_rest: CancellationToken,
    threads: Vec<JoinHandle<()>>,
    tasks: JoinSet<Part>,
    counters: Vec<Arc<Counters>>,
}

impl Starting {
    fn new() -> Starting {
        Starting {
            stop_answering: CancellationToken::new(),
            stop_rest: CancellationToken::new(),
            threads: Vec::new(),
            tasks: JoinSet::new(),
            counters: Vec::new(),
        }
    }

    fn run(
        mut self,
        parts: Parts,
        listeners: Listeners,
        api_listener: TcpListener,
        asker: Arc<Asker>,
    ) -> std::io::Result<Daemon> {
        let api = api_listener.local_addr()?;
        let (observed, observations) = mpsc::channel(OBSERVATIONS);
        let (standing, wanted) = watch::channel(Arc::from([]));
        let (hurry, hurried) = watch::channel(Arc::from([]));
        let (budget, may) = watch::channel(parts.built.config.probes);
        let orders = Orders { wanted, hurry: hurried, budget: may };
        let (scrapes, scraped) = watch::channel(Arc::from([]));
        // Nobody hurries a scrape; each is of an address of its own, and small.
        let scraping = Orders {
            wanted: scraped,
            hurry: watch::channel(Arc::from([])).1,
            budget: watch::channel(ProbeBudget { in_flight: SCRAPES, ..ProbeBudget::default() }).1,
        };
        let (cut_off, is_cut_off) = watch::channel(None);
        let (first_verdicts, first) = watch::channel(false);
        let (config_now, config) = watch::channel(Arc::new(parts.built.config.clone()));
        let unready_when_cut = parts.built.config.server.unready_when_cut;
        let (mark, latches) = watch::channel(Latches { unready_when_cut, ..Latches::default() });
        let mut handle = None;
        let shutdown = self.stop_rest.clone();
        let control = Control::new(parts, |shared, _| {
            let (new, requests) = Handle::new(shared.clone());
            handle = Some(new);
            let config = config_now;
            Wiring {
                observations,
                requests,
                standing,
                hurry,
                budget,
                scrapes,
                cut_off,
                first_verdicts,
                config,
                shutdown,
            }
        });
        let Some(handle) = handle else { return Err(std::io::Error::other("control was not wired")) };
        let addresses: Vec<_> = listeners.bound.iter().map(|bound| bound.address).collect();
        listeners.bound.iter().for_each(note_receive_buffer);
        self.spawn_workers(listeners, &handle.shared)?;
        self.spawn(Part::MustStay("control"), control.run());
        let scrapes = health::run(Arc::clone(&asker), scraping, observed.clone(), self.stop_rest.clone());
        self.spawn(Part::MustStay("scrapes"), scrapes);
        let probes = health::run(asker, orders, observed, self.stop_rest.clone());
        self.spawn_prober(probes)?;
        self.spawn(Part::MayEnd, note_first_verdicts(first, mark.clone(), self.stop_rest.clone()));
        let cuts = note_cuts(is_cut_off, config.clone(), mark.clone(), self.stop_rest.clone());
        self.spawn(Part::MayEnd, cuts);
        let fitness = ready::run(latches.clone(), handle.clone(), self.stop_rest.clone());
        self.spawn(Part::MayEnd, fitness);
        let ask =
            anycast::ask::run(addresses.clone(), handle.shared.clone(), mark.clone(), self.stop_rest.clone());
        // It falls silent by itself once the node is stopping.
        self.spawn(Part::MayEnd, ask);
        self.spawn(Part::MayEnd, files::run(config.clone(), handle.clone(), self.stop_rest.clone()));
        let names = resolver::run(config.clone(), handle.clone(), self.stop_rest.clone());
        self.spawn(Part::MayEnd, names);
        let (told, hooks) = watch::channel(Hooks::default());
        let tell = webhook::run(config.clone(), handle.clone(), told, self.stop_rest.clone());
        // Where the system has no authorities to believe, it ends, and says so.
        self.spawn(Part::MayEnd, tell);
        self.spawn_api(api_listener, &handle, &config, (&latches, hooks));
        info!(addresses = ?addresses, %api, "answering");
        let Starting { stop_answering, stop_rest, threads, tasks, .. } = self;
        Ok(Daemon {
            addresses,
            api,
            handle,
            latches,
            config,
            mark,
            threads,
            tasks,
            stop_answering,
            stop_rest,
        })
    }

    fn spawn(&mut self, part: Part, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(async move {
            task.await;
            part
        });
    }

    /// Probes have a thread of their own. Handshakes keep it from anything else for a millisecond at a time, which nobody
    /// who asks the API has to wait for; a long report of control's makes no probe late; and what wakes one of them wakes no
    /// second thread that finds nothing to do.
    fn spawn_prober(&mut self, probes: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (running, ended) = oneshot::channel::<()>();
        std::thread::Builder::new().name("prober".into()).spawn(move || {
            runtime.block_on(probes);
            drop(running);
        })?;
        // Dropped when the thread ends, whatever ended it.
        self.spawn(Part::MustStay("probes"), async move { drop(ended.await) });
        Ok(())
    }

    /// Workers are numbered: UDP's sockets first, TCP's thread last.
    fn spawn_workers(&mut self, listeners: Listeners, shared: &Shared) -> std::io::Result<()> {
        let processors = system::processors();
        // With as many workers as processors each has its own. With fewer the system places them: processes that
        // each took the first few would crowd there and leave the rest idle.
        let pinned = listeners.udp.len() == processors.len();
        info!(workers = listeners.udp.len(), processors = processors.len(), pinned, "UDP workers");
        let taken = listeners.tcp.len() + listeners.udp.iter().map(Vec::len).sum::<usize>();
        let limits = tcp::Limits::within(raise_descriptors().saturating_sub(taken as u64));
        for (number, sockets) in listeners.udp.into_iter().enumerate() {
            for socket in sockets {
                let worker = udp::UdpWorker {
                    name: format!("udp-{number}"),
                    processor: processors.get(number).copied().filter(|_| pinned),
                    socket,
                    reader: shared.reader(),
                    worker: self.worker(),
                };
                self.threads.push(worker.spawn(self.stop_answering.clone())?);
            }
        }
        let worker = self.worker();
        let thread = spawn_tcp(listeners.tcp, shared, worker, limits, self.stop_answering.clone())?;
        self.threads.push(thread);
        Ok(())
    }

    fn worker(&mut self) -> Worker {
        let counters = Arc::new(Counters::default());
        let index = self.counters.len();
        self.counters.push(Arc::clone(&counters));
        Worker::new(index, fastrand::u64(..), counters)
    }

    fn spawn_api(
        &mut self,
        listener: TcpListener,
        handle: &Handle,
        config: &watch::Receiver<Arc<Config>>,
        (latches, hooks): (&watch::Receiver<Latches>, watch::Receiver<Hooks>),
    ) {
        let context = api::Context {
            handle: handle.clone(),
            config: config.clone(),
            latches: latches.clone(),
            counters: self.counters.clone(),
            hooks,
            clock: Arc::new(SystemTime::now),
            version: env!("CARGO_PKG_VERSION"),
        };
        let shutdown = self.stop_rest.clone();
        self.spawn(Part::MustStay("API"), async move {
            if let Err(error) = api::run(listener, context, shutdown).await {
                warn!(error = with_causes(&error), "the API ended");
            }
        });
    }
}

/// Says what the system granted, because it is what a burst may fill before queries are lost.
fn note_receive_buffer(bound: &Bound) {
    let (address, octets) = (bound.address, bound.receive_buffer);
    // Nobody floods a node by way of loopback but to measure it.
    if octets < bind::RECEIVE_BUFFER && !address.ip().is_loopback() {
        let asked = bind::RECEIVE_BUFFER;
        warn!(%address, octets, asked, "a small UDP receive buffer; raise net.core.rmem_max or grant CAP_NET_ADMIN");
    } else {
        info!(%address, octets, "UDP receive buffer");
    }
}

/// TCP's thread, with an event loop of its own.
fn spawn_tcp(
    listeners: Vec<TcpListener>,
    shared: &Shared,
    worker: Worker,
    limits: tcp::Limits,
    shutdown: CancellationToken,
) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reader = shared.reader();
    std::thread::Builder::new().name("tcp".into()).spawn(move || {
        let local = tokio::task::LocalSet::new();
        let serve = tcp::run(listeners, reader, worker, limits, shutdown, TCP_GRACE);
        if let Err(error) = local.block_on(&runtime, serve) {
            warn!(%error, "TCP ended");
        }
    })
}

async fn note_first_verdicts(
    mut first: watch::Receiver<bool>,
    mark: watch::Sender<Latches>,
    shutdown: CancellationToken,
) {
    let arrived = tokio::select! {
        () = shutdown.cancelled() => return,
        arrived = first.wait_for(|first| *first) => arrived.is_ok(),
    };
    if arrived {
        info!("first verdicts are in");
        mark.send_modify(|latches| latches.first_verdicts = true);
    }
}

/// Whether the node seems cut off, and what the operator wants of one that is: both may change at any time.
async fn note_cuts(
    mut cut_off: watch::Receiver<Option<SystemTime>>,
    mut config: watch::Receiver<Arc<Config>>,
    mark: watch::Sender<Latches>,
    shutdown: CancellationToken,
) {
    loop {
        let changed = tokio::select! {
            () = shutdown.cancelled() => return,
            changed = cut_off.changed() => changed,
            changed = config.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
        let cut_off = cut_off.borrow_and_update().is_some();
        let unready_when_cut = config.borrow_and_update().server.unready_when_cut;
        mark.send_if_modified(|latches| {
            let before = (latches.cut_off, latches.unready_when_cut);
            (latches.cut_off, latches.unready_when_cut) = (cut_off, unready_when_cut);
            before != (cut_off, unready_when_cut)
        });
    }
}
