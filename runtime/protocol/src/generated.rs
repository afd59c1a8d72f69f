//! The contract between generated code and the runtime. For generated code only.
//!
//! A generated type is data: it gives access to its fields by index ([`Record`], [`RecordMut`]) next to a table of them
//! ([`Schema`]). Signing, encoding, decoding, validation and `Debug` are written once, over these tables. A generated file
//! names only items of this module.
//!
//! Applications use the crate root. Any release may change this module: generated code states the version of the contract
//! that it needs, and a runtime without that version does not compile with it.

#[cfg(feature = "messages")]
pub use crate::messages::{ContentError, Decoded, Message, Topic};
pub use crate::open_enum::{OpenEnum, OpenEnumField, OpenEnumList, OpenEnumListSlot, OpenEnumSlot};
pub use crate::paging::{FieldPath, Paged, Paging, Window};
pub use crate::record::{
    Field, FieldRef, Kind, Limit, ObjectField, ObjectList, ObjectListSlot, ObjectSlot, Record, RecordMut, Schema, Slot,
    View,
};
pub use crate::request::{Authorization, ErrorCode, Request};
#[cfg(feature = "spi")]
pub use crate::spi::Spi;
pub use crate::{__contract as contract, __open_enum as open_enum, __record as record, __required as required};
pub use crate::{DateTime, Decimal, File, Json};
