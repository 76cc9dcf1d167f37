//! Both ends of a connection: calls and messages from one to the other and back.
#![allow(missing_docs, reason = "the macros make public items")]

use bench_micro::{Pair, config};
use gungraun::prelude::*;

const KIB: usize = 1024;

#[library_benchmark]
#[bench::empty(Pair::new(0, 1))]
#[bench::of_64_b(Pair::new(64, 1))]
#[bench::of_64_b_64_at_a_time(Pair::new(64, 64))]
#[bench::of_10_kib(Pair::new(10 * KIB, 1))]
fn unary(mut pair: Pair) -> Pair {
    pair.round_trip();
    pair
}

#[library_benchmark]
#[bench::of_64_b(Pair::streaming(64, 1))]
#[bench::of_64_b_64_at_a_time(Pair::streaming(64, 64))]
#[bench::of_10_kib(Pair::streaming(10 * KIB, 1))]
fn streamed((mut pair, id): (Pair, u32)) -> Pair {
    pair.stream(id);
    pair
}

library_benchmark_group!(name = session, benchmarks = [unary, streamed]);
main!(config = config(), library_benchmark_groups = session);
