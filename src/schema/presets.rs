//! The field names of known log formats.

use Sign::{Number, Text};

/// A known format: the paths of its roles in the order of [`crate::event::Role`].
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    /// What writes such records, for help texts.
    pub about: &'static str,
    /// time, service, message, status, id
    pub paths: [Option<&'static str>; 5],
    /// Further fields that tell such records from others with the same names.
    pub signs: &'static [(&'static str, Sign)],
}

/// What a telling field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Number,
    Text,
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

const fn of(
    name: &'static str,
    about: &'static str,
    paths: [&'static str; 5],
    signs: &'static [(&'static str, Sign)],
) -> Preset {
    let mut roles = [None; 5];
    let mut role = 0;
    while role < 5 {
        if !paths[role].is_empty() {
            roles[role] = Some(paths[role]);
        }
        role += 1;
    }
    Preset { name, about, paths: roles, signs }
}

/// All known formats; the first is the default.
#[rustfmt::skip]
pub const PRESETS: &[Preset] = &[
    of("lab", "the microservices lab (default)", ["timestamp", "service", "message", "status", "id"], &[("timestamp", Number)]),
    of("ecs", "Elastic Common Schema", ["@timestamp", "service.name", "message", "http.response.status_code", "event.id"], &[("@timestamp", Text)]),
    of("otel", "OpenTelemetry log data model", ["Timestamp", "Resource.service.name", "Body", "Attributes.http.response.status_code", "Attributes.log.record.uid"], &[("SeverityText", Text)]),
    of("docker", "Docker's json-file driver", ["time", "attrs.tag", "log", "", ""], &[("stream", Text), ("time", Text)]),
    of("k8s", "Kubernetes logs as Fluent Bit enriches them", ["time", "kubernetes.container_name", "log", "status", ""], &[("kubernetes.pod_name", Text), ("time", Text)]),
    of("nginx", "nginx with a JSON log_format", ["time_iso8601", "server_name", "request", "status", "request_id"], &[("remote_addr", Text)]),
    of("caddy", "Caddy access logs", ["ts", "request.host", "msg", "status", ""], &[("request.method", Text), ("request.uri", Text)]),
    of("pino", "pino and pino-http (Node.js)", ["time", "name", "msg", "res.statusCode", "req.id"], &[("level", Number), ("pid", Number), ("time", Number)]),
    of("bunyan", "bunyan (Node.js)", ["time", "name", "msg", "res.statusCode", "req_id"], &[("level", Number), ("pid", Number), ("v", Number), ("time", Text)]),
    of("zap", "zap (Go)", ["ts", "logger", "msg", "status", "request_id"], &[("level", Text), ("caller", Text)]),
    of("logrus", "logrus (Go)", ["time", "service", "msg", "status", "request_id"], &[("level", Text), ("time", Text)]),
    of("journald", "journalctl -o json", ["__REALTIME_TIMESTAMP", "_SYSTEMD_UNIT", "MESSAGE", "", "__CURSOR"], &[("_BOOT_ID", Text), ("__MONOTONIC_TIMESTAMP", Text)]),
];
