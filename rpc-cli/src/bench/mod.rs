//! `rpc bench`: how many calls a server answers, and how fast.
//!
//! A [`plan`] says what to do. Calls are made by a [`caller`], in a [`closed`] or an [`open`] loop, and counted by a
//! [`recorder`]; [`run`] is the whole of it. What it showed is a [`report`], which can be kept, shown and compared with another.

mod bins;
mod caller;
mod closed;
mod compare;
mod connection;
mod cpu;
mod draw;
mod interval;
mod measure;
mod open;
mod payload;
mod plan;
mod progress;
mod recorder;
mod report;
mod run;
mod show;
mod table;
mod tally;
mod template;
#[cfg(test)]
mod tests;
mod tickets;
mod units;
mod warnings;

pub(crate) use self::compare::compare;
pub(crate) use self::draw::Canvas;
pub(crate) use self::measure::{Subject, measure};
pub(crate) use self::payload::read as read_requests;
pub(crate) use self::plan::{Load, Plan, Until};
pub(crate) use self::report::Report;
pub(crate) use self::show::lines as report_lines;
pub(crate) use self::table::lines as comparison_lines;
pub(crate) use self::template::PLACEHOLDERS;
