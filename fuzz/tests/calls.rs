//! The target `calls`.

#[test]
fn calls() {
    bolero::check!().for_each(|bytes: &[u8]| rpc_fuzz::calls(bytes));
}
