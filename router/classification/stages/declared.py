"""The stage that believes the client: a category named by the model alias or the header.

In: the declared category. Out: that category. Never: a look at the prompt.
"""

from router.categories import CATEGORIES
from router.classification.stages.stage import Weighed, certain
from router.types import Classification, Prompt


class DeclaredStage:
    """Says what the client said."""

    name = "declared"

    def classify(self, prompt: Prompt, declared: str | None) -> Classification | None:
        """Return the declared category; None where none, or none of the table, is declared."""
        del prompt
        if declared is None or declared not in CATEGORIES:
            return None
        return Classification(declared, 1.0, self.name, certain(declared), fact="declared")

    def weigh(self, prompt: Prompt) -> tuple[Weighed, ...]:
        """Return nothing: no word was weighed."""
        del prompt
        return ()
