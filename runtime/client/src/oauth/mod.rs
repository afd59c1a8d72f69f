//! How a user's grant becomes a session (docs/protocol.md section 7.5).

mod methods;
mod redirect;
pub(crate) mod server;
pub(crate) mod token;

pub use self::methods::TokenMethods;
pub use self::server::{AuthorizationRequest, AuthorizeView, OAuth, Refresh};
pub use self::token::{InvalidToken, Token};
