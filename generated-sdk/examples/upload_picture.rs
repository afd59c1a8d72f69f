//! Upload of a picture to the seller's picture space.

use std::env;
use std::error::Error;
use std::path::Path;

use generated_sdk::Client;
use generated_sdk::api::picture::PictureUploadRequest;
use generated_sdk::protocol::File;

/// The category for pictures without another one.
const DEFAULT_CATEGORY: i64 = 0;

/// Uploads a PNG, JPEG or GIF file of at most 3 MB, and returns the picture's URL.
///
/// The file is read while it is sent.
pub async fn upload(client: &Client, path: &Path) -> Result<String, Box<dyn Error>> {
    let name = path.file_name().and_then(|name| name.to_str()).ok_or("expected a path with a file name in UTF-8")?;
    let request = PictureUploadRequest::new(DEFAULT_CATEGORY, File::open(path)?, name).is_https(true);
    let picture = client.execute(&request).await?.into_value().picture.ok_or("the response has no picture")?;
    Ok(picture.picture_path.ok_or("the picture has no URL")?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let path = env::args_os().nth(1).ok_or("usage: upload_picture FILE")?;
    println!("{}", upload(&client, Path::new(&path)).await?);
    Ok(())
}
