//! Slices of event time, each with what was seen in it: what every kind of window is made of.
//!
//! Slices are numbered, sorted and stand once. Times mostly rise, so the last slice is at hand.

use super::Merge;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::VecDeque;

/// Something for each slice of time that holds an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panes<T> {
    /// The last one: nearly all events are of it.
    open: Option<Pane<T>>,
    /// Those before it.
    rest: VecDeque<Pane<T>>,
}

/// A slice of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane<T> {
    pub number: i64,
    pub held: T,
}

impl<T> Default for Panes<T> {
    fn default() -> Self {
        Self { open: None, rest: VecDeque::new() }
    }
}

impl<T> Panes<T> {
    pub fn len(&self) -> usize {
        self.rest.len() + usize::from(self.open.is_some())
    }

    pub fn is_empty(&self) -> bool {
        self.open.is_none()
    }

    /// The last of all.
    #[inline(always)]
    pub fn open(&mut self) -> Option<&mut Pane<T>> {
        self.open.as_mut()
    }

    /// From the first to the last.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Pane<T>> {
        self.rest.iter().chain(&self.open)
    }

    /// What each of them holds.
    pub fn held_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.rest.iter_mut().chain(&mut self.open).map(|pane| &mut pane.held)
    }

    pub fn first(&self) -> Option<&Pane<T>> {
        self.rest.front().or(self.open.as_ref())
    }

    pub fn last(&self) -> Option<&Pane<T>> {
        self.open.as_ref()
    }

    /// Those from one number to before another.
    pub fn range(&self, begin: i64, end: i64) -> impl Iterator<Item = &Pane<T>> {
        let from = self.rest.partition_point(|pane| pane.number < begin);
        let open = self.open.iter().filter(move |pane| pane.number >= begin);
        self.rest.range(from..).chain(open).take_while(move |pane| pane.number < end)
    }

    /// One that holds an event.
    pub fn get(&mut self, number: i64) -> Option<&mut T> {
        let open = self.open.as_mut()?;
        match number.cmp(&open.number) {
            Ordering::Less => {
                let place = self.rest.binary_search_by_key(&number, |pane| pane.number).ok()?;
                self.rest.get_mut(place).map(|pane| &mut pane.held)
            }
            Ordering::Equal => Some(&mut open.held),
            Ordering::Greater => None,
        }
    }

    /// Takes in one that held no event yet.
    pub fn insert(&mut self, number: i64, held: T) {
        let pane = Pane { number, held };
        match &mut self.open {
            None => self.open = Some(pane),
            Some(open) if open.number < number => {
                let closed = std::mem::replace(open, pane);
                self.rest.push_back(closed);
            }
            Some(_) => {
                let place = self.rest.partition_point(|held| held.number < number);
                self.rest.insert(place, pane);
            }
        }
    }

    /// Forgets those before a number.
    pub fn evict_before(&mut self, number: i64) {
        while self.rest.front().is_some_and(|pane| pane.number < number) {
            self.rest.pop_front();
        }
        if self.open.as_ref().is_some_and(|open| open.number < number) {
            self.open = None;
        }
    }
}

impl<T: Merge> Merge for Panes<T> {
    fn merge(&mut self, later: Self) {
        for Pane { number, held } in later.rest.into_iter().chain(later.open) {
            match self.get(number) {
                Some(known) => known.merge(held),
                None => self.insert(number, held),
            }
        }
    }
}
