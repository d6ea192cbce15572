//! The field names of known log formats.

/// A known format: the paths of its roles in the order of [`crate::event::Role`].
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    /// What writes such records, for help texts.
    pub about: &'static str,
    /// time, service, message, status, id
    pub paths: [Option<&'static str>; 5],
}

/// The preset of that name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

const fn of(name: &'static str, about: &'static str, paths: [&'static str; 5]) -> Preset {
    let mut roles = [None; 5];
    let mut role = 0;
    while role < 5 {
        if !paths[role].is_empty() {
            roles[role] = Some(paths[role]);
        }
        role += 1;
    }
    Preset { name, about, paths: roles }
}

/// All known formats; the first is the default.
#[rustfmt::skip]
pub const PRESETS: &[Preset] = &[
    of("lab", "the microservices lab (default)", ["timestamp", "service", "message", "status", "id"]),
    of("ecs", "Elastic Common Schema", ["@timestamp", "service.name", "message", "http.response.status_code", "event.id"]),
    of("otel", "OpenTelemetry log data model", ["Timestamp", "Resource.service.name", "Body", "Attributes.http.response.status_code", "Attributes.log.record.uid"]),
    of("docker", "Docker's json-file driver", ["time", "attrs.tag", "log", "", ""]),
    of("k8s", "Kubernetes logs as Fluent Bit enriches them", ["time", "kubernetes.container_name", "log", "status", ""]),
    of("nginx", "nginx with a JSON log_format", ["time_iso8601", "server_name", "request", "status", "request_id"]),
    of("caddy", "Caddy access logs", ["ts", "request.host", "msg", "status", ""]),
    of("pino", "pino and pino-http (Node.js)", ["time", "name", "msg", "res.statusCode", "req.id"]),
    of("bunyan", "bunyan (Node.js)", ["time", "name", "msg", "res.statusCode", "req_id"]),
    of("zap", "zap (Go)", ["ts", "logger", "msg", "status", "request_id"]),
    of("logrus", "logrus (Go)", ["time", "service", "msg", "status", "request_id"]),
    of("journald", "journalctl -o json", ["__REALTIME_TIMESTAMP", "_SYSTEMD_UNIT", "MESSAGE", "", "__CURSOR"]),
];
