//! Open enums: the documented values of a text, and any value that the platform adds later.

/// A text with documented values.
///
/// A generated enum has a variant for each documented value, and `Unknown` for any other value: a response with a new value
/// decodes without an error.
pub trait OpenEnum: Send + Sync + Sized {
    /// Returns the value on the wire.
    fn as_str(&self) -> &str;

    /// Creates the enum from a value on the wire.
    fn from_text(text: String) -> Self;
}

/// The enum of [`FieldRef::OpenEnum`](crate::generated::FieldRef::OpenEnum).
pub trait OpenEnumField {
    /// Returns the value on the wire.
    fn text(&self) -> Option<&str>;
}

impl<T: OpenEnum> OpenEnumField for T {
    fn text(&self) -> Option<&str> {
        Some(self.as_str())
    }
}

impl<T: OpenEnum> OpenEnumField for Option<T> {
    fn text(&self) -> Option<&str> {
        self.as_ref().map(T::as_str)
    }
}

/// The slot of an enum behind [`Slot::OpenEnum`](crate::generated::Slot::OpenEnum).
pub trait OpenEnumSlot {
    /// Sets the enum from a value on the wire.
    fn set(&mut self, text: String);

    /// Removes the value.
    fn clear(&mut self);
}

impl<T: OpenEnum> OpenEnumSlot for Option<T> {
    fn set(&mut self, text: String) {
        *self = Some(T::from_text(text));
    }

    fn clear(&mut self) {
        *self = None;
    }
}

/// The list of enums behind [`View::OpenEnums`](crate::generated::View::OpenEnums).
pub trait OpenEnumList {
    /// Returns the number of values.
    fn count(&self) -> usize;

    /// Returns the value on the wire at `index`.
    fn value(&self, index: usize) -> Option<&str>;
}

impl<'a> dyn OpenEnumList + 'a {
    /// Returns the values on the wire in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.count()).filter_map(|index| self.value(index))
    }
}

impl<T: OpenEnum> OpenEnumList for Vec<T> {
    fn count(&self) -> usize {
        self.len()
    }

    fn value(&self, index: usize) -> Option<&str> {
        self.get(index).map(T::as_str)
    }
}

/// The list to fill behind [`Slot::OpenEnums`](crate::generated::Slot::OpenEnums).
pub trait OpenEnumListSlot {
    /// Appends the enum of a value on the wire.
    fn push(&mut self, text: String);

    /// Removes all values.
    fn clear(&mut self);
}

impl<T: OpenEnum> OpenEnumListSlot for Vec<T> {
    fn push(&mut self, text: String) {
        Vec::push(self, T::from_text(text));
    }

    fn clear(&mut self) {
        Vec::clear(self);
    }
}

/// Implements what every generated enum has.
#[doc(hidden)]
#[macro_export]
macro_rules! __open_enum {
    ($type:ident) => {
        impl $type {
            /// Returns the value on the wire.
            pub fn as_str(&self) -> &str {
                $crate::generated::OpenEnum::as_str(self)
            }
        }

        impl ::core::convert::From<&str> for $type {
            fn from(text: &str) -> Self {
                $crate::generated::OpenEnum::from_text(text.to_owned())
            }
        }

        impl ::core::convert::From<::std::string::String> for $type {
            fn from(text: ::std::string::String) -> Self {
                $crate::generated::OpenEnum::from_text(text)
            }
        }

        impl ::core::str::FromStr for $type {
            type Err = ::core::convert::Infallible;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        impl ::core::fmt::Display for $type {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::core::cmp::PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.as_str() == other.as_str()
            }
        }

        impl ::core::cmp::Eq for $type {}

        impl ::core::hash::Hash for $type {
            fn hash<H: ::core::hash::Hasher>(&self, state: &mut H) {
                ::core::hash::Hash::hash(self.as_str(), state);
            }
        }

        impl $crate::__private::Serialize for $type {
            fn serialize<S: $crate::__private::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $type {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                <::std::string::String as $crate::__private::Deserialize>::deserialize(deserializer).map(Self::from)
            }
        }
    };
}
