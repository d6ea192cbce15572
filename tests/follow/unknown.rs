//! Pipes of an unknown format: their beginning is looked at before the run, and what came by then is not lost.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RECORD: &[u8] = b"{\"when\":\"2026-11-28T10:00:00Z\",\"svc\":\"a\",\"code\":200}\n";

/// Whether it looks yet cannot be seen from outside.
const A_WHILE: Duration = Duration::from_millis(500);

fn start(args: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamlab"));
    let command = command.args(args.split(' '));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn what_was_looked_at_counts_where_a_signal_ends_the_look() {
    for (args, part) in [
        ("running-avg -o json --final", "\"ledger\":{\"read\":3,\"counted\":3,"),
        ("running-avg", "read 3 = counted 3"),
        ("inspect -o json", "\"complete\":false"),
        ("inspect -o json", "\"field\":\"svc\""),
    ] {
        for (signal, code) in [("INT", 130), ("TERM", 143)] {
            let mut child = start(args);
            let mut stdin = child.stdin.take().unwrap();
            // A record that is not whole is not counted, and not bad.
            stdin.write_all(&[&RECORD.repeat(3)[..], b"{\"when"].concat()).unwrap();
            std::thread::sleep(A_WHILE);
            assert!(
                Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status().unwrap().success()
            );
            let output = child.wait_with_output().unwrap();
            let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(code), "{args}: {said}");
            assert!(shown.contains(part) && said.contains("interrupted"), "{args}: {shown}{said}");
        }
    }
}

#[test]
fn a_slow_pipe_shows_its_first_report_while_it_comes() {
    let mut child = start("running-avg -o json");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(RECORD).unwrap();
    // It stays open, and nothing more comes.
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("\"final\":false") && first.contains("\"counted\":1,"), "{first}");
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn silence_is_measured_from_what_came_last() {
    const SILENCE: Duration = Duration::from_secs(3);
    for bytes in [&b""[..], RECORD] {
        let begun = Instant::now();
        let mut child = start("running-avg --no-data-after 3s");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(bytes).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains("no record came for 3s"), "{said}");
        assert!((SILENCE..2 * SILENCE).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        drop(stdin);
    }
}
