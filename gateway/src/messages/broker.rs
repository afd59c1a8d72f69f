//! The queues of messages, without I/O. Times are arguments, so that tests need no clock.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codegen::spec::{Topic, is_topic_name};
use tokio::sync::watch;
use tokio::time::Instant;
use top_protocol::messages::Message;

use crate::value::Value;

/// The maximum number of messages that a connection may have without confirmation.
const MAX_IN_FLIGHT: usize = 1000;

/// The maximum length of all messages in the queues, in bytes.
const MAX_BYTES: usize = 256 << 20;

/// The bytes that a message takes in addition to its texts.
const OVERHEAD: usize = 256;

/// The maximum number of groups. Each was created by a connection.
const MAX_GROUPS: usize = 256;

/// The maximum number and length of the published messages that are kept.
const MAX_PUBLISHED: usize = 1000;
const MAX_PUBLISHED_BYTES: usize = 16 << 20;

/// The maximum length of an AppKey and of a group's name, in characters.
pub(super) const MAX_NAME: usize = 64;

/// The first id. A client that reads an id of this size as a float confirms another one.
const FIRST_ID: i64 = 7_104_300_007_405_429_233;

/// The queues of the message channel. Clones share them.
///
/// A group belongs to an application. A message is delivered to one connection of each group, again after a time without
/// confirmation, and again after a failure. The queues have at most 256 MiB.
#[derive(Clone)]
pub struct MessageBroker {
    /// The JSON of each topic's example.
    examples: Arc<BTreeMap<String, String>>,
    state: Arc<Mutex<State>>,
}

/// A message to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutgoingMessage {
    /// The topic.
    pub topic: String,
    /// The content. `None`: the example of the topic's spec.
    pub content: Option<String>,
    /// The AppKey of the groups. `None`: any.
    pub app_key: Option<String>,
    /// The name of the groups. `None`: any.
    pub group: Option<String>,
    /// The nick of the user whom the message concerns.
    pub user_nick: Option<String>,
    /// The id of the user whom the message concerns.
    pub user_id: Option<i64>,
}

impl OutgoingMessage {
    /// Creates a message to all groups.
    pub fn new(topic: impl Into<String>, content: impl Into<String>) -> Self {
        Self { content: Some(content.into()), ..Self::example(topic) }
    }

    /// Creates a message to all groups with the example of the topic's spec.
    pub fn example(topic: impl Into<String>) -> Self {
        Self { topic: topic.into(), ..Self::default() }
    }

    fn is_for(&self, group: &GroupKey) -> bool {
        self.app_key.as_ref().is_none_or(|key| *key == group.app_key)
            && self.group.as_ref().is_none_or(|name| *name == group.name)
    }
}

/// A message that a client published.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedMessage {
    /// The AppKey of the client.
    pub app_key: String,
    /// The group of the client.
    pub group: String,
    /// The topic.
    pub topic: String,
    /// The content.
    pub content: String,
    /// Whether the client sent a session.
    pub has_session: bool,
}

/// The counters of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupStatus {
    /// The AppKey.
    pub app_key: String,
    /// The name of the group.
    pub group: String,
    /// The number of open connections.
    pub connections: usize,
    /// The number of messages that wait for delivery.
    pub waiting: usize,
    /// The number of delivered messages without confirmation.
    pub in_flight: usize,
    /// The number of confirmed messages.
    pub confirmed: u64,
    /// The number of deliveries that clients reported as failed.
    pub failed: u64,
    /// The number of deliveries, repeated ones included.
    pub delivered: u64,
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendMessageError {
    /// The text is not a topic.
    InvalidTopic(String),
    /// The AppKey or the group is longer than 64 characters, or has control characters.
    InvalidTarget,
    /// The topic has no spec, and the message no content.
    NoExample(String),
    /// The content is longer than [`Message::MAX_CONTENT`].
    TooLong,
    /// The queues are full.
    Full,
}

impl fmt::Display for SendMessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidTopic(topic) => {
                write!(f, "invalid topic {topic:?}: expected a name such as taobao_trade_TradeSuccess")
            }
            Self::InvalidTarget => {
                write!(f, "invalid app_key or group: expected at most {MAX_NAME} printable characters")
            }
            Self::NoExample(topic) => {
                write!(f, "no spec describes the topic {topic}: add specs/messages/{topic}.yaml, or send a content")
            }
            Self::TooLong => write!(f, "the content is too long: expected at most {} bytes", Message::MAX_CONTENT),
            Self::Full => write!(f, "the queues are full: expected at most {} MiB; confirm messages", MAX_BYTES >> 20),
        }
    }
}

impl StdError for SendMessageError {}

/// The key of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupKey {
    pub(super) app_key: String,
    pub(super) name: String,
}

/// The result of a client's command, for the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Done,
    /// No message with this id waits for a confirmation.
    Unknown,
}

struct State {
    /// The time after which a message is delivered again.
    redelivery: Duration,
    groups: BTreeMap<GroupKey, Group>,
    /// The messages for which there is no group yet.
    unclaimed: VecDeque<(i64, OutgoingMessage)>,
    published: VecDeque<PublishedMessage>,
    published_bytes: usize,
    bytes: usize,
    sent: i64,
    connections: u64,
}

struct Group {
    messages: HashMap<i64, Entry>,
    /// The ids to deliver. Ids of confirmed messages are skipped.
    ready: VecDeque<i64>,
    /// When messages are delivered again.
    timers: BTreeSet<(Instant, i64)>,
    /// The failed messages.
    failed_ids: BTreeSet<i64>,
    /// The open connections, with their delivered messages.
    connections: BTreeMap<u64, BTreeSet<i64>>,
    wake: watch::Sender<()>,
    confirmed: u64,
    failed: u64,
    delivered: u64,
}

struct Entry {
    message: Arc<Message>,
    deliveries: u32,
    status: Status,
}

#[derive(Clone, Copy)]
enum Status {
    Ready,
    /// Delivered to a connection. It is delivered again at this time.
    InFlight(u64, Instant),
    /// Failed. It is delivered again at this time, or if the client pulls.
    Failed(Instant),
}

/// A message to deliver.
pub(super) struct Due {
    pub(super) message: Arc<Message>,
    /// 1 for the first delivery.
    pub(super) delivery: u32,
}

/// An open connection. Dropping it closes it: its messages are delivered to another one.
pub(super) struct Subscription {
    broker: MessageBroker,
    pub(super) group: GroupKey,
    id: u64,
    /// Notifies of messages to deliver.
    pub(super) wake: watch::Receiver<()>,
}

impl MessageBroker {
    pub(crate) fn new(topics: &[Topic]) -> Self {
        let example = |topic: &Topic| {
            let content = Value::Object(Value::examples(&topic.spec.fields)).to_json(None, true);
            (topic.spec.topic.value.clone(), content)
        };
        let state = State {
            redelivery: Duration::from_secs(30),
            groups: BTreeMap::new(),
            unclaimed: VecDeque::new(),
            published: VecDeque::new(),
            published_bytes: 0,
            bytes: 0,
            sent: 0,
            connections: 0,
        };
        Self { examples: Arc::new(topics.iter().map(example).collect()), state: Arc::new(Mutex::new(state)) }
    }

    /// Sets the time after which an unconfirmed or failed message is delivered again. Default: 30 seconds.
    pub fn set_redelivery(&self, time: Duration) {
        self.state().redelivery = time;
    }

    /// Returns the topics with a spec.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.examples.keys().map(String::as_str)
    }

    /// Returns the JSON of the topic's example.
    pub fn example(&self, topic: &str) -> Option<&str> {
        self.examples.get(topic).map(String::as_str)
    }

    /// Sends a message to each group that has connected. Without such a group, the message waits for the first one.
    /// Returns the id of the message.
    ///
    /// # Errors
    ///
    /// [`SendMessageError`].
    pub fn send(&self, mut message: OutgoingMessage) -> Result<i64, SendMessageError> {
        if !is_topic_name(&message.topic) {
            return Err(SendMessageError::InvalidTopic(message.topic.chars().take(200).collect()));
        }
        if [&message.app_key, &message.group].into_iter().flatten().any(|name| !is_name(name)) {
            return Err(SendMessageError::InvalidTarget);
        }
        if message.content.is_none() {
            let example = self.example(&message.topic).map(str::to_owned);
            message.content = Some(example.ok_or_else(|| SendMessageError::NoExample(message.topic.clone()))?);
        }
        if message.content.as_ref().is_some_and(|content| content.len() > Message::MAX_CONTENT) {
            return Err(SendMessageError::TooLong);
        }
        let mut state = self.state();
        let State { groups, unclaimed, bytes, sent, .. } = &mut *state;
        let targets = groups.iter_mut().filter(|(key, _)| message.is_for(key)).map(|(_, group)| group);
        let targets: Vec<&mut Group> = targets.collect();
        let size = size(&message) * targets.len().max(1);
        if *bytes + size > MAX_BYTES {
            return Err(SendMessageError::Full);
        }
        *bytes += size;
        let id = FIRST_ID + *sent;
        *sent += 1;
        if targets.is_empty() {
            unclaimed.push_back((id, message));
            return Ok(id);
        }
        let message = Arc::new(wire_message(id, message));
        targets.into_iter().for_each(|group| group.push(id, &message));
        Ok(id)
    }

    /// Returns the counters of the groups that have connected.
    pub fn groups(&self) -> Vec<GroupStatus> {
        let status = |(key, group): (&GroupKey, &Group)| {
            let in_flight = group.connections.values().map(BTreeSet::len).sum();
            GroupStatus {
                app_key: key.app_key.clone(),
                group: key.name.clone(),
                connections: group.connections.len(),
                waiting: group.messages.len() - in_flight,
                in_flight,
                confirmed: group.confirmed,
                failed: group.failed,
                delivered: group.delivered,
            }
        };
        self.state().groups.iter().map(status).collect()
    }

    /// Returns the number of messages that wait for the first group.
    pub fn unclaimed(&self) -> usize {
        self.state().unclaimed.len()
    }

    /// Returns the last messages that clients published, the oldest first.
    pub fn published(&self) -> Vec<PublishedMessage> {
        self.state().published.iter().cloned().collect()
    }

    /// Opens a connection of a group. Returns `None` if there are too many groups.
    pub(super) fn connect(&self, group: GroupKey) -> Option<Subscription> {
        let mut state = self.state();
        state.connections += 1;
        let id = state.connections;
        if !state.groups.contains_key(&group) && state.groups.len() >= MAX_GROUPS {
            return None;
        }
        let State { groups, unclaimed, .. } = &mut *state;
        let queue = groups.entry(group.clone()).or_insert_with(Group::new);
        let (mine, others): (VecDeque<_>, _) =
            std::mem::take(unclaimed).into_iter().partition(|(_, message)| message.is_for(&group));
        *unclaimed = others;
        mine.into_iter().for_each(|(id, message)| queue.push(id, &Arc::new(wire_message(id, message))));
        queue.connections.insert(id, BTreeSet::new());
        let wake = queue.wake.subscribe();
        drop(state);
        Some(Subscription { broker: self.clone(), group, id, wake })
    }

    /// Keeps a published message, and drops the oldest ones.
    pub(super) fn publish(&self, message: PublishedMessage) {
        let length = |message: &PublishedMessage| message.topic.len() + message.content.len() + OVERHEAD;
        let mut state = self.state();
        state.published_bytes += length(&message);
        state.published.push_back(message);
        while state.published.len() > MAX_PUBLISHED || state.published_bytes > MAX_PUBLISHED_BYTES {
            let Some(oldest) = state.published.pop_front() else { break };
            state.published_bytes -= length(&oldest);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No state is invalid after a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MessageBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageBroker").field("topics", &self.examples.len()).finish_non_exhaustive()
    }
}

impl Subscription {
    /// Returns the next messages to deliver, at most `most`.
    pub(super) fn take(&self, now: Instant, most: usize) -> Vec<Due> {
        self.with_group(|group, redelivery| group.take(self.id, now, now + redelivery, most)).unwrap_or_default()
    }

    /// Returns when a message of the group is delivered again.
    pub(super) fn next_redelivery(&self) -> Option<Instant> {
        self.with_group(|group, _| group.timers.first().map(|(at, _)| *at)).flatten()
    }

    /// Makes failed messages due.
    pub(super) fn pull(&self) {
        self.with_group(|group, _| group.retry_failed());
    }

    /// Removes a message.
    pub(super) fn confirm(&self, id: i64) -> Settled {
        let mut state = self.broker.state();
        let entry = state.groups.get_mut(&self.group).and_then(|group| group.confirm(id));
        let Some(entry) = entry else { return Settled::Unknown };
        state.bytes = state.bytes.saturating_sub(message_size(&entry.message));
        Settled::Done
    }

    /// Delivers a message again later.
    pub(super) fn fail(&self, id: i64, now: Instant) -> Settled {
        self.with_group(|group, redelivery| group.fail(id, now + redelivery)).unwrap_or(Settled::Unknown)
    }

    fn with_group<T>(&self, action: impl FnOnce(&mut Group, Duration) -> T) -> Option<T> {
        let mut state = self.broker.state();
        let redelivery = state.redelivery;
        state.groups.get_mut(&self.group).map(|group| action(group, redelivery))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.with_group(|group, _| group.disconnect(self.id));
    }
}

impl Group {
    fn new() -> Self {
        Self {
            messages: HashMap::new(),
            ready: VecDeque::new(),
            timers: BTreeSet::new(),
            failed_ids: BTreeSet::new(),
            connections: BTreeMap::new(),
            wake: watch::Sender::new(()),
            confirmed: 0,
            failed: 0,
            delivered: 0,
        }
    }

    fn push(&mut self, id: i64, message: &Arc<Message>) {
        let entry = Entry { message: Arc::clone(message), deliveries: 0, status: Status::Ready };
        self.messages.insert(id, entry);
        self.ready.push_back(id);
        self.wake.send_replace(());
    }

    fn take(&mut self, connection: u64, now: Instant, again: Instant, most: usize) -> Vec<Due> {
        while let Some((at, id)) = self.timers.first().copied().filter(|(at, _)| *at <= now) {
            self.timers.remove(&(at, id));
            self.make_ready(id);
        }
        let Some(in_flight) = self.connections.get_mut(&connection) else { return Vec::new() };
        let mut due = Vec::new();
        while due.len() < most && in_flight.len() < MAX_IN_FLIGHT {
            let Some(id) = self.ready.pop_front() else { break };
            let Some(entry) = self.messages.get_mut(&id).filter(|entry| matches!(entry.status, Status::Ready)) else {
                continue;
            };
            entry.status = Status::InFlight(connection, again);
            entry.deliveries = entry.deliveries.saturating_add(1);
            due.push(Due { message: Arc::clone(&entry.message), delivery: entry.deliveries });
            in_flight.insert(id);
            self.timers.insert((again, id));
            self.delivered += 1;
        }
        due
    }

    fn confirm(&mut self, id: i64) -> Option<Entry> {
        // A late confirmation of a message that waits for another delivery counts.
        self.messages.get(&id).filter(|entry| entry.deliveries > 0)?;
        self.settle(id);
        self.confirmed += 1;
        self.messages.remove(&id)
    }

    fn fail(&mut self, id: i64, again: Instant) -> Settled {
        if !self.messages.get(&id).is_some_and(|entry| matches!(entry.status, Status::InFlight(..))) {
            return Settled::Unknown;
        }
        self.settle(id);
        if let Some(entry) = self.messages.get_mut(&id) {
            entry.status = Status::Failed(again);
        }
        self.timers.insert((again, id));
        self.failed_ids.insert(id);
        self.failed += 1;
        self.wake.send_replace(());
        Settled::Done
    }

    fn retry_failed(&mut self) {
        std::mem::take(&mut self.failed_ids).into_iter().for_each(|id| self.make_ready(id));
    }

    fn disconnect(&mut self, connection: u64) {
        let Some(in_flight) = self.connections.remove(&connection) else { return };
        // The oldest message is delivered first.
        for id in in_flight.into_iter().rev() {
            self.settle(id);
            if let Some(entry) = self.messages.get_mut(&id) {
                entry.status = Status::Ready;
                self.ready.push_front(id);
            }
        }
        self.wake.send_replace(());
    }

    fn make_ready(&mut self, id: i64) {
        self.settle(id);
        if let Some(entry) = self.messages.get_mut(&id)
            && !matches!(entry.status, Status::Ready)
        {
            entry.status = Status::Ready;
            self.ready.push_back(id);
            self.wake.send_replace(());
        }
    }

    /// Removes the timer of a message, and the message from its connection.
    fn settle(&mut self, id: i64) {
        match self.messages.get(&id).map(|entry| entry.status) {
            Some(Status::InFlight(connection, at)) => {
                self.timers.remove(&(at, id));
                if let Some(in_flight) = self.connections.get_mut(&connection) {
                    in_flight.remove(&id);
                }
                // The connection may take another message.
                self.wake.send_replace(());
            }
            Some(Status::Failed(at)) => {
                self.timers.remove(&(at, id));
                self.failed_ids.remove(&id);
            }
            Some(Status::Ready) | None => {}
        }
    }
}

/// Returns whether a text may be an AppKey or the name of a group.
pub(super) fn is_name(text: &str) -> bool {
    text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control)
}

fn wire_message(id: i64, message: OutgoingMessage) -> Message {
    let mut wire = Message::new(id, message.topic, message.content.unwrap_or_default());
    wire.user_nick = message.user_nick;
    wire.user_id = message.user_id;
    wire
}

fn size(message: &OutgoingMessage) -> usize {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    message.topic.len() + optional(&message.content) + optional(&message.user_nick) + OVERHEAD
}

fn message_size(message: &Message) -> usize {
    message.topic.len() + message.content.len() + message.user_nick.as_ref().map_or(0, String::len) + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "taobao_trade_TradeSuccess";

    fn broker() -> MessageBroker {
        let broker = MessageBroker::new(&[]);
        broker.set_redelivery(Duration::from_secs(10));
        broker
    }

    fn connect(broker: &MessageBroker, name: &str) -> Subscription {
        broker.connect(GroupKey { app_key: "1".to_owned(), name: name.to_owned() }).unwrap()
    }

    fn send(broker: &MessageBroker) -> i64 {
        broker.send(OutgoingMessage::new(TOPIC, "{}")).unwrap()
    }

    fn ids(due: &[Due]) -> Vec<(i64, u32)> {
        due.iter().map(|due| (due.message.id, due.delivery)).collect()
    }

    #[test]
    fn names_of_targets_are_bounded() {
        let broker = broker();
        for (name, result) in
            [("端".repeat(MAX_NAME), None), ("x".repeat(MAX_NAME + 1), Some(())), ("\n".into(), Some(()))]
        {
            let to_app = OutgoingMessage { app_key: Some(name.clone()), ..OutgoingMessage::new(TOPIC, "{}") };
            let to_group = OutgoingMessage { group: Some(name), ..OutgoingMessage::new(TOPIC, "{}") };
            for message in [to_app, to_group] {
                let expected = result.map(|()| SendMessageError::InvalidTarget);
                assert_eq!(broker.send(message).err(), expected);
            }
        }
    }

    #[test]
    fn messages_wait_for_the_first_group_and_then_go_to_each() {
        let broker = broker();
        let first = send(&broker);
        assert_eq!(broker.unclaimed(), 1);
        let (a, b) = (connect(&broker, "a"), connect(&broker, "b"));
        let now = Instant::now();
        assert_eq!(ids(&a.take(now, 9)), [(first, 1)]);
        assert_eq!(ids(&b.take(now, 9)), []);
        let second = send(&broker);
        assert_eq!((ids(&a.take(now, 9)), ids(&b.take(now, 9))), (vec![(second, 1)], vec![(second, 1)]));
        let only_b = OutgoingMessage { group: Some("b".to_owned()), ..OutgoingMessage::new(TOPIC, "{}") };
        let third = broker.send(only_b).unwrap();
        assert_eq!((ids(&a.take(now, 9)), ids(&b.take(now, 9))), (vec![], vec![(third, 1)]));
        let other_app = OutgoingMessage { app_key: Some("2".to_owned()), ..OutgoingMessage::new(TOPIC, "{}") };
        broker.send(other_app).unwrap();
        assert_eq!(broker.unclaimed(), 1);
    }

    #[test]
    fn unconfirmed_messages_are_delivered_again_after_a_time() {
        let broker = broker();
        let subscription = connect(&broker, "a");
        let id = send(&broker);
        let now = Instant::now();
        assert_eq!(ids(&subscription.take(now, 9)), [(id, 1)]);
        assert_eq!(ids(&subscription.take(now + Duration::from_secs(9), 9)), []);
        assert_eq!(subscription.next_redelivery(), Some(now + Duration::from_secs(10)));
        let later = now + Duration::from_secs(10);
        assert_eq!(ids(&subscription.take(later, 9)), [(id, 2)]);
        assert_eq!(subscription.confirm(id), Settled::Done);
        assert_eq!(subscription.confirm(id), Settled::Unknown);
        assert_eq!(ids(&subscription.take(later + Duration::from_secs(60), 9)), []);
        let status = &broker.groups()[0];
        assert_eq!((status.waiting, status.in_flight, status.confirmed, status.delivered), (0, 0, 1, 2));
    }

    #[test]
    fn failed_messages_are_delivered_again_after_a_time_or_a_pull() {
        let broker = broker();
        let subscription = connect(&broker, "a");
        let (first, second) = (send(&broker), send(&broker));
        let now = Instant::now();
        assert_eq!(ids(&subscription.take(now, 9)), [(first, 1), (second, 1)]);
        assert_eq!(subscription.fail(first, now), Settled::Done);
        assert_eq!(subscription.fail(first, now), Settled::Unknown);
        assert_eq!(ids(&subscription.take(now, 9)), []);
        subscription.pull();
        // The second message is not failed, so a pull does not repeat it.
        assert_eq!(ids(&subscription.take(now, 9)), [(first, 2)]);
        subscription.fail(first, now);
        assert_eq!(ids(&subscription.take(now + Duration::from_secs(10), 9)), [(first, 3), (second, 2)]);
        assert_eq!(broker.groups()[0].failed, 2);
    }

    #[test]
    fn another_connection_gets_the_messages_of_a_closed_one() {
        let broker = broker();
        let (first, second) = (connect(&broker, "a"), connect(&broker, "a"));
        let sent = [send(&broker), send(&broker), send(&broker)];
        let now = Instant::now();
        assert_eq!(ids(&first.take(now, 2)), [(sent[0], 1), (sent[1], 1)]);
        assert_eq!(ids(&second.take(now, 9)), [(sent[2], 1)]);
        assert_eq!(first.confirm(sent[2]), Settled::Done);
        drop(first);
        assert_eq!(ids(&second.take(now, 9)), [(sent[0], 2), (sent[1], 2)]);
        drop(second);
        assert_eq!((broker.groups()[0].connections, broker.groups()[0].waiting), (0, 2));
    }

    #[test]
    fn a_connection_has_a_limited_number_of_unconfirmed_messages() {
        let broker = broker();
        let subscription = connect(&broker, "a");
        let sent: Vec<i64> = (0..MAX_IN_FLIGHT + 5).map(|_| send(&broker)).collect();
        let now = Instant::now();
        assert_eq!(subscription.take(now, usize::MAX).len(), MAX_IN_FLIGHT);
        assert_eq!(ids(&subscription.take(now, 9)), []);
        subscription.confirm(sent[3]);
        assert_eq!(ids(&subscription.take(now, 9)), [(sent[MAX_IN_FLIGHT], 1)]);
    }

    #[test]
    fn memory_is_bounded_and_released() {
        let broker = broker();
        let content = "x".repeat(Message::MAX_CONTENT);
        let large = || broker.send(OutgoingMessage::new(TOPIC, content.as_str()));
        let subscription = connect(&broker, "a");
        let mut sent = Vec::new();
        let error = loop {
            match large() {
                Ok(id) => sent.push(id),
                Err(error) => break error,
            }
        };
        assert_eq!((error, sent.len()), (SendMessageError::Full, 15));
        subscription.take(Instant::now(), usize::MAX);
        subscription.confirm(sent[0]);
        assert!(large().is_ok());
        assert_eq!(large(), Err(SendMessageError::Full));
        let too_long = broker.send(OutgoingMessage::new(TOPIC, content.clone() + "x"));
        assert_eq!(too_long, Err(SendMessageError::TooLong));
    }

    #[test]
    fn published_messages_are_kept_within_limits() {
        let broker = broker();
        let publish = |length: usize, number: usize| {
            broker.publish(PublishedMessage {
                app_key: "1".to_owned(),
                group: "a".to_owned(),
                topic: format!("a_{number}"),
                content: "x".repeat(length),
                has_session: false,
            });
        };
        (0..MAX_PUBLISHED + 3).for_each(|number| publish(1, number));
        let published = broker.published();
        assert_eq!((published.len(), published[0].topic.as_str()), (MAX_PUBLISHED, "a_3"));
        publish(MAX_PUBLISHED_BYTES - 1000, 0);
        assert!(broker.published().len() < 10, "{}", broker.published().len());
        publish(MAX_PUBLISHED_BYTES + 1, 0);
        assert_eq!(broker.published(), []);
    }

    #[test]
    fn refuses_invalid_messages_and_too_many_groups() {
        let broker = broker();
        assert_eq!(
            broker.send(OutgoingMessage::new("no topic", "{}")),
            Err(SendMessageError::InvalidTopic("no topic".to_owned()))
        );
        assert_eq!(broker.send(OutgoingMessage::example(TOPIC)), Err(SendMessageError::NoExample(TOPIC.to_owned())));
        let key = |number: usize| GroupKey { app_key: "1".to_owned(), name: number.to_string() };
        assert!((0..MAX_GROUPS).all(|number| broker.connect(key(number)).is_some()));
        assert!(broker.connect(key(MAX_GROUPS)).is_none());
        assert!(broker.connect(key(0)).is_some());
    }
}
