# syntax=docker/dockerfile:1
# One static binary on nothing. `make image`, or: docker build --tag meridian .

FROM rust:1-slim-bookworm AS build
# A C compiler for the TLS library; everything else comes with Cargo.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ libc6-dev make ca-certificates \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# glibc linked in statically: no dynamic loader, no libraries, nothing to patch but this binary.
RUN TARGET="$(uname -m)-unknown-linux-gnu" \
    && RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --target "$TARGET" \
    # Names of functions stay for backtraces; tables of lines are most of the file and go.
    && strip --strip-debug "target/$TARGET/release/meridian" \
    && install -D -m 0755 "target/$TARGET/release/meridian" /image/meridian \
    # Authorities that https checks trust. Without this file the ones built into the binary are used;
    # mount your own over it for a private authority.
    && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    # Nobody can make directories in an empty image: configuration, and what must last.
    && mkdir -p /image/etc/meridian /image/var/lib/meridian \
    && chown -R 65532:65532 /image/var/lib/meridian

FROM scratch
LABEL org.opencontainers.image.title="Meridian" \
      org.opencontainers.image.description="An authoritative DNS server for global server load balancing" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /image/ /
# Neither root nor anybody else who owns a file.
USER 65532:65532
WORKDIR /etc/meridian
# DNS; the API, which demands tokens on any address but loopback. Containers may bind port 53 without
# privileges (net.ipv4.ip_unprivileged_port_start is 0 in them), except with the host's network.
EXPOSE 53/udp 53/tcp 8053/tcp
VOLUME ["/var/lib/meridian"]
# SIGTERM: not ready, answer on for server.drain, finish, exit 0. Give it longer than that before SIGKILL.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD ["/meridian", "ctl", "ready"]
ENTRYPOINT ["/meridian"]
CMD ["serve", "--config", "/etc/meridian/meridian.toml"]
