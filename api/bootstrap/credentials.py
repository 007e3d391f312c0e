"""Whether the carriers that need an account open it to us."""

from config.settings import Settings


async def refused_credentials(settings: Settings) -> dict[str, str]:
    """Settings -> what is wrong with the credentials in them. Asks Twilio, where that is set up."""
    if not settings.twilio.account_sid:
        return {}
    from ivr.adapters.twilio.account import Account
    from ivr.adapters.twilio.errors import TwilioError
    from ivr.adapters.twilio.rest import TwilioRest

    rest = TwilioRest(Account.of(settings.twilio))
    try:
        await rest.check()
    except TwilioError as problem:
        return {"HOTLINE_TWILIO": f"{settings.twilio.base_url}: {problem}"}
    finally:
        await rest.close()
    return {}
