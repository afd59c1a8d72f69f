//! Reflection of generated types: a table of fields, and access to each field by its index.

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::open_enum::{OpenEnum, OpenEnumList, OpenEnumListSlot, OpenEnumSlot};
use super::{DateTime, File};

/// A documented type (docs/protocol.md section 3).
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
    /// A JSON object with any keys.
    Map,
    /// Names of fields to return, joined by commas.
    FieldList,
    /// A whole number of one byte.
    Byte,
    /// A file.
    File,
    /// An object with documented fields.
    Object,
}

impl Kind {
    /// Returns the documented name of the type.
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

/// A row of the table: the documentation of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// The exact name on the wire.
    pub name: &'static str,
    /// The documented type, of one element if the field is a list.
    pub kind: Kind,
    /// Whether the field is a list.
    pub list: bool,
    /// Whether a request without the field is invalid.
    pub required: bool,
    /// Whether the value is redacted in all output.
    pub secret: bool,
    /// The limits of the value in a request.
    pub limits: &'static [Limit],
}

/// A documented limit of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The maximum number of UTF-16 units of a text, as the official SDKs count (docs/protocol.md section 6). The maximum
    /// number of bytes of a file.
    MaxLength(u64),
    /// The maximum number of elements of a list, or of a text of elements joined by commas.
    MaxListSize(u64),
    /// The minimum.
    MinValue(i64),
    /// The maximum.
    MaxValue(i64),
}

impl Field {
    /// Creates a field.
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, list: false, required: false, secret: false, limits: &[] }
    }

    /// Makes the field a list.
    pub const fn list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Makes the field required.
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Sets the limits.
    pub const fn limits(mut self, limits: &'static [Limit]) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the field a secret.
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
    /// The fields in documented order. [`Record`] and [`RecordMut`] take their indexes.
    pub fields: &'static [Field],
}

/// A type whose fields can be read by index.
pub trait Record: Send + Sync {
    /// Returns the table of the type.
    fn schema(&self) -> &'static Schema;

    /// Returns the field at `index` of the table, or [`View::Absent`] beyond its end.
    fn view(&self, index: usize) -> View<'_>;
}

/// A type whose fields can be set by index.
pub trait RecordMut: Record {
    /// Returns the field at `index` of the table, or [`Slot::None`] beyond its end.
    fn slot(&mut self, index: usize) -> Slot<'_>;
}

/// A borrowed value of a field.
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
    /// Borrows the value of a field.
    pub fn of<T: AsView>(value: &'a T) -> Self {
        value.as_view()
    }

    /// Borrows an enum.
    pub fn open_enum<T: OpenEnum>(value: &'a T) -> Self {
        Self::Text(value.as_str())
    }

    /// Borrows an optional enum.
    pub fn optional_open_enum<T: OpenEnum>(value: &'a Option<T>) -> Self {
        value.as_ref().map_or(Self::Absent, Self::open_enum)
    }

    /// Borrows a list of enums.
    pub fn open_enums<T: OpenEnum>(values: &'a Vec<T>) -> Self {
        if values.is_empty() { Self::Absent } else { Self::OpenEnums(values) }
    }
}

/// A mutably borrowed field.
#[non_exhaustive]
pub enum Slot<'a> {
    /// No field.
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
    /// Borrows a field.
    pub fn of<T: AsSlot>(field: &'a mut T) -> Self {
        field.as_slot()
    }

    /// Borrows an enum.
    pub fn open_enum<T: OpenEnum>(field: &'a mut Option<T>) -> Self {
        Self::OpenEnum(field)
    }

    /// Borrows a list of enums.
    pub fn open_enums<T: OpenEnum>(field: &'a mut Vec<T>) -> Self {
        Self::OpenEnums(field)
    }
}

/// The objects of [`View::Objects`].
pub trait ObjectList {
    /// Returns the number of objects.
    fn count(&self) -> usize;

    /// Returns the object at `index`.
    fn object(&self, index: usize) -> Option<&dyn Record>;
}

impl<'a> dyn ObjectList + 'a {
    /// Returns an iterator over the objects.
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

/// The optional object of [`Slot::Object`].
pub trait ObjectSlot {
    /// Sets an empty object and returns it.
    fn fill(&mut self) -> &mut dyn RecordMut;

    /// Removes the object.
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

/// The list of [`Slot::Objects`].
pub trait ObjectListSlot {
    /// Appends an empty object and returns it.
    fn push(&mut self) -> &mut dyn RecordMut;

    /// Reserves memory for this number of further objects.
    fn reserve(&mut self, additional: usize);

    /// Removes all objects.
    fn clear(&mut self);
}

impl<T: RecordMut + Default> ObjectListSlot for Vec<T> {
    fn push(&mut self) -> &mut dyn RecordMut {
        let index = self.len();
        Vec::push(self, T::default());
        &mut self[index]
    }

    fn reserve(&mut self, additional: usize) {
        Vec::reserve(self, additional);
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// Forwards to the record. Recursive objects are boxed.
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

/// A type of a field that can be borrowed as a [`View`].
pub trait AsView {
    /// Borrows the value. An empty list is [`View::Absent`].
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

/// A type of a field that can be borrowed as a [`Slot`].
pub trait AsSlot {
    /// Borrows the field.
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

/// Returns whether two records of one type have equal values.
// Compiled once, and not again in every generated type.
#[inline(never)]
pub fn equal(left: &dyn Record, right: &dyn Record) -> bool {
    (0..left.schema().fields.len()).all(|index| left.view(index) == right.view(index))
}

/// Removes all values of a record.
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

/// Implements the common traits of generated types with their tables. `mut` marks a type that responses are decoded into.
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

/// Implements `Debug` of the struct with the required fields of a type, like that type, with secrets redacted.
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
