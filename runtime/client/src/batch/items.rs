//! The items of a batch, and the types of their results.

use std::vec;

use secrecy::{ExposeSecret, SecretString};

use super::chunk::ResponsePart;
use super::error::BatchError;
use crate::client::Client;
use crate::error::Error;
use crate::received::{Ban, ban, decode_as, decoded};
use top_protocol::{Application, Authorization, DateTime, Request, Response, SignedRequest};

/// The result of a call of the request type `R`.
pub type BatchResult<R> = Result<Response<<R as Request>::Response>, BatchError>;

/// SingleCall call.
#[derive(Debug)]
pub struct SingleCall<'r, R> {
    pub(super) request: &'r R,
    pub(super) session: Option<SecretString>,
}

/// Calls of one method.
#[derive(Debug)]
pub struct CallList<'r, R> {
    pub(super) requests: &'r [R],
}

/// A call without its type.
pub trait ErasedCall: Sync {
    /// The method.
    fn method(&self) -> &'static str;
    /// Whether the call needs a session.
    fn authorization(&self) -> Authorization;
    /// Whether the method requires https.
    fn https_only(&self) -> bool;
    /// Whether the call changes nothing.
    fn reads(&self) -> bool;
    /// The session of the call alone.
    fn session(&self) -> Option<&str>;
    /// Validates and encodes the request.
    fn sign(
        &self,
        application: &Application,
        session: Option<&str>,
        time: DateTime,
    ) -> Result<SignedRequest, top_protocol::Error>;
}

impl<R: Request + Sync> ErasedCall for SingleCall<'_, R> {
    fn method(&self) -> &'static str {
        R::METHOD
    }

    fn authorization(&self) -> Authorization {
        R::AUTHORIZATION
    }

    fn https_only(&self) -> bool {
        R::HTTPS_ONLY
    }

    fn reads(&self) -> bool {
        R::READS
    }

    fn session(&self) -> Option<&str> {
        self.session.as_ref().map(ExposeSecret::expose_secret)
    }

    fn sign(
        &self,
        application: &Application,
        session: Option<&str>,
        time: DateTime,
    ) -> Result<SignedRequest, top_protocol::Error> {
        application.sign(self.request, session, time)
    }
}

/// The outcomes of the calls, in their order.
pub struct Outcomes<'o> {
    pub(super) client: &'o Client,
    pub(super) outcomes: &'o mut vec::IntoIter<Result<ResponsePart, BatchError>>,
    /// The bans that responses name, for the limiter: the method if it is not the whole application, and the time.
    pub(super) bans: &'o mut Vec<Ban<'static>>,
}

impl Outcomes<'_> {
    /// Decodes the next outcome.
    fn next<R: Request>(&mut self) -> BatchResult<R> {
        // There are as many outcomes as calls.
        let part = self.outcomes.next().unwrap_or_else(|| Err(ResponsePart::missing()))?;
        self.decode::<R>(part).map_err(BatchError::of_call)
    }

    fn decode<R: Request>(&mut self, part: ResponsePart) -> Result<Response<R::Response>, Error> {
        let ResponsePart { head, body, chunk } = part;
        let secrets = chunk.secrets(self.client);
        match decoded(self.client.shared.strict, &head, body, secrets.clone(), &decode_as::<R>) {
            Ok(response) => Ok(response.with_head(head)),
            Err(mut error) => {
                error.redact(secrets);
                self.bans.extend(ban(&error, R::METHOD));
                Err(error)
            }
        }
    }
}

/// Something that [`Batch::add`](super::Batch::add) and [`Batch::add_all`](super::Batch::add_all) add. Other crates cannot
/// implement it.
pub trait BatchItem: private::Sealed {
    /// The result, or the list of results.
    type Result;

    /// Adds its calls to a list.
    #[doc(hidden)]
    fn calls<'s>(&'s self, calls: &mut Vec<Box<dyn ErasedCall + 's>>);

    /// Takes its results.
    #[doc(hidden)]
    fn result(&self, outcomes: &mut Outcomes<'_>) -> Self::Result;
}

impl<R: Request + Sync> BatchItem for SingleCall<'_, R> {
    type Result = BatchResult<R>;

    fn calls<'s>(&'s self, calls: &mut Vec<Box<dyn ErasedCall + 's>>) {
        calls.push(Box::new(SingleCall { request: self.request, session: self.session.clone() }));
    }

    fn result(&self, outcomes: &mut Outcomes<'_>) -> Self::Result {
        outcomes.next::<R>()
    }
}

impl<R: Request + Sync> BatchItem for CallList<'_, R> {
    type Result = Vec<BatchResult<R>>;

    fn calls<'s>(&'s self, calls: &mut Vec<Box<dyn ErasedCall + 's>>) {
        calls.extend(
            self.requests
                .iter()
                .map(|request| Box::new(SingleCall { request, session: None }) as Box<dyn ErasedCall + 's>),
        );
    }

    fn result(&self, outcomes: &mut Outcomes<'_>) -> Self::Result {
        self.requests.iter().map(|_| outcomes.next::<R>()).collect()
    }
}

/// The tuple of what was added to a batch. Other crates cannot implement it.
pub trait BatchItems: private::Sealed {
    /// The tuple of results.
    type Results;

    /// Returns the calls in order.
    #[doc(hidden)]
    fn calls(&self) -> Vec<Box<dyn ErasedCall + '_>>;

    /// Takes the results in order.
    #[doc(hidden)]
    fn results(&self, outcomes: &mut Outcomes<'_>) -> Self::Results;
}

/// A tuple that something can be added to. Other crates cannot implement it.
pub trait Append<I>: private::Sealed {
    /// The longer tuple.
    type Output;

    /// Adds `item` at the end.
    #[doc(hidden)]
    fn append(self, item: I) -> Self::Output;
}

mod private {
    pub trait Sealed {}
    impl<R> Sealed for super::SingleCall<'_, R> {}
    impl<R> Sealed for super::CallList<'_, R> {}
}

/// Implements the traits for the tuple of these types, and for the shorter ones.
macro_rules! tuples {
    () => { tuples!(@one); };
    ($first:ident $($rest:ident)*) => { tuples!(@one $first $($rest)*); tuples!($($rest)*); };
    (@one $($item:ident)*) => {
        impl<$($item),*> private::Sealed for ($($item,)*) {}

        impl<$($item: BatchItem),*> BatchItems for ($($item,)*) {
            type Results = ($($item::Result,)*);

            #[allow(non_snake_case, unused_mut, unused_variables, reason = "a tuple may be empty")]
            fn calls(&self) -> Vec<Box<dyn ErasedCall + '_>> {
                let ($($item,)*) = self;
                let mut calls = Vec::new();
                $($item.calls(&mut calls);)*
                calls
            }

            #[allow(non_snake_case, unused_variables, clippy::unused_unit, reason = "a tuple may be empty")]
            fn results(&self, outcomes: &mut Outcomes<'_>) -> Self::Results {
                let ($($item,)*) = self;
                ($($item.result(outcomes),)*)
            }
        }

        impl<$($item,)* I> Append<I> for ($($item,)*) {
            type Output = ($($item,)* I,);

            #[allow(non_snake_case, reason = "the names of types name the values")]
            fn append(self, item: I) -> Self::Output {
                let ($($item,)*) = self;
                ($($item,)* item,)
            }
        }
    };
}

tuples!(A B C D E F G H J K L M);
