//! State that several machines share in Redis: tokens and limits.

mod connections;
mod database;
mod limits;
mod schedule;
mod store;

pub use self::database::Redis;
pub use self::limits::RedisLimits;
