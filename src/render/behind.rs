//! Renders on a thread of its own: a run goes on while what it found is written.

use super::Render;
use crate::report::Report;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Reports are handed over together until they have so many rows: to wake a thread for a few costs more
/// than to write them.
const BATCH_ROWS: usize = 1000;
/// How many batches may wait, and how many rows, so that memory is bounded.
const MOST_BATCHES: usize = 64;
const MOST_ROWS: usize = 200_000;

/// Hands reports to a renderer that works behind the run. What fails there is told by a later call, by
/// that of the last report at the latest.
pub struct Behind {
    /// None once the renderer has failed.
    tasks: Option<SyncSender<Task>>,
    /// Reports that are not handed over yet.
    batch: Vec<Arc<Report>>,
    batch_rows: usize,
    /// How many rows were handed over since the renderer last had nothing to do.
    rows: usize,
    thread: Option<JoinHandle<io::Result<()>>>,
}

enum Task {
    Show(Vec<Arc<Report>>),
    /// Answer when all before it is done.
    Answer(SyncSender<()>),
}

impl Behind {
    pub fn new(render: Box<dyn Render + Send>) -> io::Result<Self> {
        let (tasks, todo) = sync_channel(MOST_BATCHES);
        let thread = std::thread::Builder::new().name("render".to_owned()).spawn(move || work(render, &todo))?;
        Ok(Self { tasks: Some(tasks), batch: Vec::new(), batch_rows: 0, rows: 0, thread: Some(thread) })
    }

    fn send(&mut self, task: Task) -> io::Result<()> {
        match &self.tasks {
            Some(tasks) if tasks.send(task).is_ok() => Ok(()),
            _ => self.end(),
        }
    }

    /// Waits for the end of the thread, to which nothing is sent any more.
    fn end(&mut self) -> io::Result<()> {
        self.tasks = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the thread that renders has panicked")),
            None => Ok(()),
        }
    }
}

fn work(mut render: Box<dyn Render + Send>, todo: &Receiver<Task>) -> io::Result<()> {
    for task in todo {
        match task {
            Task::Show(reports) => reports.iter().try_for_each(|report| render.render(report))?,
            // Whoever does not wait any more needs no answer.
            Task::Answer(to) => _ = to.send(()),
        }
    }
    Ok(())
}

impl Render for Behind {
    fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
        self.batch.push(report.clone());
        self.batch_rows += report.answer.rows.len();
        if report.last || self.rows + self.batch_rows > MOST_ROWS {
            return self.wait();
        }
        if self.batch_rows > BATCH_ROWS { self.tick() } else { Ok(()) }
    }

    fn tick(&mut self) -> io::Result<()> {
        if self.thread.as_ref().is_some_and(JoinHandle::is_finished) {
            return self.end();
        }
        if self.batch.is_empty() {
            return Ok(());
        }
        self.rows += std::mem::take(&mut self.batch_rows);
        let batch = std::mem::take(&mut self.batch);
        self.send(Task::Show(batch))
    }

    fn wait(&mut self) -> io::Result<()> {
        self.tick()?;
        self.rows = 0;
        let (to, done) = sync_channel(1);
        self.send(Task::Answer(to))?;
        // Nobody answers where the renderer has failed.
        done.recv().or_else(|_| self.end())
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        // Whoever wants to know what failed has asked before.
        _ = self.tick().and_then(|()| self.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample::report;
    use std::sync::Mutex;

    /// Notes what it is shown, and fails at a report.
    struct Notes(Arc<Mutex<Vec<u64>>>, u64);

    impl Render for Notes {
        fn render(&mut self, report: &Arc<Report>) -> io::Result<()> {
            if report.seq == self.1 {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            self.0.lock().unwrap().push(report.seq);
            Ok(())
        }
    }

    #[test]
    fn all_is_shown_in_order_and_known_to_be() {
        let shown = Arc::new(Mutex::new(Vec::new()));
        let mut behind = Behind::new(Box::new(Notes(shown.clone(), u64::MAX))).unwrap();
        for seq in 1..=20 {
            behind.render(&Arc::new(Report { seq, ..report() })).unwrap();
            if seq % 7 == 0 {
                behind.wait().unwrap();
                assert_eq!(shown.lock().unwrap().len() as u64, seq);
            }
        }
        drop(behind);
        assert_eq!(*shown.lock().unwrap(), (1..=20).collect::<Vec<_>>());
    }

    #[test]
    fn what_fails_behind_is_told_by_the_last_report_at_the_latest() {
        for fails_at in [1, 9, 20] {
            let shown = Arc::new(Mutex::new(Vec::new()));
            let mut behind = Behind::new(Box::new(Notes(shown.clone(), fails_at))).unwrap();
            let show = |seq| behind.render(&Arc::new(Report { seq, last: seq == 20, ..report() }));
            let error = (1..=20).map(show).find_map(Result::err).expect("it was told");
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
            assert_eq!(*shown.lock().unwrap(), (1..fails_at).collect::<Vec<_>>());
        }
    }
}
