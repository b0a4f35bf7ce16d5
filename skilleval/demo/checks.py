"""What the demo left, checked: every package, the whole installation, every batch that is over computed again."""

from typing import Any

from skilleval.demo.firms import LEAD, SUPPLIERS
from skilleval.demo.story import TODAY, Story

#: states of a batch from which on its results are settled
_OVER = ("settled", "noticed", "cleared", "certified", "filed", "archived")


def check(story: Story) -> dict[str, Any]:
    """Verify and replay everything; all batches with their states, and how many of them each firm sees."""
    for package in story.packages:
        story.run("filings", "verify", package, on=TODAY)
    story.run("verify", "--all", on=TODAY)
    batches = story.run("batches", "list", on=TODAY)
    replayed = {one["number"]: 0 for one in batches if one["state"] in _OVER}
    for number in replayed:
        replayed[number] = story.run("replay", number, on=TODAY)["counts"]["equal"]
    return {"packages": len(story.packages), "batches": batches, "replayed": replayed, "firms": [LEAD, *SUPPLIERS]}
