use super::*;
use crate::render::sample::report;
use crate::render::vt::Vt;
use crate::report::Cell;
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// A live table at a terminal that a test can resize.
struct Screen {
    vt: Vt,
    live: Live<Vec<u8>>,
    size: Arc<Mutex<(u16, u16)>>,
    /// Nanoseconds since the epoch.
    time: Arc<Mutex<u64>>,
}

impl Screen {
    fn new(size: (u16, u16)) -> Self {
        let shared = Arc::new(Mutex::new(size));
        let asked = Arc::clone(&shared);
        let style = Style { color: true, unicode: true };
        let mut live = Live::new(Vec::new(), style, Box::new(move || *asked.lock().unwrap()));
        let time = Arc::new(Mutex::new(report().seen.newest().unwrap().nanos() as u64));
        let told = Arc::clone(&time);
        live.now = Box::new(move || Duration::from_nanos(*told.lock().unwrap()));
        let mut vt = Vt::new(size);
        vt.write("$ streamlab\r\n");
        Self { vt, live, size: shared, time }
    }

    fn resize(&mut self, size: (u16, u16), pulls: bool) {
        self.vt.resize(size, pulls);
        *self.size.lock().unwrap() = size;
    }

    fn flush(&mut self) {
        self.vt.write(&String::from_utf8(std::mem::take(&mut self.live.out)).unwrap());
    }

    fn render(&mut self, report: &Report) {
        self.live.render(&Arc::new(report.clone())).unwrap();
        self.flush();
    }

    fn tick(&mut self) {
        self.live.tick().unwrap();
        self.flush();
    }
}

/// A report with a row for each name.
fn rows_of(names: &[String]) -> Report {
    let mut report = report();
    let row =
        |name: &String| vec![Cell::Text(name.into()), Cell::Count(7), Cell::Count(3), Cell::Rate(0.4), Cell::Null];
    report.answer.rows = names.iter().map(row).collect();
    report
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|name| format!("service-{name}")).collect()
}

#[test]
fn a_frame_is_cut_to_the_screen_and_the_last_is_drawn_whole() {
    let mut screen = Screen::new((60, 11));
    screen.render(&rows_of(&names(9)));
    let expected = [
        "running-avg · 2025-10-15 15:21:26.315 … 20:21:26.315 UTC",
        "service     total  success  success rate    95 % interval",
        "─────────────────────────────────────────────────────────",
        "service-0       7        3       40.00 %                -",
        "service-1       7        3       40.00 %                -",
        "… 7 more rows",
        "─────────────────────────────────────────────────────────",
        "(all)      12,200    4,400       36.07 %  25.00 … 50.00 %",
        "read 12,250 = counted 12,200 + dead letter 50",
        "500 kB/s · 6.1 k records/s · 1.0 MB read",
        "",
    ];
    assert_eq!(screen.vt.screen(), expected);
    let mut last = Report { last: true, ..rows_of(&names(30)) };
    last.pace.following = false;
    screen.render(&last);
    let text = screen.vt.text();
    assert_eq!(text.iter().filter(|line| line.starts_with("service-")).count(), 30);
    assert_eq!(text.last().map(String::as_str), Some(""), "the cursor stands below");
    screen.resize((70, 20), true);
    screen.tick();
    assert_eq!(screen.vt.text(), text, "what is left on the screen is no longer ours");
}

#[test]
fn a_run_that_is_ended_leaves_what_the_screen_showed() {
    let mut screen = Screen::new((80, 24));
    screen.render(&rows_of(&names(31_131)));
    screen.render(&Report { last: true, ..rows_of(&names(31_131)) });
    let text = screen.vt.text();
    assert_eq!(text.len(), 1 + 24, "{text:#?}");
    assert!(text.iter().any(|line| line == "… 31116 more rows"), "{text:#?}");
    assert!(text.iter().any(|line| line.starts_with("(all)")), "{text:#?}");
}

#[test]
fn the_pace_is_told_while_no_report_comes() {
    let mut screen = Screen::new((80, 24));
    screen.render(&rows_of(&names(3)));
    let pace = |screen: &Screen| screen.vt.text().iter().rev().nth(1).cloned().unwrap();
    assert_eq!(pace(&screen), "500 kB/s · 6.1 k records/s · 1.0 MB read");
    *screen.time.lock().unwrap() += 14_000_000_000;
    screen.tick();
    assert_eq!(pace(&screen), "waiting for data · newest event 14 s old · 1.0 MB read");
}

#[test]
fn rows_that_a_small_screen_pushed_out_are_cleared_when_they_come_back() {
    for sizes in
        [vec![(80, 10), (80, 24)], vec![(50, 24), (100, 30), (80, 10), (80, 24)], vec![(80, 8), (80, 12), (80, 40)]]
    {
        let mut screen = Screen::new((80, 24));
        screen.render(&rows_of(&names(30)));
        for size in sizes {
            screen.resize(size, true);
            screen.tick();
        }
        let titles = screen.vt.screen().iter().filter(|line| line.starts_with("running-avg")).count();
        assert_eq!(titles, 1, "{:#?}", screen.vt.screen());
    }
}

#[test]
fn a_cleared_frame_makes_room_and_comes_back_below() {
    let mut screen = Screen::new((80, 24));
    screen.render(&rows_of(&names(3)));
    let frame = screen.vt.text()[1..].to_vec();
    screen.live.clear().unwrap();
    screen.flush();
    screen.vt.write("warning: gone\r\n");
    screen.tick();
    assert_eq!(screen.vt.text()[..2], ["$ streamlab", "warning: gone"]);
    assert_eq!(screen.vt.text()[2..], frame);
}

#[test]
fn what_a_shrunk_screen_still_shows_of_a_frame_is_cleared() {
    let mut screen = Screen::new((80, 24));
    screen.render(&rows_of(&names(15)));
    screen.resize((80, 10), true);
    screen.tick();
    let ledgers = screen.vt.text().iter().filter(|line| line.starts_with("read ")).count();
    assert_eq!(ledgers, 1);
}

#[test]
fn a_wide_character_is_not_split_between_rows() {
    assert_eq!([rows("支支支", 6), rows("支支支", 5), rows("支支支", 3), rows("", 3)], [1, 2, 3, 1]);
}

#[test]
fn a_frame_is_one_write_that_a_terminal_shows_at_once() {
    struct Writes(Vec<Vec<u8>>);
    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut live = Live::new(Writes(Vec::new()), Style { color: false, unicode: true }, Box::new(|| (80, 24)));
    live.render(&Arc::new(report())).unwrap();
    live.tick().unwrap();
    let [frame] = live.out.0.as_slice() else { panic!("{} writes", live.out.0.len()) };
    assert!(frame.starts_with(BEGIN.as_bytes()) && frame.ends_with(END.as_bytes()));
}

#[derive(Clone, Debug)]
enum Step {
    Update(Vec<String>),
    Resize { size: (u16, u16), pulls: bool, tick: bool },
    Interrupt,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = (12u16..120, 2u16..40);
    let names = prop::collection::vec("[a-z支\\x1b]{0,30}", 0..30);
    prop::collection::vec(
        prop_oneof![
            names.prop_map(Step::Update),
            (size, any::<bool>(), any::<bool>()).prop_map(|(size, pulls, tick)| Step::Resize { size, pulls, tick }),
            Just(Step::Interrupt),
        ],
        1..12,
    )
}

proptest! {
    #[test]
    fn the_screen_shows_the_last_frame_and_nothing_of_those_before(steps in steps()) {
        let mut screen = Screen::new((80, 24));
        let mut torn = false;
        for step in steps {
            match step {
                Step::Update(names) => screen.render(&rows_of(&names)),
                Step::Interrupt => {
                    screen.vt.write("^C");
                    screen.render(&report());
                }
                Step::Resize { size, pulls, tick } => {
                    screen.resize(size, pulls);
                    // Rows of a frame that left the screen before it was redrawn are out of reach.
                    torn |= screen.vt.is_scrolled_out(1);
                    if tick {
                        screen.tick();
                    }
                }
            }
        }
        screen.render(&rows_of(&names(7)));
        let mut frame = screen.live.drawn.clone();
        frame.push(String::new());
        let (text, shown) = (screen.vt.text(), screen.vt.screen());
        prop_assert!(shown.ends_with(&frame), "{shown:#?} is not {frame:#?}");
        prop_assert_eq!(&text[0], "$ streamlab");
        prop_assert!(torn || text.len() == 1 + frame.len(), "{text:#?}");
    }
}
