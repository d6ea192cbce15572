//! What fields that play a role are called where no convention says it.

use crate::event::Role;

/// Comes after every rank that a name gives.
pub const LAST: usize = 100;

/// How well a field's name says that it plays the role: 0 is best. `None` where it does not.
///
/// Case, underscores and the like do not matter; either all keys or the last one have the name.
pub fn rank(role: Role, name: &str) -> Option<usize> {
    let plain = |text: &str| -> String {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let (whole, last) = (plain(name), plain(name.rsplit('.').next().unwrap_or(name)));
    let place = |names: &[&str]| names.iter().position(|known| *known == whole || *known == last);
    match role {
        Role::Time => place(&["timestamp", "time", "ts", "datetime", "date", "eventtime", "asctime", "logtime", "t"]),
        Role::Service => place(&[
            "service",
            "servicename",
            "svc",
            "app",
            "appname",
            "application",
            "applicationname",
            "component",
            "program",
            "container",
            "containername",
            "logger",
            "loggername",
            "module",
            "job",
            "unit",
        ]),
        Role::Message => place(&["message", "msg", "log", "body", "text", "event", "line", "request"]),
        Role::Status => place(&["status", "statuscode", "httpstatus", "httpstatuscode", "responsecode", "code", "sc"])
            .or_else(|| last.contains("status").then_some(LAST / 2)),
        Role::Id => None,
    }
}

/// Whether a name says that its value tells a record from all others. What several records of one request
/// share (`request_id`, `trace_id`) does not.
pub fn is_id(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let last: String = last.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    ["id", "auditid", "eventid", "recordid", "logid", "insertid", "messageid", "uid", "uuid", "cursor"]
        .contains(&&*last)
        && !name.contains('.')
        || name == "event.id"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        assert_eq!(rank(Role::Service, "labels.App_Name"), rank(Role::Service, "app.name"));
        assert_eq!(rank(Role::Time, "@timestamp"), Some(0));
        assert_eq!(rank(Role::Status, "upstream_status"), Some(LAST / 2));
        assert_eq!(rank(Role::Message, "duration_ms"), None);
    }
}
