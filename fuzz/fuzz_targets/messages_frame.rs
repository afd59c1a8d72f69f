//! Any bytes are a frame or an error. A frame and its command are the same after they were encoded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use top_protocol::messages::{ClientCommand, ConnectAck, ConnectRequest, ContentEncoding, Frame, ServerCommand};

fuzz_target!(|bytes: &[u8]| {
    let frame = match Frame::decode(bytes) {
        Ok(frame) => frame,
        Err(error) => {
            let _ = format!("{error} {error:?}");
            return;
        }
    };
    let _ = format!("{frame:?}");
    let encoded = frame.encode().expect("a decoded frame can be encoded");
    assert_eq!(Frame::decode(&encoded).as_ref(), Ok(&frame));

    let _ = ConnectAck::token_of(&frame, 1);
    if let Ok(request) = ConnectRequest::from_frame(&frame) {
        let _ = format!("{request:?} {}", request.is_signed_with("app secret"));
    }
    if let Ok(command) = ClientCommand::from_frame(&frame) {
        let _ = format!("{command:?}");
        let encoded = command.to_frame("token").encode().expect("a command can be encoded");
        let again = ClientCommand::from_frame(&Frame::decode(&encoded).expect("a frame"));
        // A long reason is shortened.
        if !matches!(command, ClientCommand::Failed { .. }) {
            assert_eq!(again, Ok(command));
        }
    }
    match ServerCommand::from_frame(&frame) {
        Ok(command) => {
            let _ = format!("{command:?}");
            for encoding in [ContentEncoding::Plain, ContentEncoding::Gzip] {
                let encoded = command.to_frame_with("token", encoding).encode().expect("a command can be encoded");
                let again = ServerCommand::from_frame(&Frame::decode(&encoded).expect("a frame"));
                assert_eq!(again.as_ref(), Ok(&command));
            }
        }
        Err(error) => {
            let _ = format!("{error} {:?}", error.message_id());
        }
    }
});
