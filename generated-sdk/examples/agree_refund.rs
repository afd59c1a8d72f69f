//! Agreement to a refund: read its version, have a Tmall refund reviewed, agree.

use std::env;
use std::error::Error;

use generated_sdk::api::refund::refund_get::Status;
use generated_sdk::api::refund::{
    RefundGetRequest, RpRefundReviewRequest, RpRefundReviewRequired, RpRefundsAgreeRequest,
};
use generated_sdk::{Client, Decimal};

/// Agrees to a refund that waits for the seller. The client's session must belong to a sub-account.
///
/// * `reviewer`: the reviewer of a Tmall refund. A Taobao refund needs no review.
/// * `code`: the code of the text message that the platform sends for large amounts. The first call has none and fails.
pub async fn agree(
    client: &Client,
    refund_id: i64,
    reviewer: Option<&str>,
    code: Option<&str>,
) -> Result<(), Box<dyn Error>> {
    let fields = ["refund_id", "status", "refund_fee", "refund_version", "refund_phase"];
    let response = client.execute(&RefundGetRequest::new(fields, refund_id)).await?.into_value();
    let refund = response.refund.ok_or("the response has no refund")?;
    if refund.status != Some(Status::WaitSellerAgree) {
        return Err(format!("refund {refund_id} does not wait for the seller: {:?}", refund.status).into());
    }
    let amount = cents(&refund.refund_fee.ok_or("the refund has no amount")?)?;
    let version = refund.refund_version.ok_or("the refund has no version")?;
    let phase = refund.refund_phase.ok_or("the refund has no phase")?.to_string();

    if let Some(reviewer) = reviewer {
        let review = RpRefundReviewRequest::new(RpRefundReviewRequired {
            operator: reviewer.to_owned(),
            refund_id,
            refund_phase: phase.as_str().into(),
            refund_version: version,
            message: "同意退款".to_owned(),
            result: true,
        });
        if client.execute(&review).await?.is_success != Some(true) {
            return Err(format!("the review of refund {refund_id} failed").into());
        }
    }
    let mut request = RpRefundsAgreeRequest::new(format!("{refund_id}|{amount}|{version}|{phase}"));
    request.code = code.map(str::to_owned);
    let response = client.execute(&request).await?;
    // One call agrees to several refunds, so each has its own result.
    let id = refund_id.to_string();
    match response.results.iter().find(|result| result.refund_id.as_ref() == Some(&id)) {
        Some(result) if result.succ == Some(true) => Ok(()),
        Some(result) => Err(format!("refund {refund_id} failed: {:?}", result.message).into()),
        None => Err(format!("refund {refund_id} failed: {:?}", response.message).into()),
    }
}

/// Converts an amount in yuan, such as `58.90`, to cents.
pub fn cents(yuan: &str) -> Result<Decimal, Box<dyn Error>> {
    let cents =
        yuan.parse::<Decimal>()?.checked_mul(Decimal::ONE_HUNDRED).ok_or("the amount is too large")?.normalize();
    if cents.scale() > 0 {
        return Err(format!("expected at most 2 decimals, found `{yuan}`").into());
    }
    Ok(cents)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?.build()?;
    let refund_id = env::args().nth(1).ok_or("usage: agree_refund REFUND_ID [CODE]")?.parse()?;
    agree(&client, refund_id, None, env::args().nth(2).as_deref()).await?;
    println!("refund {refund_id} is agreed");
    Ok(())
}
