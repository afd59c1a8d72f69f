// Receives messages with the package ali-topsdk, and prints each as a line of JSON: MANIFEST URL APP_KEY APP_SECRET GROUP
// COUNT.
//
// MANIFEST is the package.json of ali-topsdk. ali-topsdk 2.0.5 was written for ws 2. One adaptation keeps it working; its codec is unchanged.

'use strict';

const { createRequire } = require('module');

const [manifest, url, appKey, appSecret, group, count] = process.argv.slice(2);
const load = createRequire(manifest);

// ws 3 has no second argument for the listener of messages.
const WebSocket = load('ws');
const on = WebSocket.prototype.on;
WebSocket.prototype.on = function (event, listener) {
  const adapted = event === 'message' ? (data) => listener(data, { binary: Buffer.isBuffer(data) }) : listener;
  return on.call(this, event, adapted);
};

// The package prints its state to the console.
const print = console.log;
console.log = () => {};

const { TmcClient } = load('./index.js');
const client = new TmcClient(appKey, appSecret, group);
let received = 0;
client.connect(url, (message, done) => {
  print(JSON.stringify({ id: message.id, topic: message.topic, content: JSON.parse(message.content) }));
  done();
  received += 1;
  if (received === Number(count)) {
    // A close frame follows the confirmation of the last message.
    setImmediate(() => {
      clearInterval(client._interval);
      client.reconnect = () => {};
      client._ws.close();
    });
  }
});
