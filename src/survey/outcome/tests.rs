//! What is suggested for which values.

use crate::survey::Fit;
use crate::survey::fixtures::survey;

/// The flag and the condition, and how many records fail by it.
fn outcome(records: &[&str]) -> Option<(String, u64, u64)> {
    let outcome = Fit::new(&survey(records)).unwrap().outcome?;
    Some((format!("{} {}", outcome.flag, outcome.condition), outcome.records, outcome.failures))
}

fn is(records: &[&str], expected: &str, counts: (u64, u64)) {
    assert_eq!(outcome(records), Some((expected.to_owned(), counts.0, counts.1)), "{records:?}");
}

#[test]
fn a_level_is_an_error_or_worse() {
    let all = r#"["error", "fatal", "critical", "panic", "alert", "emergency"]"#;
    is(&[r#"{"level":"info"}"#, r#"{"level":"error"}"#], &format!("--failure-if level in {all}"), (2, 1));
    is(&[r#"{"log":{"level":"warn"}}"#], &format!("--failure-if log.level in {all}"), (1, 0));
    is(&[r#"{"log.level":"warn"}"#], &format!("--failure-if log.level in {all}"), (1, 0));
    is(
        &[r#"{"severity":"INFO"}"#, r#"{"severity":"DPANIC"}"#, r#"{"msg":"none"}"#],
        &format!("--failure-if severity in {}", all.replace(']', ", \"dpanic\"]").to_uppercase()),
        (2, 1),
    );
    is(
        &[r#"{"severity":"err"}"#, r#"{"severity":"notice"}"#],
        r#"--failure-if severity in ["err", "crit", "alert", "emerg"]"#,
        (2, 1),
    );
    is(&[r#"{"s":"I"}"#, r#"{"s":"E"}"#], r#"--failure-if s in ["E", "F"]"#, (2, 1));
    is(&[r#"{"lvl":"SEVERE"}"#, r#"{"lvl":"INFO"}"#], r#"--failure-if lvl == "SEVERE""#, (2, 1));
    is(
        &[r#"{"@t":"x"}"#, r#"{"@l":"Error"}"#, r#"{"@l":"Warning"}"#, r#"{"@t":"y"}"#],
        r#"--failure-if `@l` != null && `@l` in ["Error", "Fatal", "Critical", "Panic", "Alert", "Emergency"]"#,
        (4, 1),
    );
    for other in [r#"{"level":"gold"}"#, r#"{"level":3}"#, r#"{"levels":"error"}"#, r#"{"s":"error"}"#] {
        assert_eq!(outcome(&[other, other]), None, "{other}");
    }
}

#[test]
fn levels_are_numbers_too() {
    is(&[r#"{"level":30}"#, r#"{"level":50}"#], "--failure-if level >= 50", (2, 1));
    is(&[r#"{"level":200}"#, r#"{"level":400}"#], "--failure-if level >= 400", (2, 1));
    is(&[r#"{"severityNumber":9}"#], "--failure-if severityNumber >= 17", (1, 0));
    is(&[r#"{"PRIORITY":"6"}"#, r#"{"PRIORITY":"3"}"#], r#"--failure-if PRIORITY in ["0", "1", "2", "3"]"#, (2, 1));
    is(
        &[r#"{"level":6,"short_message":"a"}"#, r#"{"level":3,"short_message":"b"}"#],
        "--failure-if level <= 3",
        (2, 1),
    );
    assert_eq!(outcome(&[r#"{"level":"50"}"#, r#"{"level":50}"#, r#"{"level":30}"#]), None);
    assert_eq!(outcome(&[r#"{"level":1}"#, r#"{"level":5}"#]), None, "of which scale, nobody knows");
}

#[test]
fn outcomes_in_words_are_told_by_what_was_seen() {
    is(&[r#"{"outcome":"success"}"#, r#"{"outcome":"failure"}"#], r#"--failure-if outcome == "failure""#, (2, 1));
    is(&[r#"{"event":{"outcome":"success"}}"#], r#"--success-if event.outcome == "success""#, (1, 0));
    is(&[r#"{"result":"ok"}"#, r#"{"result":"OK"}"#], r#"--success-if result in ["OK", "ok"]"#, (2, 0));
    is(
        &[r#"{"result":"failed"}"#, r#"{"result":"error"}"#, r#"{"result":"unknown"}"#],
        r#"--failure-if result in ["error", "failed"]"#,
        (3, 2),
    );
    for none in [r#"{"outcome":"heads"}"#, r#"{"result":"unknown"}"#, r#"{"log-status":"OK"}"#, r#"{"result":3}"#] {
        assert_eq!(outcome(&[none]), None, "{none}");
    }
}

#[test]
fn what_is_true_or_false_is_a_condition() {
    is(&[r#"{"ok":true}"#, r#"{"ok":false}"#], "--success-if ok", (2, 1));
    is(&[r#"{"failed":false}"#], "--failure-if failed", (1, 0));
    is(&[r#"{"a":{"has_error":true}}"#], "--failure-if a.has_error", (1, 1));
    is(&[r#"{"success":"yes"}"#, r#"{"success":"no"}"#], r#"--success-if success == "yes""#, (2, 1));
    is(&[r#"{"success":"False"}"#], r#"--success-if success != "False""#, (1, 1));
    is(&[r#"{"succeeded":1}"#, r#"{"succeeded":0}"#], "--success-if succeeded == 1", (2, 1));
    is(&[r#"{"error":0}"#, r#"{"error":1}"#], "--failure-if error != 0", (2, 1));
    assert_eq!(outcome(&[r#"{"ok":"perhaps"}"#]), None);
    assert_eq!(outcome(&[r#"{"failed":3}"#]), None, "so many failed");
}

#[test]
fn an_error_is_there_or_not() {
    is(&[r#"{"error":"no"}"#, r#"{"error":null}"#, r#"{}"#], "--failure-if error != null", (3, 1));
    is(&[r#"{"error":{"kind":"x"}}"#, r#"{}"#], "--failure-if error != null", (2, 1));
    is(&[r#"{"error.kind":"x"}"#, r#"{}"#], "--failure-if error.kind != null", (2, 1));
    is(&[r#"{"errorCode":"AccessDenied"}"#, r#"{}"#], "--failure-if errorCode != null", (2, 1));
    is(
        &[r#"{"error":""}"#, r#"{"error":"no"}"#, r#"{"error":"-"}"#],
        r#"--failure-if error != null && error != "" && error != "-""#,
        (3, 1),
    );
    for none in [r#"{"error":"always"}"#, r#"{"errno":0}"#, r#"{"errors":"x"}"#, r#"{"error":null}"#] {
        assert_eq!(outcome(&[none]), None, "{none}");
    }
    for none in [r#""none""#, r#""nil""#, r#""0""#, "false", "{}"] {
        let record = format!(r#"{{"error":{none}}}"#);
        assert_eq!(outcome(&[&record, r#"{"error":{"code":1}}"#, r#"{"error":null}"#]), None, "{none}");
        assert_eq!(outcome(&[&record, r#"{}"#]).is_some(), none == "false", "{none}");
    }
    assert_eq!(outcome(&[r#"{"x":"y"}"#, r#"{}"#]), None, "only Serilog's `@x` is an exception");
}

#[test]
fn codes_of_grpc_are_ok_or_not() {
    is(&[r#"{"grpc":{"code":"OK"}}"#, r#"{"grpc.code":"NotFound"}"#], r#"--failure-if grpc.code != "OK""#, (2, 1));
    is(&[r#"{"grpc_code":0}"#, r#"{"grpc_code":14}"#], "--failure-if grpc_code != 0", (2, 1));
    is(&[r#"{"grpc.status_code":"0"}"#], r#"--failure-if grpc.status_code != "0""#, (1, 0));
    is(&[r#"{"rpc":{"grpc":{"status_code":5}}}"#], "--failure-if rpc.grpc.status_code != 0", (1, 1));
    is(&[r#"{"grpc_status":"DEADLINE_EXCEEDED"}"#], r#"--failure-if grpc_status != "OK""#, (1, 1));
    let spelled = [r#"{"grpc_code":"Ok"}"#, r#"{"grpc_code":"ok"}"#, r#"{"grpc_code":"Internal"}"#];
    is(&spelled, r#"--failure-if !(grpc_code in ["Ok", "ok"])"#, (3, 1));
    let mixed = [r#"{"grpc_code":0}"#, r#"{"grpc_code":"0"}"#, r#"{"grpc_code":5}"#];
    assert_eq!(outcome(&mixed), None, "no comparison is true of both");
    assert_eq!(outcome(&[r#"{"grpc_code":99}"#]), None);
    assert_eq!(outcome(&[r#"{"grpc_code":"maybe"}"#]), None);
}

#[test]
fn a_request_without_an_answer_is_a_failure() {
    let envoy = [r#"{"response_code":0}"#, r#"{"response_code":200}"#, r#"{"response_code":404}"#];
    is(&envoy, "--failure-if response_code == 0 || response_code >= 400", (3, 2));
    is(&[r#"{"status":-1}"#, r#"{"status":200}"#], "--failure-if status <= 0 || status >= 400", (2, 1));
    assert_eq!(outcome(&[r#"{"status":200}"#, r#"{"status":404}"#]), None, "statuses need no words");
    assert_eq!(outcome(&[r#"{"status":"0"}"#, r#"{"status":200}"#]), None, "in quotes it is no number");
}

#[test]
fn what_says_most_is_taken() {
    let record = r#"{"grpc.code":"OK","outcome":"success","ok":true,"level":"info"}"#;
    is(&[record], r#"--failure-if grpc.code != "OK""#, (1, 0));
    is(&[&record.replace("grpc.code", "code")], r#"--success-if outcome == "success""#, (1, 0));
    is(&[r#"{"ok":true,"level":"info"}"#], "--success-if ok", (1, 0));
    let (fine, failed) = (r#"{"level":"info"}"#, r#"{"level":"error","error":"x"}"#);
    is(&[fine, failed], "--failure-if error != null", (2, 1));
    let (records, failures) = ([fine, failed, r#"{"level":"error"}"#], 2);
    assert!(outcome(&records).is_some_and(|(words, _, count)| words.contains("level in") && count == failures));
    assert_eq!(outcome(&[r#"{"level":"error","status":200}"#]), None, "a status comes before all");
}

#[test]
fn keys_are_written_as_expressions_have_them() {
    is(&[r#"{"a b":{"ok":true}}"#], "--success-if `a b`.ok", (1, 0));
    is(&[r#"{"in":{"ok":true}}"#], "--success-if `in`.ok", (1, 0));
    is(&[r#"{"is":{"ok":true}}"#], "--success-if `is`.ok", (1, 0));
    is(&[r#"{"a":{"b`c":{"ok":true}}}"#], r#"--success-if a["b`c"].ok"#, (1, 0));
    assert_eq!(outcome(&[r#"{"b`c":{"ok":true}}"#]), None, "no expression says that");
}
