//! The flags that say what is read: sources, fields, filters.

use super::fields::{Ahead, SchemaName, TimeFields, ahead, schema_named, time_fields, zone_named};
use super::sources::SourceArgs;
use super::when::when;
use crate::decode::Limits;
use crate::engine::filter::Filter;
use crate::event::Role;
use crate::input::Sources;
use crate::schema::{PRESETS, Path, Schema, TimeFormat, TimeUnit, Wrapper};
use crate::survey::Nesting;
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Go on when all is read, until Ctrl-C; standard input, to its end. The default for a directory or a pipe at
    /// a terminal
    #[arg(short, long, overrides_with = "no_follow")]
    follow: bool,
    /// Stop when all is read. The default in a pipe and in CI
    #[arg(long, overrides_with = "follow")]
    no_follow: bool,
    /// Follow from the end of what is there
    #[arg(long, conflicts_with = "no_follow")]
    tail_only: bool,
    /// How many threads decode [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// The field names of a known format, by default of the one that fits the first records: auto, lab, ecs, otel, docker, k8s, nginx, caddy, pino, bunyan, zap, logrus, journald
    #[arg(long, value_name = "NAME", default_value = "auto", value_parser = schema_named, hide_default_value = true, help_heading = "Fields")]
    schema: SchemaName,
    /// Where the time is, as a dotted path: `http.time`, `tags.0`, `` `a.b`.c ``; of a time in two fields both: `date,time`
    #[arg(long, value_name = "PATH", value_parser = time_fields, help_heading = "Fields")]
    time_field: Option<TimeFields>,
    /// Where the service is
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = "Fields")]
    service_field: Option<Path>,
    /// Where the message is
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = "Fields")]
    message_field: Option<Path>,
    /// Where the HTTP status is; without one it is taken from `HTTP Status Code: NNN` in the message
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = "Fields")]
    status_field: Option<Path>,
    /// Where the record's id is
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = "Fields")]
    id_field: Option<Path>,
    /// What a number in the time field counts
    #[arg(long, value_name = "UNIT", value_enum, default_value_t, help_heading = "Fields")]
    time_unit: Unit,
    /// How times are written, as strptime has it, where their look does not tell: '%d/%m/%Y %H:%M:%S%.f'
    #[arg(long, value_name = "FORMAT", help_heading = "Fields")]
    time_format: Option<TimeFormat>,
    /// The zone of times that name none, and of --calendar windows: `Europe/Berlin`, `+02:00`
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone_named, allow_hyphen_values = true, help_heading = "Fields")]
    time_zone: TimeZone,

    /// Where the records are, if they stand in an array within an object: `Records`, `resourceLogs[].scopeLogs[].logRecords`;
    /// they inherit what stands before it
    #[arg(long, value_name = "PATH", value_parser = Wrapper::parse, help_heading = "Fields")]
    records: Option<Wrapper>,
    /// Where a text holds a JSON object: its fields are the record's, before the record's own. `log` for Docker
    #[arg(long, value_name = "PATH", value_parser = Path::parse, help_heading = "Fields")]
    parse: Option<Path>,

    /// A time further ahead of the clock is a mistake, and its record a dead letter; `off` takes any
    /// [default: 1d; 5m where the input is followed]
    #[arg(long, value_name = "TIME", value_parser = ahead, help_heading = "Fields")]
    max_ahead: Option<Ahead>,

    /// Keep the records for which this CEL expression is true: 'status >= 500 && service != "pay"'
    #[arg(long = "where", value_name = "EXPR", help_heading = "Filter")]
    conditions: Vec<String>,
    /// Keep records from this time on: RFC 3339, a date, or -1h30m for that long ago
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Filter")]
    since: Option<String>,
    /// Keep records before this time
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, help_heading = "Filter")]
    until: Option<String>,
}

/// How far ahead a time may be where nothing is said.
const DEFAULT_AHEAD: Duration = Duration::from_secs(86_400);
const LIVE_AHEAD: Duration = Duration::from_secs(300);

#[derive(Clone, Copy, Default, ValueEnum)]
enum Unit {
    #[default]
    Auto,
    S,
    Ms,
    Us,
    Ns,
}

impl InputArgs {
    pub fn schema(&self) -> Schema {
        let mut schema = Schema::new(self.schema.0.unwrap_or(&PRESETS[0]));
        let roles = [
            (Role::Service, &self.service_field),
            (Role::Message, &self.message_field),
            (Role::Status, &self.status_field),
            (Role::Id, &self.id_field),
        ];
        for (role, path) in roles {
            if let Some(path) = path {
                schema.set_role(role, path.clone());
                schema.demand(role);
            }
        }
        if let Some(TimeFields { first, rest }) = &self.time_field {
            schema.set_role(Role::Time, first.clone());
            schema.demand(Role::Time);
            rest.iter().for_each(|rest| schema.set_time_rest(rest));
        }
        schema.time_format = self.time_format.clone();
        schema.time_unit = match self.time_unit {
            Unit::Auto => TimeUnit::Auto,
            Unit::S => TimeUnit::Seconds,
            Unit::Ms => TimeUnit::Millis,
            Unit::Us => TimeUnit::Micros,
            Unit::Ns => TimeUnit::Nanos,
        };
        schema.time_zone = self.time_zone.clone();
        schema.parse = self.parse.clone();
        schema.names.parse_too(self.parse.clone());
        schema.records = self.records.clone().map(Arc::new);
        schema
    }

    /// Which bytes are read.
    pub fn source(&self) -> &SourceArgs {
        &self.source
    }

    /// Whether records are left out.
    pub fn is_filtered(&self) -> bool {
        !self.conditions.is_empty() || self.since.is_some() || self.until.is_some()
    }

    /// What was said of where the records are.
    pub fn nesting(&self) -> Nesting {
        Nesting { records: self.records.clone().map(Arc::new), parse: self.parse.clone(), ..Nesting::default() }
    }

    /// Whether nothing was said of where the fields are.
    pub fn is_schema_open(&self) -> bool {
        let fields = [&self.service_field, &self.message_field, &self.status_field, &self.id_field];
        self.schema.0.is_none() && self.time_field.is_none() && fields.iter().all(|field| field.is_none())
    }

    /// How long a record may be.
    pub fn record_bytes(&self) -> usize {
        self.source.record_bytes()
    }

    pub fn sources(&self) -> Result<Sources> {
        self.source.sources()
    }

    pub fn empty_sources(&self) -> Result<Vec<(&str, bool)>> {
        self.source.empty_sources()
    }

    pub fn follow(&self, sources: &Sources) -> Result<bool> {
        let wanted = self.follow || self.tail_only;
        let may_go_on = if sources.is_stdin_only() { sources.may_be_endless() } else { sources.has_directory() };
        let follow = wanted || (!self.no_follow && may_go_on && std::io::stdout().is_terminal());
        if follow && sources.is_stdin_only() {
            return Ok(true);
        }
        if follow && sources.has_stdin() {
            bail!(
                "standard input cannot be followed together with files: it ends, and they do not; add --no-follow, or run twice"
            );
        }
        Ok(follow)
    }

    /// The sources as they were named.
    pub fn places(&self) -> impl Iterator<Item = &String> {
        self.source.places()
    }

    /// Which files of a directory are read.
    pub fn include(&self) -> Vec<String> {
        self.source.include()
    }

    /// To go on, or not to, whatever the default would be.
    pub fn set_follow(&mut self, follow: bool) {
        (self.follow, self.no_follow) = (follow, !follow);
    }

    /// Whether it was asked for to read once.
    pub fn is_one_pass(&self) -> bool {
        self.no_follow
    }

    /// Whether to go on was asked for.
    pub fn is_followed(&self) -> bool {
        self.follow
    }

    /// Whether how a time is written was said: by a form, or by two fields.
    pub fn is_time_told(&self) -> bool {
        self.time_format.is_some() || self.time_field.as_ref().is_some_and(|fields| fields.rest.is_some())
    }

    /// The zone of times that name none, and of calendars.
    pub fn zone(&self) -> &TimeZone {
        &self.time_zone
    }

    /// The name of the zone of times that name none, where it has one.
    pub fn time_zone(&self) -> Option<&str> {
        self.time_zone.iana_name()
    }

    /// Where a text is that is read as JSON.
    pub fn parse(&self) -> Option<&Path> {
        self.parse.as_ref()
    }

    pub fn tail_only(&self) -> bool {
        self.tail_only
    }

    pub fn filter(&self, schema: &mut Schema) -> Result<Filter> {
        let now = jiff::Timestamp::now();
        let bound = |text: &Option<String>, flag: &'static str| {
            let time = text.as_ref().map(|text| when(text, now, &self.time_zone)).transpose();
            time.map_err(|reason| anyhow!(reason)).context(flag)
        };
        let (since, until) = (bound(&self.since, "--since")?, bound(&self.until, "--until")?);
        Filter::new(since, until, &self.conditions, schema).map_err(|reason| anyhow!(reason))
    }

    pub fn limits(&self, letters: usize) -> Limits {
        Limits { record_bytes: self.source.record_bytes(), letters, ahead: self.ahead() }
    }

    /// How far after now, or after what was seen, a time may be.
    pub fn ahead(&self) -> Option<Duration> {
        // A log that is followed is of now; one that is not may be of any time, with gaps.
        let is_live = || self.sources().and_then(|sources| self.follow(&sources)).unwrap_or(false);
        match self.max_ahead {
            Some(Ahead(ahead)) => ahead,
            None if is_live() => Some(LIVE_AHEAD),
            None => Some(DEFAULT_AHEAD),
        }
    }

    pub fn threads(&self) -> usize {
        self.threads.map_or(0, usize::from)
    }
}
