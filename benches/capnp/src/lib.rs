//! The echo service for capnp-rpc, described by hand: the schema compiler is no Rust program.
//!
//! Request and reply are bare texts. With a compiled schema they would be structs with a text in them, which takes eight bytes
//! more on the wire and one more pointer to follow.

use std::ops::Deref;
use std::rc::Rc;

use capnp::Error;
use capnp::any_pointer;
use capnp::capability::{
    Client, DispatchCallResult, FromClientHook, FromServer, Params, Promise, Request, Results,
    Server,
};
use capnp::private::capability::ClientHook;
use capnp::text;

/// The number of the interface, as a schema would give it one.
const INTERFACE: u64 = 0xf00d_cafe_0000_0001;

/// The number of its only method.
const ECHO: u16 = 0;

/// Answers with the text of the request.
pub struct Mirror;

/// A reference to a [`Mirror`], here or elsewhere.
#[derive(Clone)]
pub struct EchoClient(Client);

impl EchoClient {
    /// Sends a text and gives what came back.
    ///
    /// # Errors
    ///
    /// When the call fails or its answer is no text.
    pub async fn echo(&self, text: &str) -> capnp::Result<String> {
        let mut request: Request<any_pointer::Owned, any_pointer::Owned> =
            self.0.new_call(INTERFACE, ECHO, None);
        request.get().set_as::<text::Owned>(text)?;
        let response = request.send().promise.await?;
        let answer: text::Reader<'_> = response.get()?.get_as()?;
        Ok(answer.to_string()?)
    }
}

impl FromClientHook for EchoClient {
    fn new(hook: Box<dyn ClientHook>) -> Self {
        Self(Client::new(hook))
    }

    fn into_client_hook(self) -> Box<dyn ClientHook> {
        self.0.hook
    }

    fn as_client_hook(&self) -> &dyn ClientHook {
        &*self.0.hook
    }
}

impl FromServer<Mirror> for EchoClient {
    type Dispatch = Dispatch;

    fn from_server(mirror: Rc<Mirror>) -> Dispatch {
        Dispatch(mirror)
    }
}

/// Takes the calls of a [`Mirror`].
#[derive(Clone)]
pub struct Dispatch(Rc<Mirror>);

impl Deref for Dispatch {
    type Target = Mirror;

    fn deref(&self) -> &Mirror {
        &self.0
    }
}

impl Server for Dispatch {
    fn dispatch_call(
        self,
        interface: u64,
        method: u16,
        params: Params<any_pointer::Owned>,
        mut results: Results<any_pointer::Owned>,
    ) -> DispatchCallResult {
        let answered = if (interface, method) == (INTERFACE, ECHO) {
            answer(&params, &mut results)
        } else {
            Err(Error::unimplemented("there is only echo".to_owned()))
        };
        let promise = answered.map_or_else(Promise::err, Promise::ok);
        DispatchCallResult::new(promise, false)
    }

    fn as_ptr(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }
}

fn answer(
    params: &Params<any_pointer::Owned>,
    results: &mut Results<any_pointer::Owned>,
) -> capnp::Result<()> {
    let text: text::Reader<'_> = params.get()?.get_as()?;
    results.get().set_as::<text::Owned>(text)
}
