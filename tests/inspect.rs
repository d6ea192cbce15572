//! `inspect` through the real binary: for every known format it names that format, and what it says
//! to type counts every record.

use assert_cmd::Command;
use serde_json::Value;
use std::path::Path;
use streamlab::schema::PRESETS;

/// Two records of each known format, as its software writes them.
const SAMPLES: &[(&str, [&str; 2])] = &[
    (
        "lab",
        [
            r#"{"service": "inference", "timestamp": 1760559686.31526, "message": "HTTP Status Code: 203"}"#,
            r#"{"service": "training", "timestamp": 1760559687.5, "message": "HTTP Status Code: 500"}"#,
        ],
    ),
    (
        "ecs",
        [
            r#"{"@timestamp":"2025-10-15T20:21:26.315Z","log.level":"INFO","message":"GET /cart","ecs.version":"1.2.0","service.name":"cart","event.dataset":"cart.log","http.response.status_code":200}"#,
            r#"{"@timestamp":"2025-10-15T20:21:27.001Z","log":{"level":"ERROR"},"message":"GET /pay","ecs":{"version":"8.11.0"},"service":{"name":"pay"},"http":{"response":{"status_code":502}}}"#,
        ],
    ),
    (
        "otel",
        [
            r#"{"Timestamp":"1760559686315260000","ObservedTimestamp":"1760559686315270000","SeverityText":"INFO","SeverityNumber":9,"Body":"request served","Resource":{"service.name":"shop","host.name":"a1"},"Attributes":{"http.response.status_code":200,"log.record.uid":"01J9"},"TraceId":"f4dbb3edd765f620"}"#,
            r#"{"Timestamp":"1760559687315260000","ObservedTimestamp":"1760559687315270000","SeverityText":"ERROR","SeverityNumber":17,"Body":"request failed","Resource":{"service.name":"pay","host.name":"a2"},"Attributes":{"http.response.status_code":503,"log.record.uid":"01JA"},"TraceId":"a4dbb3edd765f621"}"#,
        ],
    ),
    (
        "docker",
        [
            r#"{"log":"GET /health HTTP Status Code: 200\n","stream":"stdout","time":"2025-10-15T20:21:26.315260123Z"}"#,
            r#"{"log":"GET /cart HTTP Status Code: 404\n","stream":"stderr","attrs":{"tag":"cart"},"time":"2025-10-15T20:21:27.000000001Z"}"#,
        ],
    ),
    (
        "k8s",
        [
            r#"{"time":"2025-10-15T20:21:26.315260123Z","stream":"stdout","_p":"F","log":"GET /","status":200,"kubernetes":{"pod_name":"cart-7d9","namespace_name":"shop","pod_id":"1b","labels":{"app.kubernetes.io/name":"cart"},"host":"n1","container_name":"cart","docker_id":"8f"}}"#,
            r#"{"time":"2025-10-15T20:21:27.315260123Z","stream":"stderr","_p":"F","log":"POST /","status":500,"kubernetes":{"pod_name":"pay-66c","namespace_name":"shop","pod_id":"2c","labels":{"app.kubernetes.io/name":"pay"},"host":"n2","container_name":"pay","docker_id":"9a"}}"#,
        ],
    ),
    (
        "nginx",
        [
            r#"{"time_iso8601":"2025-10-15T20:21:26+00:00","remote_addr":"10.0.0.1","server_name":"shop.example","request":"GET / HTTP/1.1","status":"200","body_bytes_sent":"612","request_time":"0.003","request_id":"a1","http_user_agent":"curl/8"}"#,
            r#"{"time_iso8601":"2025-10-15T20:21:27+00:00","remote_addr":"10.0.0.2","server_name":"pay.example","request":"POST / HTTP/1.1","status":"502","body_bytes_sent":"157","request_time":"1.203","request_id":"a2","http_user_agent":"curl/8"}"#,
        ],
    ),
    (
        "caddy",
        [
            r#"{"level":"info","ts":1760559686.3152,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"10.0.0.1","proto":"HTTP/2.0","method":"GET","host":"shop.example","uri":"/","headers":{"User-Agent":["curl/8"]}},"bytes_read":0,"user_id":"","duration":0.0009,"size":10,"status":200,"resp_headers":{"Server":["Caddy"]}}"#,
            r#"{"level":"error","ts":1760559687.3152,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"10.0.0.1","proto":"HTTP/2.0","method":"GET","host":"pay.example","uri":"/x","headers":{"User-Agent":["curl/8"]}},"bytes_read":0,"user_id":"","duration":0.0019,"size":0,"status":502,"resp_headers":{"Server":["Caddy"]}}"#,
        ],
    ),
    (
        "pino",
        [
            r#"{"level":30,"time":1760559686315,"pid":4242,"hostname":"a1","name":"cart","req":{"id":1,"method":"GET","url":"/"},"res":{"statusCode":200,"headers":{}},"responseTime":12,"msg":"request completed"}"#,
            r#"{"level":50,"time":1760559687315,"pid":4242,"hostname":"a1","name":"pay","req":{"id":2,"method":"GET","url":"/"},"res":{"statusCode":500,"headers":{}},"responseTime":31,"msg":"request errored"}"#,
        ],
    ),
    (
        "bunyan",
        [
            r#"{"name":"cart","hostname":"a1","pid":40161,"level":30,"req_id":"77","res":{"statusCode":200},"msg":"done","time":"2025-10-15T20:21:26.315Z","v":0}"#,
            r#"{"name":"pay","hostname":"a1","pid":40161,"level":50,"req_id":"78","res":{"statusCode":503},"msg":"failed","time":"2025-10-15T20:21:27.315Z","v":0}"#,
        ],
    ),
    (
        "zap",
        [
            r#"{"level":"info","ts":1760559686.315,"logger":"cart","caller":"http/server.go:42","msg":"served","status":200,"latency":0.003}"#,
            r#"{"level":"error","ts":1760559687.315,"logger":"pay","caller":"http/server.go:42","msg":"failed","status":500,"stacktrace":"main.main"}"#,
        ],
    ),
    (
        "logrus",
        [
            r#"{"level":"info","msg":"served","service":"cart","status":200,"time":"2025-10-15T20:21:26Z"}"#,
            r#"{"level":"error","msg":"failed","service":"pay","status":503,"time":"2025-10-15T20:21:27+02:00"}"#,
        ],
    ),
    (
        "journald",
        [
            r#"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1760559686315260","__MONOTONIC_TIMESTAMP":"1130","_BOOT_ID":"8f","PRIORITY":"6","_SYSTEMD_UNIT":"cart.service","SYSLOG_IDENTIFIER":"cart","_PID":"812","MESSAGE":"GET / HTTP Status Code: 200"}"#,
            r#"{"__CURSOR":"s=1;i=3","__REALTIME_TIMESTAMP":"1760559687315260","__MONOTONIC_TIMESTAMP":"1131","_BOOT_ID":"8f","PRIORITY":"3","_SYSTEMD_UNIT":"pay.service","SYSLOG_IDENTIFIER":"pay","_PID":"813","MESSAGE":"GET / HTTP Status Code: 500"}"#,
        ],
    ),
];

fn streamlab(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamlab"));
    let output = command.args(arguments).write_stdin(input).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn findings(arguments: &[&str], input: &[u8]) -> Value {
    let (_, stdout, stderr) = streamlab(&[&["inspect", "-o", "json"], arguments].concat(), input);
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}"))
}

fn write(directory: &Path, name: &str, bytes: &[u8]) -> String {
    let path = directory.join(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn every_known_format_has_samples() {
    let sampled: Vec<&str> = SAMPLES.iter().map(|(name, _)| *name).collect();
    assert_eq!(PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>(), sampled);
}

#[test]
fn a_known_format_is_named_and_its_flags_count_every_record() {
    let directory = tempfile::tempdir().unwrap();
    for (name, records) in SAMPLES {
        let file = write(directory.path(), "it's a log.json", records.join("\n").as_bytes());
        let found = findings(&[&file], b"");
        assert_eq!(found["suggestion"]["schema"], *name, "{found:#}");
        let command: Vec<&str> =
            found["suggestion"]["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        assert_eq!(command[..4], ["streamlab", "sliding-window", "--source", &file], "{name}");

        let (code, stdout, stderr) = streamlab(&[&command[1..], &["-o", "json", "--size", "1d"]].concat(), b"");
        let report: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{name}");
        assert_eq!((&report["ledger"]["counted"], &report["overall"]["failures"]), (&2.into(), &1.into()), "{name}");
        if *name != "docker" {
            assert_eq!(report["rows"].as_array().unwrap().len(), 2, "a row a service: {name}");
        }
        let (code, page, _) = streamlab(&["inspect", &file], b"");
        assert!(code == Some(0) && page.contains(r"--source '") && page.contains(r"it'\''s a log.json'"), "{page}");
    }
}

#[test]
fn layouts_and_encodings_are_counted_apart() {
    let directory = tempfile::tempdir().unwrap();
    let [a, b] = SAMPLES[0].1;
    write(directory.path(), "a.json", format!("[{a}, {b}]").as_bytes());
    write(directory.path(), "b.log", format!("{a}\nnot json\n{b}\n").as_bytes());
    write(directory.path(), "c.log.zst", &zstd::encode_all(format!("{a}\n").as_bytes(), 0).unwrap());
    write(directory.path(), "notes.txt", b"left out");
    let found = findings(&[directory.path().to_str().unwrap()], b"");
    let kinds: Vec<_> = found["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| (&kind["layout"], &kind["encoding"], &kind["records"]))
        .collect();
    let kind =
        |layout: &str, encoding: &str, records: u64| -> [Value; 3] { [layout.into(), encoding.into(), records.into()] };
    let expected = [kind("ndjson", "plain", 2), kind("ndjson", "zstd", 1), kind("array", "plain", 2)];
    assert!(
        kinds.iter().zip(&expected).all(|(found, expected)| *found == (&expected[0], &expected[1], &expected[2])),
        "{kinds:?}"
    );
    assert_eq!((&found["records"], &found["bad"], &found["complete"]), (&5.into(), &1.into(), &true.into()));
    let bad = &found["bad_records"][0];
    assert_eq!((&bad["reason"], &bad["first"]["offset"]), (&"not a JSON object".into(), &(a.len() as u64 + 1).into()));
}

#[test]
fn it_stops_where_it_was_told_to_and_says_so() {
    let lines = SAMPLES[0].1[0].to_owned() + "\n";
    let found = findings(&["--records", "7", "-"], lines.repeat(20).as_bytes());
    assert_eq!((&found["records"], &found["complete"]), (&7.into(), &false.into()));
    let (_, page, _) = streamlab(&["inspect", "--records", "7"], lines.repeat(20).as_bytes());
    assert!(page.contains("--all looks at everything") && page.contains("sliding-window --source -\n"), "{page}");
    let found = findings(&["--all"], lines.repeat(20).as_bytes());
    assert_eq!((&found["records"], &found["complete"]), (&20.into(), &true.into()));
}

#[test]
fn wrong_input_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = streamlab(&["inspect", "/nowhere/logs"], b"");
    assert!(code == Some(3) && stdout.is_empty() && stderr.contains("/nowhere/logs: no such file"), "{stderr}");
    let (code, stdout, _) = streamlab(&["inspect", directory.path().to_str().unwrap()], b"");
    assert!(code == Some(0) && stdout.contains("no file to look at") && stdout.contains("*.ndjson"), "{stdout}");
    let (code, stdout, _) = streamlab(&["inspect"], b"\x00\x01\xFF\x7FELF\n\x02");
    assert!(code == Some(1) && stdout.contains("There is no JSON record in it"), "{stdout}");
    let (code, _, stderr) = streamlab(&["inspect", "-", "--records", "0"], b"");
    assert!(code == Some(2) && stderr.contains("--records"), "{stderr}");
}

#[test]
fn text_from_logs_never_reaches_the_page_raw() {
    let record = "{\"\u{202e}key\\u001b[2J\": \"\\u001b]0;evil\\u0007\", \"timestamp\": 1, \"service\": \"a\u{200b}\"}";
    let (code, page, _) = streamlab(&["inspect"], record.as_bytes());
    assert_eq!(code, Some(0));
    assert!(page.contains(r"\u{1b}") && page.contains(r"\u{202e}") && page.contains(r"a\u{200b}"), "{page}");
    assert!(!page.contains(['\u{1b}', '\u{7}', '\u{202e}', '\u{200b}']), "{page}");
}
