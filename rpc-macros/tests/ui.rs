//! What the attribute accepts, and what the user reads where it or the compiler does not accept.
//!
//! The services are the ones whose generated code `rpc-build` keeps and compares, so that these
//! tests also show that this code compiles.

#[test]
fn right_services_compile_and_mistakes_are_shown_where_they_are() {
    // One set of cases, because the dependencies are built once for each set.
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
