"""What the bot says in a line of its own, in the same words on every platform."""

from bot.serving.desk import Stopping

THANKS = "Thank you!"
NOTED = "Thank you, this helps to find what the documents lack."
TOO_OLD = "That answer is too old to be voted on."
OUTDATED = "That button is from an older Herald. Please ask again."
NO_TEXT = "That message has no text that Herald can read."
NOT_HERE = "Herald does not answer in this channel. Ask it in a direct message, or in another channel."
STOPPING: dict[Stopping, str] = {
    "stopped": "Stopped.",
    "over": "That answer is complete.",
    "not yours": "Only who asked can stop an answer, or a moderator.",
}
