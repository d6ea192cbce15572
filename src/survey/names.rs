//! What fields that play a role are called where no convention says it.

use crate::event::Role;

/// Comes after every rank that a name gives.
pub const LAST: usize = 100;

/// How well a field's name says that it plays the role: 0 is best. `None` where it does not.
///
/// Case, underscores and the like do not matter; either all keys or the last one or two have the name.
pub fn rank(role: Role, name: &str) -> Option<usize> {
    let from_last = |keys: usize| name.rmatch_indices('.').nth(keys).map_or(name, |(dot, _)| &name[dot + 1..]);
    let (whole, last, two) = (plain(name), plain(from_last(0)), plain(from_last(1)));
    let place = |names: &[&str]| names.iter().position(|known| [&whole, &last, &two].iter().any(|name| name == known));
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
        Role::Status => {
            place(&["status", "statuscode", "httpstatus", "httpstatuscode", "responsecode", "code", "sc", "resp"])
                .or_else(|| last.contains("status").then_some(LAST / 2))
        }
        Role::Id => None,
    }
}

/// A name less what spelling adds to it.
pub fn plain(text: &str) -> String {
    text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How well a field suits to group by, where none is the service: what was asked for is told before who asked,
/// and before what tells requests apart.
pub fn group_rank(name: &str) -> usize {
    const ASKED: [&str; 17] = [
        "backend",
        "backendname",
        "host",
        "cshost",
        "vhost",
        "virtualhost",
        "servername",
        "authority",
        "domain",
        "domainname",
        "requesthost",
        "clientrequesthost",
        "controller",
        "route",
        "routekey",
        "channel",
        "category",
    ];
    const ASKING: [&str; 5] = ["client", "remote", "user", "agent", "country"];
    let last = name.rsplit('.').next().unwrap_or(name);
    // A field within another that is called `name` may be the name of anything.
    let place = ASKED.iter().position(|known| *known == plain(last)).or((name == "name").then_some(ASKED.len()));
    let asking = || {
        let words = ["Id", "ID", "_id", "Ip", "IP", "_ip"];
        ASKING.iter().any(|word| plain(last).contains(word))
            || ["src", "source"].iter().any(|word| plain(last).starts_with(word))
            || words.iter().any(|word| last.ends_with(word))
    };
    let fallback = || if asking() { 2 * LAST } else { LAST };
    rank(Role::Service, name).unwrap_or_else(|| place.map_or_else(fallback, |place| LAST / 2 + place))
}

/// Whether a time is that of an end, or of who took note: what has a beginning too is told by that.
pub fn is_end(name: &str) -> bool {
    let last = plain(name.rsplit('.').next().unwrap_or(name));
    ["end", "finish", "stop", "complete", "observed"].iter().any(|word| last.contains(word))
}

/// Whether a name says that its value tells a record from all others. What several records of one request
/// share (`request_id`, `trace_id`) does not.
pub fn is_id(name: &str) -> bool {
    const OWN: [&str; 10] =
        ["id", "auditid", "eventid", "recordid", "logid", "insertid", "messageid", "uid", "uuid", "cursor"];
    let (around, last) = name.rsplit_once('.').unwrap_or(("", name));
    // Within another field it is the id of that, unless that is the record itself.
    let around = plain(around.rsplit('.').next().unwrap_or(around));
    OWN.contains(&&*plain(last)) && ["", "event", "record", "log", "metadata"].contains(&&*around)
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

    #[test]
    fn an_id_is_of_the_record_and_of_nothing_in_it() {
        for name in ["auditID", "id", "eventId", "_id", "@id", "insertId", "__CURSOR", "event.id", "log.record.uid"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["request_id", "trace_id", "user.id", "req.id", "items.0.id", "identity"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn what_was_asked_for_is_told_before_who_asked() {
        let mut names = ["client_ip", "level", "name", "request.host", "user.name", "deploymentId", "svc", "auditID"];
        names.sort_by_key(|name| group_rank(name));
        assert_eq!(names[..4], ["svc", "request.host", "name", "level"]);
        assert!(is_end("EdgeEndTimestamp") && !is_end("EdgeStartTimestamp"));
    }
}
