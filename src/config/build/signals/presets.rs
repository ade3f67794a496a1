//! The load balancers that we know: where their metrics are, and which of them are signals.
//!
//! `$` stands for the labels that the operator wrote, where a metric has labels that tell services apart.

use crate::config::leaf::Preset;
use crate::model::{Formula, MetricsFormat, Signal};

/// A signal, and what it is made of.
type Row = (Signal, &'static str);

/// HAProxy 2.4 and later: <https://docs.haproxy.org/2.6/management.html>, `http-request use-service prometheus-exporter`.
const HAPROXY: &[Row] = &[
    (Signal::Connections, "haproxy_backend_current_sessions{$}"),
    (Signal::Requests, "haproxy_backend_http_requests_total{$}"),
    (
        Signal::Errors,
        r#"haproxy_backend_http_responses_total{code="5xx",$} / haproxy_backend_http_responses_total{$}"#,
    ),
    (Signal::Latency, "haproxy_backend_total_time_average_seconds{$}"),
    (Signal::Utilization, "haproxy_process_current_connections / haproxy_process_max_connections"),
];

/// nginx: <https://nginx.org/en/docs/http/ngx_http_stub_status_module.html>; the exporter gives the same, whether Debian's
/// 0.11 or 1.x.
const NGINX: &[Row] =
    &[(Signal::Connections, "nginx_connections_active"), (Signal::Requests, "nginx_http_requests_total")];

/// Envoy: <https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/stats>. Its own interface for
/// operators is no service. Times are in milliseconds. Timeouts are counted by cluster, and clusters have no label of the
/// listener: where labels tell one service from another, the timeouts of all would be held against each.
const ENVOY: &[Row] = &[
    (Signal::Connections, r#"envoy_http_downstream_cx_active{envoy_http_conn_manager_prefix!="admin",$}"#),
    (Signal::Requests, r#"envoy_http_downstream_rq_total{envoy_http_conn_manager_prefix!="admin",$}"#),
    (
        Signal::Errors,
        r#"envoy_http_downstream_rq_xx{envoy_response_code_class="5",envoy_http_conn_manager_prefix!="admin",$} / envoy_http_downstream_rq_xx{envoy_http_conn_manager_prefix!="admin",$}"#,
    ),
    (Signal::Timeouts, "envoy_cluster_upstream_rq_timeout / envoy_cluster_upstream_rq_total"),
    (
        Signal::Latency,
        r#"envoy_http_downstream_rq_time_sum{envoy_http_conn_manager_prefix!="admin",$} / envoy_http_downstream_rq_time_count{envoy_http_conn_manager_prefix!="admin",$} * 0.001"#,
    ),
];

/// Traefik 3: <https://doc.traefik.io/traefik/observability/metrics/overview/>. The entry point `traefik` is where it shows
/// itself: the scrape would count itself. Connections have no label of the service.
const TRAEFIK: &[Row] = &[
    (Signal::Connections, r#"traefik_open_connections{entrypoint!="traefik"}"#),
    (Signal::Requests, "traefik_service_requests_total{$}"),
    (Signal::Errors, r#"traefik_service_requests_total{code=~"5..",$} / traefik_service_requests_total{$}"#),
    (
        Signal::Latency,
        "traefik_service_request_duration_seconds_sum{$} / traefik_service_request_duration_seconds_count{$}",
    ),
];

fn rows(preset: Preset) -> &'static [Row] {
    match preset {
        Preset::Haproxy => HAPROXY,
        Preset::Nginx | Preset::NginxExporter => NGINX,
        Preset::Envoy => ENVOY,
        Preset::Traefik => TRAEFIK,
        Preset::Prometheus => &[],
    }
}

/// What a preset's signals are made of, with the operator's labels filled in.
pub fn formulas(preset: Preset, labels: &str) -> Vec<(Signal, Formula)> {
    let labels = labels.trim().trim_end_matches(',');
    let filled = |text: &str| match labels {
        "" => text.replace("{$}", "").replace(",$", ""),
        labels => text.replace('$', labels),
    };
    let fill = |(signal, text): &Row| Some((*signal, Formula::parse(&filled(text)).ok()?));
    let is_others =
        |signal: Signal| preset == Preset::Envoy && signal == Signal::Timeouts && !labels.is_empty();
    rows(preset).iter().filter(|(signal, _)| !is_others(*signal)).filter_map(fill).collect()
}

/// Whether labels can be filled in.
pub fn has_labels(preset: Preset) -> bool {
    rows(preset).iter().any(|(_, text)| text.contains('$'))
}

/// The port that a preset's metrics are at; `None`: the operator says.
pub fn port(preset: Preset) -> Option<u16> {
    match preset {
        Preset::Haproxy => Some(8404),
        Preset::Nginx | Preset::Prometheus => None,
        Preset::NginxExporter => Some(9113),
        Preset::Envoy => Some(9901),
        Preset::Traefik => Some(8080),
    }
}

/// The path that they are at.
pub fn path(preset: Preset) -> &'static str {
    match preset {
        Preset::Nginx => "/stub_status",
        Preset::Envoy => "/stats/prometheus",
        Preset::Haproxy | Preset::NginxExporter | Preset::Traefik | Preset::Prometheus => "/metrics",
    }
}

/// How they are written.
pub fn format(preset: Preset) -> MetricsFormat {
    if preset == Preset::Nginx { MetricsFormat::StubStatus } else { MetricsFormat::Exposition }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::leaf::Word;

    #[test]
    fn every_preset_reads_with_labels_and_without() {
        for (_, preset) in Preset::WORDS {
            for labels in ["", r#"proxy="www""#, r#"proxy="www",code!="404","#] {
                let others = usize::from(*preset == Preset::Envoy && !labels.is_empty());
                assert_eq!(
                    formulas(*preset, labels).len(),
                    rows(*preset).len() - others,
                    "{preset:?} {labels}"
                );
            }
        }
        let first = |labels| formulas(Preset::Haproxy, labels)[0].1.as_str().to_owned();
        assert_eq!(first(r#"proxy="www""#), r#"haproxy_backend_current_sessions{proxy="www"}"#);
        assert_eq!(first(""), "haproxy_backend_current_sessions");
    }
}
