//! What stands in for tracking where the feature is off: types of no size, whose
//! methods the compiler removes. Keeps the core free of conditions.

use crate::Discard;
use crate::hook::Panics;
use std::time::Duration;

#[derive(Clone, Copy)]
pub(crate) struct Site;

impl Site {
    #[inline]
    pub(crate) fn caller() -> Self {
        Self
    }
}

#[derive(Debug, Default)]
pub(crate) struct Lease {}

impl Lease {
    #[inline]
    pub(crate) fn ask(&mut self) {}

    #[inline]
    pub(crate) fn is_held(&self) -> bool {
        false
    }
}

#[derive(Default)]
pub(crate) struct Countdown {}

impl Countdown {
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        false
    }
}

pub(crate) struct Setup;

impl Setup {
    pub(crate) const fn new() -> Self {
        Self
    }
}

pub(crate) struct Tracker;

impl Tracker {
    pub(crate) fn new(_: &Setup, _: fn() -> Duration, _: usize) -> Self {
        Self
    }

    pub(crate) fn restart(&self, _: &Countdown) {}

    pub(crate) fn restart_if_due(&self, _: &Countdown) {}

    #[inline]
    pub(crate) fn draw(&self, _: &mut Lease) {}

    #[inline]
    pub(crate) fn lend(&self, _: &mut Lease, _: Loan) {}

    #[inline]
    pub(crate) fn resize(&self, _: &Lease, _: usize) {}

    #[inline]
    pub(crate) fn end(&self, _: &Lease, _: Option<usize>) {}

    #[inline]
    pub(crate) fn retire(&self, _: &mut Lease) {}

    #[inline]
    pub(crate) fn keep(&self, _: usize) {}

    #[inline]
    pub(crate) fn let_go(&self, _: &Lease, _: usize, _: Discard) {}

    pub(crate) fn report_held_if_due(&self, _: Option<&str>, _: &mut Panics) {}

    pub(crate) fn report_lost(&self, _: Option<&str>, _: &mut Panics) {}
}

#[inline]
pub(crate) fn apart<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// What is known of a loan when it begins.
#[expect(dead_code, reason = "nobody looks")]
pub(crate) struct Loan {
    pub(crate) site: Site,
    pub(crate) bytes: usize,
    pub(crate) is_new: bool,
}
