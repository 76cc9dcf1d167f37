//! Method numbers belong to the process, so their test has a process of its own.

use std::collections::BTreeSet;
use std::thread;

use rpc_wire::{MAX_METHOD_NUMBERS, MethodDescriptor, MethodKind};

fn methods(count: usize) -> Vec<MethodDescriptor> {
    let method = || MethodDescriptor::new("pkg.Service", "Do", "pkg.Service/Do", MethodKind::Unary);
    std::iter::repeat_with(method).take(count).collect()
}

#[test]
fn the_first_methods_that_ask_get_distinct_numbers_and_later_ones_none() {
    let numbered = methods(MAX_METHOD_NUMBERS.into());
    let answers = || {
        numbered
            .iter()
            .map(MethodDescriptor::number)
            .collect::<Vec<_>>()
    };

    // Two threads ask for the same methods at once and must be given the same answers.
    let (ours, theirs) = thread::scope(|scope| {
        let other = scope.spawn(answers);
        (answers(), other.join().unwrap())
    });
    assert_eq!(ours, theirs);
    let distinct: BTreeSet<u16> = ours.into_iter().flatten().collect();
    assert_eq!(distinct, (1..=MAX_METHOD_NUMBERS).collect());

    for late in methods(2) {
        assert_eq!(late.number(), None);
        assert_eq!(late.number(), None);
    }
    assert_eq!(answers(), theirs, "a method keeps its number");
}
