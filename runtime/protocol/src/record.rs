//! How generated types show themselves to the protocol: a table of fields, and access to each field by its index.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::open_enum::{OpenEnum, OpenEnumList, OpenEnumListSlot, OpenEnumSlot};
use super::{DateTime, File};

/// A type of the platform's documents, spelled as the documents spell it (docs/protocol.md section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Text.
    String,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date and time at GMT+8.
    Date,
    /// Money, an exact decimal.
    Price,
    /// An exact decimal.
    BigDecimal,
    /// JSON text.
    Json,
    /// A JSON object with keys of the caller's choosing.
    Map,
    /// Names of fields to return, joined by commas.
    FieldList,
    /// A whole number of one byte.
    Byte,
    /// A file.
    File,
    /// An object with fields of its own.
    Object,
}

impl Kind {
    /// The documents' word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::Number => "Number",
            Self::Boolean => "Boolean",
            Self::Date => "Date",
            Self::Price => "Price",
            Self::BigDecimal => "BigDecimal",
            Self::Json => "Json",
            Self::Map => "Map",
            Self::FieldList => "Field List",
            Self::Byte => "byte",
            Self::File => "byte[]",
            Self::Object => "object",
        }
    }
}

/// A row of the table: what the documents say of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// The name on the wire, byte for byte.
    pub name: &'static str,
    /// The documented type, of one element if the field is a list.
    pub kind: Kind,
    /// Whether the field is a list.
    pub list: bool,
    /// Whether a request is refused without it.
    pub required: bool,
    /// Whether its value is hidden wherever it would be printed.
    pub secret: bool,
    /// What a request is refused for going beyond.
    pub limits: &'static [Limit],
}

/// A limit that the documents set to a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The most UTF-16 units that a text may have, as the official SDKs count (docs/protocol.md section 6); of a file,
    /// bytes.
    MaxLength(u64),
    /// The most elements that a list, or a text of elements parted by commas, may have.
    MaxListSize(u64),
    /// The least number.
    MinValue(i64),
    /// The greatest number.
    MaxValue(i64),
}

impl Field {
    /// A field of the given wire name and documented type.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, list: false, required: false, secret: false, limits: &[] }
    }

    /// The same field as a list.
    pub const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// The same field, required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same field within limits.
    pub const fn limits(mut self, limits: &'static [Limit]) -> Self {
        self.limits = limits;
        self
    }

    /// The same field, hidden from everything that prints.
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// The table of a type.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// The name of the Rust type.
    pub name: &'static str,
    /// Its fields, in the documents' order. Their places are the indexes that [`Record`] and [`RecordMut`] take.
    pub fields: &'static [Field],
}

/// A generated type that can be read field by field.
pub trait Record: Send + Sync {
    /// The table of the type.
    fn schema(&self) -> &'static Schema;

    /// The field at `index` of the table; [`View::Absent`] beyond its end.
    fn view(&self, index: usize) -> View<'_>;
}

/// A generated type that can be filled field by field.
pub trait RecordMut: Record {
    /// The field at `index` of the table; [`Slot::None`] beyond its end.
    fn slot(&mut self, index: usize) -> Slot<'_>;
}

/// A field as it can be read: absent, or of one of the types that fields have.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum View<'a> {
    /// No value. It is not sent, not signed and not printed.
    Absent,
    /// Text.
    Text(&'a str),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date and time.
    Date(DateTime),
    /// An exact decimal.
    Decimal(Decimal),
    /// Any JSON value.
    Json(&'a Json),
    /// A file.
    File(&'a File),
    /// An object.
    Object(&'a dyn Record),
    /// A list of texts.
    Texts(&'a [String]),
    /// A list of whole numbers.
    Numbers(&'a [i64]),
    /// A list of `true` and `false`.
    Booleans(&'a [bool]),
    /// A list of dates.
    Dates(&'a [DateTime]),
    /// A list of exact decimals.
    Decimals(&'a [Decimal]),
    /// A list of JSON values.
    Jsons(&'a [Json]),
    /// A list of files.
    Files(&'a [File]),
    /// A list of enums.
    OpenEnums(&'a dyn OpenEnumList),
    /// A list of objects.
    Objects(&'a dyn ObjectList),
}

impl<'a> View<'a> {
    /// The view of a field's value.
    pub fn of<T: AsView>(value: &'a T) -> Self {
        value.as_view()
    }

    /// The view of an enum.
    pub fn open_enum<T: OpenEnum>(value: &'a T) -> Self {
        Self::Text(value.as_str())
    }

    /// The view of an optional enum.
    pub fn optional_open_enum<T: OpenEnum>(value: &'a Option<T>) -> Self {
        value.as_ref().map_or(Self::Absent, Self::open_enum)
    }

    /// The view of a list of enums.
    pub fn open_enums<T: OpenEnum>(values: &'a Vec<T>) -> Self {
        if values.is_empty() { Self::Absent } else { Self::OpenEnums(values) }
    }
}

/// A field as it can be filled: an empty place of one of the types that fields have.
#[non_exhaustive]
pub enum Slot<'a> {
    /// There is no such field.
    None,
    /// Text.
    Text(&'a mut Option<String>),
    /// A whole number.
    Number(&'a mut Option<i64>),
    /// `true` or `false`.
    Boolean(&'a mut Option<bool>),
    /// A date and time.
    Date(&'a mut Option<DateTime>),
    /// An exact decimal.
    Decimal(&'a mut Option<Decimal>),
    /// Any JSON value.
    Json(&'a mut Option<Json>),
    /// An enum.
    OpenEnum(&'a mut dyn OpenEnumSlot),
    /// An object.
    Object(&'a mut dyn ObjectSlot),
    /// A list of texts.
    Texts(&'a mut Vec<String>),
    /// A list of whole numbers.
    Numbers(&'a mut Vec<i64>),
    /// A list of `true` and `false`.
    Booleans(&'a mut Vec<bool>),
    /// A list of dates.
    Dates(&'a mut Vec<DateTime>),
    /// A list of exact decimals.
    Decimals(&'a mut Vec<Decimal>),
    /// A list of JSON values.
    Jsons(&'a mut Vec<Json>),
    /// A list of enums.
    OpenEnums(&'a mut dyn OpenEnumListSlot),
    /// A list of objects.
    Objects(&'a mut dyn ObjectListSlot),
}

impl<'a> Slot<'a> {
    /// The slot of a field.
    pub fn of<T: AsSlot>(field: &'a mut T) -> Self {
        field.as_slot()
    }

    /// The slot of an enum.
    pub fn open_enum<T: OpenEnum>(field: &'a mut Option<T>) -> Self {
        Self::OpenEnum(field)
    }

    /// The slot of a list of enums.
    pub fn open_enums<T: OpenEnum>(field: &'a mut Vec<T>) -> Self {
        Self::OpenEnums(field)
    }
}

/// The list of objects behind [`View::Objects`].
pub trait ObjectList {
    /// How many there are.
    fn count(&self) -> usize;

    /// The one at `index`, if there is one.
    fn object(&self, index: usize) -> Option<&dyn Record>;
}

impl<'a> dyn ObjectList + 'a {
    /// The objects in order.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Record> {
        (0..self.count()).filter_map(|index| self.object(index))
    }
}

impl<T: Record> ObjectList for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn object(&self, index: usize) -> Option<&dyn Record> {
        self.get(index).map(|object| object as &dyn Record)
    }
}

/// The place for an object behind [`Slot::Object`].
pub trait ObjectSlot {
    /// Puts an empty object into the place and returns it.
    fn fill(&mut self) -> &mut dyn RecordMut;

    /// Takes away what is there.
    fn clear(&mut self);
}

impl<T: RecordMut + Default> ObjectSlot for Option<T> {
    fn fill(&mut self) -> &mut dyn RecordMut {
        self.insert(T::default())
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// The list to fill behind [`Slot::Objects`].
pub trait ObjectListSlot {
    /// Appends an empty object and returns it.
    fn push(&mut self) -> &mut dyn RecordMut;

    /// Takes away every object.
    fn clear(&mut self);
}

impl<T: RecordMut + Default> ObjectListSlot for Vec<T> {
    fn push(&mut self) -> &mut dyn RecordMut {
        let index = self.len();
        Vec::push(self, T::default());
        &mut self[index]
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// A boxed record is the record: the platform has objects that hold their own kind.
impl<T: Record> Record for Box<T> {
    fn schema(&self) -> &'static Schema {
        (**self).schema()
    }

    fn view(&self, index: usize) -> View<'_> {
        (**self).view(index)
    }
}

impl<T: RecordMut> RecordMut for Box<T> {
    fn slot(&mut self, index: usize) -> Slot<'_> {
        (**self).slot(index)
    }
}

/// The types that a field can have, for reading.
pub trait AsView {
    /// The view of this value. A list without elements is [`View::Absent`].
    fn as_view(&self) -> View<'_>;
}

impl<T: AsView> AsView for Option<T> {
    fn as_view(&self) -> View<'_> {
        self.as_ref().map_or(View::Absent, T::as_view)
    }
}

impl<T: Record> AsView for T {
    fn as_view(&self) -> View<'_> {
        View::Object(self)
    }
}

impl<T: Record> AsView for Vec<T> {
    fn as_view(&self) -> View<'_> {
        if self.is_empty() { View::Absent } else { View::Objects(self) }
    }
}

impl AsView for File {
    fn as_view(&self) -> View<'_> {
        View::File(self)
    }
}

impl AsView for Vec<File> {
    fn as_view(&self) -> View<'_> {
        if self.is_empty() { View::Absent } else { View::Files(self) }
    }
}

/// The types that a field can have, for filling.
pub trait AsSlot {
    /// The slot of this field.
    fn as_slot(&mut self) -> Slot<'_>;
}

impl<T: RecordMut + Default> AsSlot for Option<T> {
    fn as_slot(&mut self) -> Slot<'_> {
        Slot::Object(self)
    }
}

impl<T: RecordMut + Default> AsSlot for Vec<T> {
    fn as_slot(&mut self) -> Slot<'_> {
        Slot::Objects(self)
    }
}

macro_rules! scalars {
    ($($type:ty: $view:ident, $views:ident, $read:expr;)*) => {$(
        impl AsView for $type {
            fn as_view(&self) -> View<'_> {
                let read: fn(&$type) -> View<'_> = $read;
                read(self)
            }
        }

        impl AsView for Vec<$type> {
            fn as_view(&self) -> View<'_> {
                if self.is_empty() { View::Absent } else { View::$views(self) }
            }
        }

        impl AsSlot for Option<$type> {
            fn as_slot(&mut self) -> Slot<'_> {
                Slot::$view(self)
            }
        }

        impl AsSlot for Vec<$type> {
            fn as_slot(&mut self) -> Slot<'_> {
                Slot::$views(self)
            }
        }
    )*};
}

scalars! {
    String: Text, Texts, |text| View::Text(text);
    i64: Number, Numbers, |number| View::Number(*number);
    bool: Boolean, Booleans, |boolean| View::Boolean(*boolean);
    DateTime: Date, Dates, |date| View::Date(*date);
    Decimal: Decimal, Decimals, |decimal| View::Decimal(*decimal);
    Json: Json, Jsons, |json| if json.is_null() { View::Absent } else { View::Json(json) };
}

/// Whether two records of one type hold the same values.
pub fn equal(left: &dyn Record, right: &dyn Record) -> bool {
    (0..left.schema().fields.len()).all(|index| left.view(index) == right.view(index))
}

/// Takes every value out of a record.
pub(crate) fn clear(record: &mut dyn RecordMut) {
    for index in 0..record.schema().fields.len() {
        match record.slot(index) {
            Slot::None => {}
            Slot::Text(place) => *place = None,
            Slot::Number(place) => *place = None,
            Slot::Boolean(place) => *place = None,
            Slot::Date(place) => *place = None,
            Slot::Decimal(place) => *place = None,
            Slot::Json(place) => *place = None,
            Slot::OpenEnum(place) => place.clear(),
            Slot::Object(place) => place.clear(),
            Slot::Texts(list) => list.clear(),
            Slot::Numbers(list) => list.clear(),
            Slot::Booleans(list) => list.clear(),
            Slot::Dates(list) => list.clear(),
            Slot::Decimals(list) => list.clear(),
            Slot::Jsons(list) => list.clear(),
            Slot::OpenEnums(list) => list.clear(),
            Slot::Objects(list) => list.clear(),
        }
    }
}

impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Absent, Self::Absent) => true,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a == b,
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => equal(*a, *b),
            (Self::Texts(a), Self::Texts(b)) => a == b,
            (Self::Numbers(a), Self::Numbers(b)) => a == b,
            (Self::Booleans(a), Self::Booleans(b)) => a == b,
            (Self::Dates(a), Self::Dates(b)) => a == b,
            (Self::Decimals(a), Self::Decimals(b)) => a == b,
            (Self::Jsons(a), Self::Jsons(b)) => a == b,
            (Self::Files(a), Self::Files(b)) => a == b,
            (Self::OpenEnums(a), Self::OpenEnums(b)) => a.iter().eq(b.iter()),
            (Self::Objects(a), Self::Objects(b)) => {
                a.count() == b.count() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
            }
            _ => false,
        }
    }
}

/// Implements what every generated type has, over its table. `mut` marks a type that responses are decoded into.
#[doc(hidden)]
#[macro_export]
macro_rules! __record {
    (mut $type:ident) => {
        $crate::__record!($type);

        impl<'de> $crate::__private::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let mut record = Self::default();
                $crate::__private::deserialize(&mut record, deserializer)?;
                Ok(record)
            }
        }
    };
    ($type:ident) => {
        impl ::core::fmt::Debug for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                $crate::__private::debug(self, f)
            }
        }

        impl ::core::cmp::PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                $crate::__private::equal(self, other)
            }
        }

        impl $crate::__private::Serialize for $type {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::__private::serialize(self, serializer)
            }
        }
    };
}

/// Implements `Debug` of the struct with the required fields of a type: as that type prints them, with secrets redacted.
#[doc(hidden)]
#[macro_export]
macro_rules! __required {
    ($required:ident => $type:ident) => {
        impl ::core::fmt::Debug for $required {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #[allow(deprecated, reason = "a deprecated type prints its fields too")]
                let record = $type::new(::core::clone::Clone::clone(self));
                $crate::__private::debug_as(::core::stringify!($required), &record, f)
            }
        }
    };
}

pub(crate) use crate::__record as record;
