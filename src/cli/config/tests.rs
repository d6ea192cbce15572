use super::*;
use clap::value_parser;
use proptest::prelude::*;
use std::io::Write as _;

/// A command line in small, with every kind of argument.
fn root() -> Command {
    let value = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Set);
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let common = |command: Command| {
        command
            .arg(Arg::new("sources").action(ArgAction::Append))
            .arg(value("source").action(ArgAction::Append))
            .arg(flag("follow").overrides_with("no-follow"))
            .arg(flag("no-follow"))
            .arg(value("where").action(ArgAction::Append))
            .arg(value("time-field"))
            .arg(value("by").value_delimiter(','))
            .arg(value("since").allow_hyphen_values(true))
    };
    Command::new("streamlab")
        .arg(value("config").global(true))
        .arg(Arg::new("verbose").short('v').long("verbose").global(true).action(ArgAction::Count))
        .subcommand(common(Command::new("sliding-window").alias("task2")).arg(value("window-size").alias("size")))
        .subcommand(
            common(Command::new("reservoir").alias("task3"))
                .arg(value("size").value_parser(value_parser!(u32)))
                .arg(flag("verify")),
        )
        .subcommand(
            common(Command::new("bloom").alias("task4"))
                .arg(value("patterns").conflicts_with("filter"))
                .arg(value("filter"))
                .arg(value("bits"))
                .arg(value("hashes"))
                .arg(value("fpr").conflicts_with_all(["bits", "hashes"]))
                .subcommand(Command::new("build").arg(value("bits")).arg(value("out"))),
        )
}

fn file(suffix: &str, text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// The flags added to `line`, by the file's text and the environment.
fn added(line: &str, suffix: &str, config: &str, env: &[(&str, &str)]) -> Result<String, String> {
    let file = file(suffix, config);
    let argv: Vec<OsString> =
        format!("streamlab --config {} {line}", file.path().display()).split(' ').map(OsString::from).collect();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let (expanded, _) = expanded(&root(), argv.clone(), env).map_err(|error| format!("{error:#}"))?;
    // Whatever is added must please the parser.
    root().try_get_matches_from(&expanded).map_err(|error| error.to_string())?;
    let kept = argv.iter().position(|argument| argument == "--").unwrap_or(argv.len());
    let added = &expanded[kept..kept + expanded.len() - argv.len()];
    Ok(added.iter().map(|flag| flag.to_str().unwrap()).collect::<Vec<_>>().join(" "))
}

#[test]
fn a_file_sets_flags_by_their_long_names() {
    let toml = "window_size = 90\nfollow = true\nwhere = ['a > 1', 'b']\nby = ['x', 'y']\nsource = 'data/'\n\
                since = 2025-10-15T00:00:00Z\nverbose = 2\n";
    let expected = "--by=x,y --follow --since=2025-10-15T00:00:00Z --source=data/ --verbose --verbose --where=a > 1 \
                    --where=b --window-size=90";
    let sorted = |flags: &str| {
        let mut flags: Vec<String> = flags.split(" --").map(|flag| flag.trim_start_matches("--").to_owned()).collect();
        flags.sort();
        flags
    };
    for (suffix, line) in [(".toml", "sliding-window"), ("", "task2"), (".conf", "task2")] {
        assert_eq!(added(line, suffix, toml, &[]).map(|flags| sorted(&flags)), Ok(sorted(expected)), "{suffix} {line}");
    }
    let json = r#"{"window-size": 90, "time_field": "ts", "follow": false, "by": null}"#;
    for suffix in [".json", "", ".conf"] {
        let flags = added("task2", suffix, json, &[]).unwrap();
        assert_eq!(sorted(&flags), sorted("--no-follow --time-field=ts --window-size=90"));
    }
}

#[test]
fn flags_outrank_the_environment_and_the_environment_the_file() {
    let toml = "window-size = 1";
    let env = [("STREAMLAB_WINDOW_SIZE", "2"), ("PATH", "x")];
    assert_eq!(added("task2", ".toml", toml, &[]).unwrap(), "--window-size=1");
    assert_eq!(added("task2", ".toml", toml, &env).unwrap(), "--window-size=2");
    assert_eq!(added("task2 --window-size 3", ".toml", toml, &env).unwrap(), "");
    assert_eq!(added("task2 --size=3", ".toml", toml, &env).unwrap(), "");
    // A twin, and what excludes a flag, outranks it too.
    assert_eq!(added("task2 --no-follow", ".toml", "follow = true", &[]).unwrap(), "");
    assert_eq!(added("task2", ".toml", "follow = true", &[("STREAMLAB_NO_FOLLOW", "1")]).unwrap(), "--no-follow");
    assert_eq!(added("task4 --fpr 0.1", ".toml", "bits = 9\nhashes = 2", &[]).unwrap(), "");
    assert_eq!(added("task4 --bits 9", ".toml", "fpr = 0.1", &[]).unwrap(), "");
}

#[test]
fn typed_sources_replace_those_of_the_file() {
    let toml = "source = ['a', 'b']";
    assert_eq!(added("task2", ".toml", toml, &[]).unwrap(), "--source=a --source=b");
    for line in ["task2 data/", "task2 --source data/", "task2 -- data/"] {
        assert_eq!(added(line, ".toml", toml, &[]).unwrap(), "", "{line}");
    }
    assert_eq!(added("task2 -- data/", ".toml", "by = 'x'", &[]).unwrap(), "--by=x");
}

#[test]
fn a_table_is_for_its_subcommand_alone() {
    let toml = "size = 5\ntime-field = 'a'\n[reservoir]\nsize = 7\nverify = true\n[task2]\ntime_field = 'b'\n";
    assert_eq!(added("task3", ".toml", toml, &[]).unwrap(), "--size=7 --verify --time-field=a");
    assert_eq!(added("task2", ".toml", toml, &[]).unwrap(), "--time-field=b --size=5");
    assert_eq!(added("bloom build", ".toml", "[bloom]\nbits = 3\nhashes = 4", &[]).unwrap(), "--bits=3");
}

#[test]
fn the_labs_own_files_are_understood() {
    let size = r#"{"reservoir_size": 10}"#;
    assert_eq!(added("reservoir", ".json", size, &[]).unwrap(), "--size=10");
    assert_eq!(added("task2", ".json", size, &[]).unwrap(), "");
    let (patterns, filter) = (file(".txt", "a message\n"), file(".filter", "SLBLOOM1 and more"));
    for (list, flag) in [(&patterns, "patterns"), (&filter, "filter")] {
        let path = list.path().display();
        let json = format!(r#"{{"filter_file": "{path}", "m_bits": 500000, "k_hashes": 8}}"#);
        let flags = added("task4", ".json", &json, &[]).unwrap();
        let mut flags: Vec<&str> = flags.split(' ').collect();
        flags.sort_by_key(|flag| flag.len());
        assert_eq!(flags.pop(), Some(format!("--{flag}={path}").as_str()));
        // A saved filter has its shape already, and the parser refuses another one beside it.
        let shape: &[&str] = if flag == "filter" { &[] } else { &["--hashes=8", "--bits=500000"] };
        assert_eq!(flags, shape);
    }
}

#[test]
fn what_no_flag_takes_is_refused_by_name() {
    for (line, config, expected) in [
        ("task2", "windw_size = 3", "unknown key `windw_size`; did you mean `window-size`?"),
        ("task2", "[reservoir]\nsiez = 3", "unknown key `siez` in `[reservoir]`; did you mean `size`?"),
        ("task2", "[resevoir]\nsize = 3", "unknown section `[resevoir]`; did you mean `reservoir`?"),
        ("task2", "config = 'x'", "unknown key `config`"),
        ("task2", "help = true", "unknown key `help`"),
        ("task3", "size = 'many'", "invalid value 'many' for '--size"),
        ("task3", "verify = 'maybe'", "`verify` takes true or false, not `maybe`"),
        ("task3", "[reservoir]\nsize = {a = 1}", "must be text"),
        ("task3", "size = ", "is not TOML"),
    ] {
        let error = added(line, ".toml", config, &[]).unwrap_err();
        assert!(error.contains(expected), "{config}: {error}");
        assert!(error.contains(".toml"), "the file is named: {error}");
    }
    let error = added("task3", "", "", &[("STREAMLAB_SIZE", "many")]).unwrap_err();
    assert!(error.starts_with("the environment: invalid value 'many'"), "{error}");
    let argv = ["streamlab", "task2", "--config", "/nowhere/x.toml"].map(OsString::from).to_vec();
    let error = format!("{:#}", expanded(&root(), argv, std::iter::empty()).unwrap_err());
    assert!(error.contains("cannot read the configuration /nowhere/x.toml"), "{error}");
}

#[test]
fn a_variable_that_sets_nothing_is_warned_of() {
    let argv = || ["streamlab", "task2"].map(OsString::from).to_vec();
    let warnings = |name: &str| expanded(&root(), argv(), [(name.to_owned(), "1".to_owned())].into_iter()).unwrap().1;
    assert_eq!(
        warnings("STREAMLAB_WINDOW_SISE"),
        ["STREAMLAB_WINDOW_SISE sets no flag; did you mean STREAMLAB_WINDOW_SIZE?"]
    );
    assert_eq!(warnings("STREAMLAB_ZZZZZZZZ"), ["STREAMLAB_ZZZZZZZZ sets no flag"]);
    assert_eq!(warnings("STREAMLAB_VERIFY"), Vec::<String>::new());
    let config = file("", "window-size = 4");
    let env = [("STREAMLAB_CONFIG".to_owned(), config.path().display().to_string())];
    assert_eq!(expanded(&root(), argv(), env.into_iter()).unwrap().0[2], "--window-size=4");
}

#[test]
fn a_line_that_needs_no_configuration_is_left_as_it_is() {
    for line in [
        "streamlab",
        "streamlab --help",
        "streamlab task2 --help",
        "streamlab task2 --nonsense",
        "streamlab task9",
        "streamlab task2",
    ] {
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        assert_eq!(expanded(&root(), argv.clone(), std::iter::empty()).unwrap(), (argv, Vec::new()), "{line}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_reaches_the_parser_unchanged(text in "\\PC{0,20}") {
        let config = file(".json", &serde_json::json!({"time_field": text, "since": text, "where": [text, text]}).to_string());
        let argv = vec!["streamlab".into(), "task2".into(), "--config".into(), config.path().into()];
        let (expanded, _) = expanded(&root(), argv, std::iter::empty()).unwrap();
        let matches = root().try_get_matches_from(expanded).unwrap();
        let matches = matches.subcommand().unwrap().1;
        for name in ["time-field", "since"] {
            prop_assert_eq!(matches.get_one::<String>(name), Some(&text));
        }
        prop_assert_eq!(matches.get_many::<String>("where").unwrap().count(), 2);
    }

    #[test]
    fn no_file_panics(text in "[a-z\\[\\]{}=:\"'.,0-9\n -]{0,60}") {
        for suffix in [".json", ".toml"] {
            _ = added("task2", suffix, &text, &[]);
        }
    }
}
